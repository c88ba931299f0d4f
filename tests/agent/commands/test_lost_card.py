"""``seal lost-card``: for people without a credential, and for the provider."""

from __future__ import annotations

import pytest

from tests.agent.conftest import ADMINISTRATOR_ID, Rig
from tests.agent.rest_service import problem

OWN, PROVIDER = "/organizations/acme/lost-cards", "/provider/lost-cards"
REPORT = f"lst-{'1' * 32}"
WAITING = {
    "id": REPORT,
    "organization": "acme",
    "organization_name": "Acme, Inc.",
    "administrator": ADMINISTRATOR_ID,
    "name": "Ada Example",
    "reported_at": "2026-11-22T14:05:00Z",
    "confirmed_at": "2026-11-22T15:05:00Z",
}
NOTE = ("--note", "Called 555 0100.")


def test_whoever_lost_the_card_shows_none(rig: Rig) -> None:
    """The settings still name the lost Administrator ID, whose files may be gone: nothing of it is looked at."""
    rig.service.on("POST", OWN, {"told": "If there is one, the contact gets a code."})
    rig.service.on("POST", f"{OWN}/confirmation", {"told": "The provider calls back."})
    for gone in ((), rig.identity, ("--certificate", "/nowhere/ada.pem", "--key", "/nowhere/ada.key"), ("--card", "pkcs11:token=gone")):
        told = rig.seal("lost-card", "report", "Ada Example", *gone)
        assert (told.status, told.out) == (0, "If there is one, the contact gets a code.\n"), told.err
        assert (rig.service.seen[-1].json, rig.service.seen[-1].person) == ({"whose": "Ada Example"}, "")
        told = rig.seal("lost-card", "confirm", "a" * 52, *gone)
        assert (told.status, told.out) == (0, "The provider calls back.\n"), told.err
        assert (rig.service.seen[-1].json, rig.service.seen[-1].person) == ({"code": "a" * 52}, "")


def test_refusals_are_told(rig: Rig) -> None:
    rig.service.on("POST", f"{OWN}/confirmation", problem(404, "lost-card", "This code is unknown here, or older than a day."))
    told = rig.seal("lost-card", "confirm", "a" * 52)
    assert (told.status, "older than a day" in told.err) == (1, True)
    assert rig.seal("lost-card", "report").status == 2
    assert rig.seal("lost-card", "conclude", REPORT, "perhaps", *NOTE, *rig.identity).status == 2
    assert rig.seal("lost-card", "conclude", REPORT, "revoked", *rig.identity).status == 2


def test_the_provider_lists_and_looks(rig: Rig) -> None:
    rig.service.on("GET", PROVIDER, {"items": [WAITING, WAITING | {"id": f"lst-{'2' * 32}", "end": "dismissed"}]})
    told = rig.seal("lost-card", "list", *rig.identity)
    assert told.status == 0, told.err
    lines = [line.split() for line in told.out.splitlines()]
    assert (lines[0][0], lines[1][0], lines[1][-2:], lines[2][-1]) == ("REPORT", REPORT, ["call", "back"], "dismissed")
    rig.service.on("GET", f"{PROVIDER}/{REPORT}", WAITING)
    told = rig.seal("lost-card", "show", REPORT, *rig.identity)
    for words in (REPORT, "Acme, Inc. (acme)", f"Ada Example ({ADMINISTRATOR_ID})", "not yet"):
        assert words in told.out, words
    rig.service.on("GET", PROVIDER, {"items": []})
    assert rig.seal("lost-card", "list", *rig.identity).out == "No lost card was confirmed yet.\n"


@pytest.mark.parametrize(
    ("end", "words"), [("revoked", "2 credentials of Ada Example are revoked."), ("dismissed", "The report is dismissed.")]
)
def test_the_provider_concludes(rig: Rig, end: str, words: str) -> None:
    rig.service.on("GET", f"{PROVIDER}/{REPORT}", WAITING)
    rig.service.on("POST", f"{PROVIDER}/{REPORT}/conclusion", WAITING | {"end": end, "revoked": 2 if end == "revoked" else 0})
    told = rig.seal("lost-card", "conclude", REPORT, end, *NOTE, "--yes", *rig.identity)
    assert told.status == 0, told.err
    assert told.out.splitlines()[-1] == words
    assert rig.service.seen[-1].json == {"end": end, "note": "Called 555 0100."}


def test_nothing_is_revoked_without_a_yes(rig: Rig) -> None:
    rig.service.on("GET", f"{PROVIDER}/{REPORT}", WAITING)
    told = rig.seal("lost-card", "conclude", REPORT, "revoked", *NOTE, *rig.identity, stdin="n\n")
    assert rig.service.asked("POST", f"{PROVIDER}/{REPORT}/conclusion") == []
    assert "Ada Example" in told.out + told.err
