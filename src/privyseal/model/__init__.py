"""What things are and what may happen to them: plain Python, no I/O, no cryptography.

Every other room may import this one; it imports none. Values are frozen; a change of state is a
function that returns the next state or raises an error of :mod:`privyseal.model.errors`.
"""
