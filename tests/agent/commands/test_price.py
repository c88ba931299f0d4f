"""Prices of units with ``seal``: proposed, signed, refused and taken back in the provider's name, as the pages print the lines."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives import serialization

from privyseal_agent.changes import content_of
from privyseal_wire.cms import verify_attached
from tests.agent.conftest import Rig

PLACE = "/provider/changes"
FIRST, WAITING = f"chg-{'1' * 32}", f"chg-{'2' * 32}"


def price(change: str, version: int, cents: int, state: str) -> dict[str, Any]:
    """A change of the price of a standard unit as the service shows it."""
    content = content_of("price", "standard", version - 1, 2, {"tier": "standard", "version": version, "cents": cents, "currency": "EUR"})
    return {
        "id": change,
        "kind": "price",
        "subject": "standard",
        "base": version - 1,
        "state": state,
        "signatures_missing": 1 if state == "open" else 0,
        "created_at": "2026-01-01T00:00:00Z",
        "content": content.decode(),
        "content_sha256": hashlib.sha256(content).hexdigest(),
    }


def ready(rig: Rig) -> None:
    """A provider with a price that holds and another one that waits."""
    items = [price(WAITING, 2, 1250, "open"), price(FIRST, 1, 1000, "applied")]
    rig.service.on("GET", PLACE, {"items": items, "next": "", "signatures_needed": {"price": 2}})
    rig.service.on("GET", f"{PLACE}/{WAITING}", items[0])
    rig.service.on("POST", PLACE, items[0])
    rig.service.on("POST", f"{PLACE}/{WAITING}/answers", {**items[0], "state": "applied", "signatures_missing": 0})


def signed(rig: Rig) -> dict[str, Any]:
    """The statement that was sent last."""
    der = rig.ada.certificate.public_bytes(serialization.Encoding.DER)
    fields: dict[str, Any] = json.loads(
        verify_attached(base64.b64decode(rig.service.seen[-1].json["signature"]), signer_certificate_der=der).content
    )
    return fields


def test_a_price_is_proposed_after_the_one_that_holds(rig: Rig) -> None:
    ready(rig)
    told = rig.seal("price", "propose", "standard", "12.50", "EUR", *rig.identity)
    assert told.status == 0, told.err
    sent = rig.service.seen[-1].json
    proposed = json.loads(sent["content"])
    assert (proposed["kind"], proposed["base"], proposed["quorum"]) == ("price", 1, 2)
    assert proposed["value"] == {"tier": "standard", "version": 2, "cents": 1250, "currency": "EUR"}
    assert (signed(rig)["organization"], signed(rig)["decision"]) == ("provider", "sign")
    assert signed(rig)["content_sha256"] == hashlib.sha256(sent["content"].encode()).hexdigest()


def test_what_is_no_price_is_not_sent(rig: Rig) -> None:
    ready(rig)
    for words in (("standard", "12.505", "EUR"), ("standard", "NaN", "EUR"), ("standard", "1e400000000", "EUR"), ("gold", "1", "EUR")):
        assert rig.seal("price", "propose", *words, *rig.identity).status == 2, words
    assert rig.service.asked("POST", PLACE) == []


def test_a_price_is_signed_refused_and_taken_back(rig: Rig) -> None:
    ready(rig)
    told = rig.seal("price", "sign", WAITING, "--yes", *rig.identity)
    assert told.status == 0, told.err
    assert "A standard unit costs 12.50 EUR" in told.out + told.err
    assert signed(rig)["decision"] == "sign"
    for decision in ("refuse", "withdraw"):
        told = rig.seal("price", decision, WAITING, "--reason", "Too much", *rig.identity)
        assert told.status == 0, told.err
        assert (signed(rig)["decision"], signed(rig)["reason"], signed(rig)["organization"]) == (decision, "Too much", "provider")


def test_prices_are_listed(rig: Rig) -> None:
    ready(rig)
    told = rig.seal("price", "list", *rig.identity)
    assert [line.split()[0] for line in told.out.splitlines()] == ["CHANGE", WAITING, FIRST]
    assert "12.50 EUR" in told.out
