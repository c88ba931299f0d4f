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


def test_a_removal_is_proposed_under_a_signature(rig: Rig) -> None:
    ready(rig)
    told = rig.seal("administrator", "remove", CY, "--yes", *rig.identity)
    assert told.status == 0, told.err
    assert "waits: 1 more person has to sign it." in told.out
    content = json.loads(rig.service.seen[-1].json["content"])
    assert (content["kind"], content["base"], content["quorum"]) == ("role", 3, 2)
    assert content["value"] == {"administrator": CY, "decision": "remove"}


def test_who_counts_and_cannot_sign_is_told(rig: Rig) -> None:
    ready(rig)
    waiting = {"id": f"chg-{'1' * 32}", "kind": "role", "subject": CY, "state": "open", "signatures_missing": 1}
    rig.service.on("POST", f"{BASE}/changes", waiting | {"cannot_sign": [{"administrator": CY, "name": "Dana Scully", "why": "revoked"}]})
    told = rig.seal("administrator", "remove", CY, "--yes", *rig.identity)
    assert "Dana Scully cannot sign now, because the credential was revoked, and counts nevertheless." in told.out
    assert "Renew or replace that credential, or remove the person" in told.out


def test_every_credential_is_revoked_in_one_step(rig: Rig) -> None:
    rig.service.on("POST", f"{BASE}/administrators/{CY}/credentials/revocation", {"name": "Cy"})
    told = rig.seal("administrator", "revoke-all", CY, "--reason", "keyCompromise", "--yes", *rig.identity)
    assert told.status == 0, told.err
    assert told.out == "No credential of Cy counts any more.\n"
    assert rig.service.seen[-1].json == {"reason": "keyCompromise"}


def test_somebody_of_the_provider_is_removed_without_an_organization(rig: Rig) -> None:
    del rig.environment["SEAL_ORGANIZATION"]
    change, place = f"chg-{'1' * 32}", "/provider/changes"
    rig.service.on("GET", f"/provider/administrators/{CY}/roles", {"items": [{"role": "provider-vetter", "given_at": "x"}]})
    rig.service.on("GET", place, {"items": [], "next": "", "signatures_needed": {"role": 2, "price": 1}})
    waiting = {"id": change, "kind": "role", "subject": CY, "state": "open", "signatures_missing": 1, "base": 1}
    rig.service.on("POST", place, waiting)
    told = rig.seal("administrator", "remove", CY, "--yes", *rig.identity)
    assert told.status == 0, told.err
    sent = rig.service.seen[-1].json
    der = rig.ada.certificate.public_bytes(serialization.Encoding.DER)
    signed = json.loads(verify_attached(base64.b64decode(sent["signature"]), signer_certificate_der=der).content)
    assert (signed["organization"], signed["decision"], json.loads(sent["content"])["value"]["decision"]) == ("provider", "sign", "remove")
    # Somebody else of the provider looks at it and signs.
    shown = waiting | {
        "content": sent["content"],
        "content_sha256": hashlib.sha256(sent["content"].encode()).hexdigest(),
        "proposer_name": "Ada Example",
        "expires_at": "2026-01-01T00:00:00Z",
        "answers": [],
    }
    rig.service.on("GET", f"{place}/{change}", shown)
    rig.service.on("POST", f"{place}/{change}/answers", shown | {"state": "applied", "signatures_missing": 0})
    told = rig.seal("change", "sign", change, "--yes", *rig.identity)
    assert told.status == 0, told.err
    assert told.out.rstrip().endswith("holds from now on.")
    signed = json.loads(verify_attached(base64.b64decode(rig.service.seen[-1].json["signature"]), signer_certificate_der=der).content)
    assert (signed["organization"], signed["change"]) == ("provider", change)
