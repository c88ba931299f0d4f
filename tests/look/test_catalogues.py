"""The German catalogue holds every text of the pages, and nothing else."""

from __future__ import annotations

import pytest

from privyseal.look import words
from tests.look.catalogues import faults, languages, texts


@pytest.mark.parametrize("language", languages())
def test_a_catalogue_is_complete(language: str) -> None:
    assert faults(language) == []


def test_the_texts_are_found_in_templates_and_in_code() -> None:
    found = {message.id for message in texts()}
    assert {"Verify a certificate", "It was not revoked.", "Sign out"} <= found


def test_a_reader_gets_his_language() -> None:
    words.speak(words.choose_language("de-AT,de;q=0.9,en;q=0.5"))
    try:
        assert words.gettext("Sign out") == "Abmelden"
    finally:
        words.speak(words.SOURCE_LANGUAGE)
    assert words.gettext("Sign out") == "Sign out"
