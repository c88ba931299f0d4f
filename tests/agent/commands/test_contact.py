"""``seal contact``: what is sent, and what is told of the answer."""

from __future__ import annotations

import pytest

from tests.agent.conftest import ADMINISTRATOR_ID, Rig
from tests.agent.rest_service import problem

BASE = "/organizations/acme"
CHANGE = f"cch-{'1' * 32}"
WAITING = {
    "id": CHANGE,
    "kind": "corporate",
    "name": "Dana Scully",
    "email": "dana@acme.test",
    "asked": "it@acme.test",
    "proposed_at": "2026-11-22T14:05:00Z",
    "proposed_by": ADMINISTRATOR_ID,
    "by_provider": False,
    "expires_at": "2026-12-02T14:05:00Z",
}
CONTACTS = {
    "contacts": [{"kind": "corporate", "email": "it@acme.test", "since": "2026-01-02T00:00:00Z"}],
    "changes": [WAITING, WAITING | {"id": f"cch-{'2' * 32}", "kind": "billing", "end": "withdrawn", "ended_at": "2026-11-01T00:00:00Z"}],
}


@pytest.mark.parametrize(("way", "place"), [((), BASE), (("--provider",), f"/provider{BASE}")], ids=["own", "provider"])
def test_contacts_are_listed(rig: Rig, way: tuple[str, ...], place: str) -> None:
    rig.service.on("GET", f"{place}/contacts", CONTACTS)
    told = rig.seal("contact", "list", *way, *rig.identity)
    assert told.status == 0, told.err
    lines = [line.split() for line in told.out.splitlines() if line]
    assert lines[0] == ["CONTACT", "NAME", "ADDRESS"]
    assert lines[1] == ["corporate", "-", "it@acme.test"]
    assert lines[3][:5] == [CHANGE, "corporate", "dana@acme.test", "open", "until"]
    assert lines[4] == [f"cch-{'2' * 32}", "billing", "dana@acme.test", "withdrawn"]
    assert rig.seal("contact", "list", "--json", *way, *rig.identity).json == CONTACTS


def test_where_nothing_is_known(rig: Rig) -> None:
    rig.service.on("GET", f"{BASE}/contacts", {"contacts": [], "changes": []})
    told = rig.seal("contact", "list", *rig.identity)
    assert told.out == "There are no contacts.\n\nNo contact was ever changed.\n"


@pytest.mark.parametrize(("way", "place"), [((), BASE), (("--provider",), f"/provider{BASE}")], ids=["own", "provider"])
def test_one_is_proposed_and_withdrawn(rig: Rig, way: tuple[str, ...], place: str) -> None:
    rig.service.on("POST", f"{place}/contact-changes", WAITING)
    told = rig.seal("contact", "change", "corporate", "Dana Scully", "dana@acme.test", *way, *rig.identity)
    assert told.status == 0, told.err
    assert rig.service.seen[-1].json == {"kind": "corporate", "name": "Dana Scully", "email": "dana@acme.test"}
    for words in (CHANGE, "Dana Scully, dana@acme.test", "it@acme.test", "not yet", "open"):
        assert words in told.out
    rig.service.on("POST", f"{place}/contact-changes/{CHANGE}/withdrawal", WAITING | {"end": "withdrawn"})
    told = rig.seal("contact", "withdraw", CHANGE, *way, *rig.identity)
    assert told.status == 0, told.err
    assert "withdrawn" in told.out


def test_what_is_no_contact_is_not_sent(rig: Rig) -> None:
    assert rig.seal("contact", "change", "chief", "Dana", "dana@acme.test", *rig.identity).status == 2
    assert rig.seal("contact", "answer", CHANGE, "a" * 52, "perhaps").status == 2
    assert rig.service.seen == []


@pytest.mark.parametrize(
    ("answered", "words"),
    [
        ({}, "Your yes is noted. The other side has not answered yet.\n"),
        ({"end": "applied"}, "The contact is changed.\n"),
        ({"end": "refused"}, "The change has ended. Nothing was changed.\n"),
    ],
    ids=["one yes", "both", "no"],
)
def test_an_address_answers_without_a_credential(rig: Rig, answered: dict[str, str], words: str) -> None:
    rig.service.on("POST", f"{BASE}/contact-changes/{CHANGE}/answer", answered)
    told = rig.seal("contact", "answer", CHANGE, "a" * 52, "no" if answered.get("end") == "refused" else "yes")
    assert (told.status, told.out) == (0, words), told.err
    assert rig.service.seen[-1].json["code"] == "a" * 52
    assert rig.service.seen[-1].person == ""


def test_a_refusal_is_told(rig: Rig) -> None:
    rig.service.on("POST", f"{BASE}/contact-changes/{CHANGE}/answer", problem(404, "contact-code", "This code fits no open change."))
    told = rig.seal("contact", "answer", CHANGE, "a" * 52, "yes")
    assert told.status == 1
    assert "This code fits no open change." in told.err
    told = rig.seal("contact", "answer", "../../administrators", "a" * 52, "yes")
    assert told.status == 1
    assert [seen.path for seen in rig.service.seen if "administrators" in seen.path and "%2F" not in seen.path] == []


def test_the_provider_records_a_call(rig: Rig) -> None:
    path = f"/provider{BASE}/contact-changes/{CHANGE}/call"
    rig.service.on("POST", path, WAITING | {"called_at": "2026-11-26T09:00:00Z", "called_by": ADMINISTRATOR_ID})
    told = rig.seal("contact", "call", CHANGE, "--telephone", "+1 859 555 0100", "--note", "Reached Ann.", *rig.identity)
    assert told.status == 0, told.err
    assert rig.service.seen[-1].json == {"telephone": "+1 859 555 0100", "note": "Reached Ann."}
    assert "Old agrees" in told.out
    assert "26" in told.out.partition("Old agrees")[2].splitlines()[0]
