"""What the rooms below say in English reaches a reader in his language: every sentence, with its values, as text."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from markupsafe import escape

from privyseal.engine.names import normalize_dns_name
from privyseal.look import words
from privyseal.look.forms import Form
from privyseal.look.rendering import Renderer
from privyseal.look.sentences import SENTENCE, told, word
from privyseal.model.administrator import Permission, Role
from privyseal.model.errors import Refused
from privyseal.model.organization import OrganizationState
from privyseal.model.request import RequestState
from privyseal.model.unit import UnitTier
from tests.look.catalogues import catalogue, languages
from tests.look.sentences import UnreadableSentenceError, module, modules, sentences, sentences_of
from tests.rigs.hostile_texts import INJECTIONS

PLACE = re.compile(r"\{(\d+)(?::([a-z]+))?\}")
SAMPLES = {"": "x{0}y", "word": "xyzzy", "number": "12,345", "day": "3 November 2026", "sentence": "Xyzzy.", "sentences": "xyzzy"}


@pytest.fixture
def german() -> Iterator[None]:
    """A reader who wants German."""
    words.speak("de")
    yield
    words.speak(words.SOURCE_LANGUAGE)


def filled(message: str, values: dict[str, str]) -> str:
    return PLACE.sub(lambda place: values[place[2] or ""], message)


def test_hundreds_of_sentences_are_read_out_of_the_code() -> None:
    found = sentences()
    assert len(found) > 400
    assert "No role of {0} includes the right to {1:word}." in found
    assert "{0} was validated on {1:day} by a TXT record of the domain; good until {2:day}." in found
    assert len(modules()) > 150


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(
    ("english", "said"),
    [
        ("127.0.0.1 did not answer in time", "127.0.0.1 hat nicht rechtzeitig geantwortet"),
        ("127.0.0.1 hung up", "127.0.0.1 hat die Verbindung beendet"),
        ("127.0.0.1 could not be reached (Connection refused)", "127.0.0.1 war nicht erreichbar (Connection refused)"),
        ("127.0.0.1 answered SERVFAIL", "127.0.0.1 hat mit SERVFAIL geantwortet"),
    ],
)
def test_troubles_of_the_dns_are_told_within_the_sentence_that_names_them(english: str, said: str) -> None:
    shown = told(
        f"Looking up the TXT record of _validate.example.test failed: resolver {english}; {english}. Check that the name servers of "
        "the domain answer and that its DNSSEC signatures are valid, then check again."
    )
    assert shown.startswith(f"Die Abfrage des TXT-Eintrags von _validate.example.test ist fehlgeschlagen: Resolver {said}; {said}. ")
    assert "name servers" not in shown


@pytest.mark.usefixtures("german")
def test_the_names_of_scripts_are_told_within_the_sentence_that_names_them() -> None:
    with pytest.raises(Refused) as refused:
        normalize_dns_name("p\u0430ypal.example.test")
    shown = told(refused.value.sentence)
    assert "Buchstaben der Schrift Kyrillisch, die wie solche der Schrift Lateinisch aussehen" in shown
    assert "Schreiben Sie ihn nur mit Buchstaben der Schrift Lateinisch." in shown


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("language", languages())
def test_every_sentence_that_may_be_raised_is_told(language: str) -> None:
    """By construction: each sentence of the source, with values in it, becomes its own translation and no other's."""
    known = catalogue(language)
    shown = SAMPLES | {"number": "12.345", "day": "3. November 2026"}
    for message in sentences():
        translated = known.get(message, SENTENCE)
        assert translated is not None
        assert told(filled(message, SAMPLES)) == filled(str(translated.string), shown), message


def test_english_asks_no_catalogue() -> None:
    for message in sentences():
        raised = filled(message, SAMPLES)
        assert told(raised) is raised
    assert word("security-administrator") == "security administrator"


@pytest.mark.usefixtures("german")
def test_a_sentence_nobody_knows_stays() -> None:
    for text in ("", "Nobody knows this.", "The form has more than", "\0", "{0}", " " * 9, "Ihre Rolle passt nicht."):
        assert told(text) == text


