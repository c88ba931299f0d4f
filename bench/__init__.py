"""The figures: one module per figure, named ``eN_what.py``, each measured beside a reference in the same run.

A module has one public function ``run() -> Iterator[Figure]`` (see ``figure.py``). ``scripts/bench`` finds the modules by
name. A ratio to a reference of the same minute survives a busy or slow machine; a bare number does not.
"""
