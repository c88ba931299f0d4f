"""CAs with ``seal``: paused, let go on, signed, refused and taken back in the provider's name, as the pages print the lines."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from privyseal_agent.changes import content_of
from privyseal_wire.cms import verify_attached
from tests.agent.conftest import Rig

CHANGES, AUTHORITIES = "/provider/changes", "/provider/authorities"
WAITING, PRICE = f"chg-{'1' * 32}", f"chg-{'2' * 32}"
REASON = "The HSM is exchanged"


def change(change_id: str, kind: str, subject: str, base: int, value: dict[str, Any]) -> dict[str, Any]:
    """A change that waits, as the service shows it."""
    content = content_of(kind, subject, base, 2, value)
    return {
        "id": change_id,
        "kind": kind,
        "subject": subject,
        "base": base,
        "state": "open",
        "signatures_missing": 1,
        "created_at": "2026-01-01T00:00:00Z",
        "content": content.decode(),
        "content_sha256": hashlib.sha256(content).hexdigest(),
    }


def ready(rig: Rig) -> None:
    """A provider whose issuing CA was paused once and goes on, with another pause and a price that wait."""
    pause = change(WAITING, "authority", "issuing", 2, {"authority": "issuing", "version": 3, "issues": False, "reason": REASON})
    price = change(PRICE, "price", "standard", 0, {"tier": "standard", "version": 1, "cents": 100, "currency": "EUR"})
    issuing = {"slug": "issuing", "pausable": True, "issues": True, "version": 2, "reason": "It is there", "since": "2026-01-01T00:00:00Z"}
    trials = {"slug": "test-issuing", "pausable": True, "issues": True, "version": 0, "reason": ""}
    root = {"slug": "root", "pausable": False, "issues": True, "version": 0, "reason": ""}
    rig.service.on("GET", AUTHORITIES, {"items": [issuing, root, trials]})
    rig.service.on("GET", CHANGES, {"items": [pause, price], "next": "", "signatures_needed": {"price": 2, "authority": 2}})
    rig.service.on("POST", CHANGES, pause)
    for item in (pause, price):
        rig.service.on("GET", f"{CHANGES}/{item['id']}", item)
        rig.service.on("POST", f"{CHANGES}/{item['id']}/answers", {**item, "state": "applied", "signatures_missing": 0})


def signed(rig: Rig) -> dict[str, Any]:
    """The statement that was sent last."""
    der = rig.ada.certificate.public_bytes(serialization.Encoding.DER)
    fields: dict[str, Any] = json.loads(
        verify_attached(base64.b64decode(rig.service.seen[-1].json["signature"]), signer_certificate_der=der).content
    )
    return fields


@pytest.mark.parametrize(("command", "issues"), [("pause", False), ("resume", True)])
def test_it_is_proposed_after_what_holds(rig: Rig, command: str, issues: bool) -> None:  # noqa: FBT001 - a parameter of the test
    ready(rig)
    told = rig.seal("authority", command, "issuing", "--reason", f" {REASON} ", *rig.identity)
    assert told.status == 0, told.err
    sent = rig.service.seen[-1].json
    proposed = json.loads(sent["content"])
    assert (proposed["kind"], proposed["subject"], proposed["base"], proposed["quorum"]) == ("authority", "issuing", 2, 2)
    assert proposed["value"] == {"authority": "issuing", "version": 3, "issues": issues, "reason": REASON}
    assert (signed(rig)["organization"], signed(rig)["decision"], signed(rig)["kind"]) == ("provider", "sign", "authority")
    assert signed(rig)["content_sha256"] == hashlib.sha256(sent["content"].encode()).hexdigest()


def test_a_ca_that_is_not_there_is_not_paused(rig: Rig) -> None:
    ready(rig)
    told = rig.seal("authority", "pause", "nobody", "--reason", REASON, *rig.identity)
    assert (told.status, rig.service.asked("POST", CHANGES)) == (1, [])
    assert "seal authority list" in told.err
    assert rig.seal("authority", "pause", "issuing", *rig.identity).status == 2


def test_it_is_signed_refused_and_taken_back(rig: Rig) -> None:
    ready(rig)
    told = rig.seal("authority", "sign", WAITING, "--yes", *rig.identity)
    assert told.status == 0, told.err
    assert f"The CA issuing is paused then. Reason: {REASON}" in told.out + told.err
    assert signed(rig)["decision"] == "sign"
    for decision in ("refuse", "withdraw"):
        told = rig.seal("authority", decision, WAITING, "--reason", "No need", *rig.identity)
        assert told.status == 0, told.err
        assert (signed(rig)["decision"], signed(rig)["reason"], signed(rig)["organization"]) == (decision, "No need", "provider")


def test_a_change_of_something_else_is_not_signed_here(rig: Rig) -> None:
    ready(rig)
    for words in (("sign", PRICE, "--yes"), ("refuse", PRICE, "--reason", "No"), ("withdraw", PRICE, "--reason", "No")):
        told = rig.seal("authority", *words, *rig.identity)
        assert told.status == 1
        assert "another kind: price" in told.err
    assert not rig.service.asked("POST", f"{CHANGES}/{PRICE}/answers")


def test_the_cas_are_listed_with_what_waits(rig: Rig) -> None:
    ready(rig)
    told = rig.seal("authority", "list", *rig.identity)
    assert [line.split()[0] for line in told.out.splitlines()] == ["CA", "issuing", "root", "test-issuing", WAITING]
    assert "issues since 2026-01-01T00:00:00Z" in told.out