@pytest.mark.usefixtures("german")
def test_words_of_ours_are_told_and_words_of_others_are_not() -> None:
    assert told("None of your roles includes the right to manage tokens.") == "Keine Ihrer Rollen enthält das Recht: Token verwalten."
    assert told("The contact name is missing.") == "Das Feld „Name des Kontakts“ ist leer. Füllen Sie es aus."
    assert told("The request was approved; it is too late to reject it.") == "Der Antrag wurde genehmigt; „ablehnen“ geht nicht mehr."
    assert told("The policy standard cannot be used: it needs 1 to 5 approvals; its profile does not exist.") == (
        "Die Richtlinie standard ist so nicht verwendbar: sie braucht 1 bis 5 Genehmigungen; ihr Profil gibt es nicht."
    )
    for kind in (Role, Permission, RequestState, OrganizationState, UnitTier):
        for member in kind:
            assert word(member.value), member
    assert word(Role.AUDITOR.value) == "Auditor"
    assert word(RequestState.WITHDRAWN.value) == "zurückgezogen"
    assert word("Xyzzy") == "Xyzzy"


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("hostile", INJECTIONS.values(), ids=INJECTIONS.keys())
def test_what_somebody_typed_stays_text(hostile: str) -> None:
    """Whatever stands in a value: it is in the German sentence as it was, and is escaped where the sentence is shown."""
    for message in ("{0} has no policy {1}.", 'The name "{0}" is an IP address. Ask for a host name.', "{0} is no host name."):
        sentence = filled(message, {"": hostile})
        assert hostile in told(sentence)
    form = Form()
    form.refuse("name", f"{hostile} is no host name.")
    assert form.problem("name") == f"{hostile} ist kein Hostname."
    shown = Renderer().page("kinds/refusal.html", page_values(f"{hostile} is no host name."))
    assert f"{escape(hostile)} ist kein Hostname." in shown


def page_values(sentence: str) -> dict[str, object]:
    from privyseal.look.frame import Frame  # noqa: PLC0415 - for this page alone

    frame = Frame(name="Privyseal", purpose="Certificates", home="/")
    return {"site": frame, "form": Form(), "now": None, "visit": None, "heading": "-", "sentence": sentence, "advice": "", "way_on": None}


@pytest.mark.usefixtures("german")
def test_a_value_that_looks_like_a_sentence_moves_no_other() -> None:
    trick = 'x" is an IP address. Ask for a host name. The name "y'
    assert told(f'The name "{trick}" has no domain. Ask for the full name, for example www.example.com.') == (
        f"Der Name „{trick}“ hat keine Domäne. Beantragen Sie den vollständigen Namen, zum Beispiel www.example.com."
    )


@pytest.mark.usefixtures("german")
def test_a_long_value_costs_no_more_than_its_length() -> None:
    began = time.process_time()
    told('The name "' + '" has " is "' * 20_000)
    assert time.process_time() - began < 1


UNREADABLE = """
from privyseal.model.errors import Refused

def f(name, table):
    {body}
"""


@pytest.mark.parametrize(
    "body",
    [
        'raise Refused("a", " ".join(["It", name]))',
        'raise Refused("a", table[name])',
        'sentence = "It is"; sentence += name; raise Refused("a", sentence)',
        'raise Refused("a", name)',
        'raise Refused("a", "It is %s." % name)',
        'raise Refused("a", str(name))',
    ],
)
def test_a_sentence_that_cannot_be_read_is_found(body: str, tmp_path: Path) -> None:
    file = tmp_path / "rule.py"
    file.write_text(UNREADABLE.format(body=body), encoding="utf-8")
    with pytest.raises(UnreadableSentenceError):
        sentences_of(module(file))


def test_what_is_put_together_is_read(tmp_path: Path) -> None:
    file = tmp_path / "rule.py"
    body = 'more = f" and {len(table)} more" if table else ""; raise Refused("a", f"It is {name}{more}.")'
    file.write_text(UNREADABLE.format(body=body), encoding="utf-8")
    assert sentences_of(module(file)) == {"It is {0}.", "It is {0} and {1} more."}
