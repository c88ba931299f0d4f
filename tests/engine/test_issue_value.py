"""The issue-value grammar of RFC 8659 4.2, as CAA properties and persistent validation records carry it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privyseal.engine.issue_value import MAXIMUM_LENGTH, NOBODY, IssueValue, read_issue_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ca.test", IssueValue("ca.test")),
        ("  CA.Test ; ", IssueValue("ca.test")),
        (";", NOBODY),
        ("", NOBODY),
        ("   ", NOBODY),
        ("ca.test;accounturi=https://a.test/o/acme", IssueValue("ca.test", (("accounturi", "https://a.test/o/acme"),))),
        ("ca.test ; AccountURI = x ; policy=wildcard", IssueValue("ca.test", (("accounturi", "x"), ("policy", "wildcard")))),
        ("ca.test; a=b=c", IssueValue("ca.test", (("a", "b=c"),))),
        ("ca.test; a=", IssueValue("ca.test", (("a", ""),))),
        ("; a=b", IssueValue("", (("a", "b"),))),
    ],
)
def test_the_grammar(text: str, value: IssueValue) -> None:
    assert read_issue_value(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "ca.test;;a=b",
        "ca.test;;",
        "ca test",
        "ca.test.",
        "-ca.test",
        "ca_.test",
        "ca..test",
        "ca.test; a",
        "ca.test; a b=c",
        "ca.test; a=b c",
        "ca.test; a=\u00e4",
        "ca.test; -a=b",
        "ca.test\x00",
        "c\u0430.test",
        "ca.test; a=" + "b" * MAXIMUM_LENGTH,
    ],
)
def test_what_is_no_value_names_nobody(text: str) -> None:
    assert read_issue_value(text) == NOBODY


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    value = read_issue_value(text)
    assert value.issuer == value.issuer.lower()
    if value.issuer:
        assert text.strip(" \t").lower().startswith(value.issuer)


_TOKENS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=10)
_VALUES = st.text([chr(code) for code in range(0x21, 0x7F) if chr(code) != ";"], max_size=20)


@given(_TOKENS, st.lists(st.tuples(_TOKENS, _VALUES), max_size=5))
def test_what_is_written_by_the_grammar_is_read_back(issuer: str, parameters: list[tuple[str, str]]) -> None:
    text = "; ".join([issuer, *(f"{tag}={value}" for tag, value in parameters)])
    assert read_issue_value(text) == IssueValue(issuer, tuple(parameters))
