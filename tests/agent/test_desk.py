"""What reaches the terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from privyseal_agent.desk import printable


@given(st.text())
def test_nothing_steers_the_terminal(text: str) -> None:
    shown = printable(text)
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert shown.count("\n") == text.count("\n")


def test_ordinary_texts_stay() -> None:
    assert printable("Zürich, 北京\nline") == "Zürich, 北京\nline"
    assert printable("a\tb\r\u202e\x9b") == "a\\tb\\r\\u202e\\x9b"
