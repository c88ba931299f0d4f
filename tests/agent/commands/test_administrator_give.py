"""Giving and taking roles with ``seal``: the content is made and signed here."""

from __future__ import annotations

import base64
import hashlib
import json

from cryptography.hazmat.primitives import serialization

from privyseal_wire.cms import verify_attached
from tests.agent.conftest import ADMINISTRATOR_ID, Rig

BASE = "/organizations/acme"
CY = f"adm-{'5' * 32}"


def ready(rig: Rig) -> None:
    """A service that knows of two roles of Cy, of which one was taken, and asks for two signatures."""
    items = [{"role": "read-only", "given_at": "x"}, {"role": "auditor", "given_at": "x", "ended_at": "2026-01-01T00:00:00Z"}]
    rig.service.on("GET", f"{BASE}/administrators/{CY}/roles", {"items": items})
    rig.service.on("GET", f"{BASE}/changes", {"items": [], "next": "", "signatures_needed": {"role": 2, "policy": 1}})
    waiting = {"id": f"chg-{'1' * 32}", "kind": "role", "subject": CY, "state": "open", "signatures_missing": 1}
    rig.service.on("POST", f"{BASE}/changes", waiting)


def test_a_role_is_proposed_under_a_signature(rig: Rig) -> None:
    ready(rig)
    told = rig.seal("administrator", "give", CY, "auditor", *rig.identity)
    assert told.status == 0, told.err
    assert told.out == f"The change chg-{'1' * 32} of role {CY} waits: 1 more person has to sign it.\n"
    sent = rig.service.seen[-1].json
    assert json.loads(sent["content"]) == {
        "type": "privyseal.change-content.v1",
        "kind": "role",
        "subject": CY,
        "base": 3,
        "quorum": 2,
        "value": {"administrator": CY, "role": "auditor", "department": "", "decision": "give"},
    }
    der = rig.ada.certificate.public_bytes(serialization.Encoding.DER)
    signed = json.loads(verify_attached(base64.b64decode(sent["signature"]), signer_certificate_der=der).content)
    assert (signed["signer"], signed["decision"], signed["kind"]) == (ADMINISTRATOR_ID, "sign", "role")
    assert signed["content_sha256"] == hashlib.sha256(sent["content"].encode()).hexdigest()


def test_a_role_is_taken_in_a_department(rig: Rig) -> None:
    ready(rig)
    place = f"dep-{'7' * 32}"
    told = rig.seal("administrator", "take", CY, "department-administrator", "--department", place, *rig.identity)
    assert told.status == 0, told.err
    value = json.loads(rig.service.seen[-1].json["content"])["value"]
    assert value == {"administrator": CY, "role": "department-administrator", "department": place, "decision": "take"}
    assert rig.seal("administrator", "give", CY, "provider-administrator", *rig.identity).status == 2
