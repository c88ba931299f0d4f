"""Generated reference pages: each module here has one public function ``render() -> str`` and owns one page.

``error_kinds.py`` makes ``docs/reference/error-kinds.md``. The pages are committed, so that they can be read and reviewed
without a build; ``scripts/docs`` and tests/test_docs.py refuse a page that differs from what the code says today, and
``scripts/docs --write`` writes them anew.
"""
