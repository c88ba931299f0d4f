"""Aligned texts."""

from __future__ import annotations

from privyseal_agent import words


def test_facts_are_aligned_and_empty_ones_left_out() -> None:
    rows = [("Name", "www.acme.test"), ("Reason", ""), ("Names", "a.test\nb.test")]
    assert words.facts(rows) == "Name   www.acme.test\nNames  a.test\n       b.test"


def test_tables() -> None:
    assert (
        words.table(("A", "LONG"), [("long cell", "x"), ("y", "two\nlines")], empty="-")
        == "A          LONG\nlong cell  x\ny          two lines"
    )
    assert words.table(("A",), [], empty="There is nothing.") == "There is nothing."


def test_counts_times_names_and_subjects() -> None:
    assert [words.count(number, "entry") for number in (0, 1, 2000)] == ["0 entries", "1 entry", "2,000 entries"]
    assert words.moment("2026-11-22T01:02:03Z") == "2026-11-22 01:02 UTC"
    assert words.moment("soon") == "soon"
    assert words.bare_names(["dns:www.acme.test", "email:a@b.test"]) == "www.acme.test, a@b.test"
    assert words.subject_text([("2.5.4.6", "US"), ("1.2.3", "x")]) == "C=US, 1.2.3=x"
