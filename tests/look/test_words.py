"""The language of a page: what the browser likes best among ours, whatever it sends."""

from __future__ import annotations

import pytest

from privyseal.look import words
from privyseal.look.preferences import weights
from tests.rigs.hostile_texts import INJECTIONS

OURS = ("en", "de")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("DE", "de"),
        ("de-AT", "de"),
        ("DE-at,en;q=0.5", "de"),
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("en-GB,en;q=0.9,de;q=0.8", "en"),
        ("en;q=0.8,de;q=0.9", "de"),
        ("en;q=0.8, de; q=0.9", "de"),
        ("en ; Q = 0.8 , de", "de"),
        ("de;q=0", "en"),
        ("de;q=0.000,fr", "en"),
        ("fr,de;q=0.1", "de"),
        ("fr-CH, fr;q=0.9, it;q=0.8, *;q=0.5", "en"),
        ("*", "en"),
        ("de-Latn-DE-1996", "de"),
        ("deutsch", "en"),
        ("d", "en"),
        ("de_DE", "de"),
        ("de;q=nan", "en"),
        ("de;q=inf", "en"),
        ("de;q=-1", "en"),
        ("de;q=1e9", "en"),
        ("de;q=1.0000", "en"),
        ("de;q=\u0661", "en"),
        ("de;level=1", "en"),
        (";q=1,,;,de", "de"),
        ("../../de", "en"),
        ("de/../en", "en"),
        ("x" * 1_000_000 + ",de", "en"),
        ("en;q=0.1," * 100_000, "en"),
    ],
)
def test_the_language_that_the_reader_likes_best(header: str, language: str) -> None:
    assert words.choose_language(header, OURS) == language


@pytest.mark.parametrize("header", INJECTIONS.values(), ids=INJECTIONS.keys())
def test_a_hostile_header_is_english(header: str) -> None:
    assert words.choose_language(header, OURS) == "en"
    assert words.choose_language(f"{header},de", OURS) in {"en", "de"}


def test_weights_are_read_in_order() -> None:
    assert list(weights("a, B;q=0.5, c ; q=0, d;q=0.1234, e;q=1.001, , f;q=")) == [("a", 1.0), ("b", 0.5), ("c", 0.0)]


def test_a_language_is_spoken_until_another_is_chosen() -> None:
    assert words.spoken() == "en"
    words.speak("de")
    try:
        assert words.locale().language == "de"
        assert words.gettext("no such text") == "no such text"
    finally:
        words.speak("en")
    assert words.ngettext("%(num)d list", "%(num)d lists", 1) == "%(num)d list"
    assert words.ngettext("%(num)d list", "%(num)d lists", 2) == "%(num)d lists"
    assert words.mark("a text") == "a text"
