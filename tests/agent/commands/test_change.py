"""``seal change``: what waits, what would differ, and what is signed about it; never about what the service does not show."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from privyseal_agent.changes import content_of
from privyseal_wire.cms import verify_attached
from tests.agent.conftest import ADMINISTRATOR_ID, Rig
from tests.agent.rest_service import problem

BASE = "/organizations/acme"
CHANGES = f"{BASE}/changes"
CHANGE = f"chg-{'1' * 32}"
OLD = {"name": "tls-server", "version": 1, "lifetimes_days": [90, 365], "approvals": 1, "fields": []}
NEW = OLD | {"version": 2, "lifetimes_days": [30], "approvals": 2}


def change(kind: str = "policy", subject: str = "tls-server", value: dict[str, Any] | None = None) -> dict[str, Any]:
    """A change as the service shows it."""
    content = content_of(kind, subject, 1, 2, value or NEW)
    return {
        "id": CHANGE,
        "kind": kind,
        "subject": subject,
        "base": 1,
        "state": "open",
        "signatures_missing": 1,
        "proposer": f"adm-{'5' * 32}",
        "proposer_name": "Cy Colleague",
        "created_at": "2026-11-22T14:05:00Z",
        "expires_at": "2026-11-29T14:00:00Z",
        "content": content.decode(),
        "content_sha256": hashlib.sha256(content).hexdigest(),
        "answers": [{"name": "Cy Colleague", "decision": "sign", "at": "2026-11-22T14:05:00Z"}],
    }


def ready(rig: Rig, kind: str = "policy", subject: str = "tls-server", value: dict[str, Any] | None = None) -> dict[str, Any]:
    """An organization in which a change waits for one more signature."""
    shown = change(kind, subject, value)
    rig.service.on("GET", CHANGES, {"items": [shown], "next": "", "signatures_needed": {"policy": 2}})
    rig.service.on("GET", f"{CHANGES}/{CHANGE}", shown)
    rig.service.on("GET", f"{BASE}/policies", {"items": [{"name": "tls-server", "meaning": OLD}, {"name": "other", "meaning": {}}]})
    rig.service.on("POST", f"{CHANGES}/{CHANGE}/answers", shown | {"state": "applied", "signatures_missing": 0})
    return shown


def signed(rig: Rig) -> dict[str, Any]:
    """What was signed last, verified as the service does."""
    der = rig.ada.certificate.public_bytes(serialization.Encoding.DER)
    cms = base64.b64decode(rig.service.seen[-1].json["signature"])
    fields: dict[str, Any] = json.loads(verify_attached(cms, signer_certificate_der=der).content)
    return fields


def test_changes_are_listed(rig: Rig) -> None:
    ready(rig)
    told = rig.seal("change", "list", *rig.identity)
    assert told.status == 0, told.err
    assert [line.split() for line in told.out.splitlines()] == [
        ["CHANGE", "KIND", "OF", "STATE", "MISSING"],
        [CHANGE, "policy", "tls-server", "open", "1"],
    ]
    rig.service.on("GET", CHANGES, {"items": [], "next": ""})
    assert rig.seal("change", "list", *rig.identity).out == "No change was proposed yet.\n"


def test_a_change_is_shown_with_what_would_differ(rig: Rig) -> None:
    shown = ready(rig)
    told = rig.seal("change", "show", CHANGE, *rig.identity)
    assert told.status == 0, told.err
    for words in (
        CHANGE,
        "policy tls-server, made of version 1",
        "Cy Colleague",
        shown["content_sha256"],
        "What would be different:",
        "  Approvals: 1 -> 2",
        "  Lifetimes days: 90, 365 -> 30",
    ):
        assert words in told.out, words
    assert "Fields" not in told.out, "what stays is not told"
    assert rig.seal("change", "show", CHANGE, "--json", *rig.identity).json == shown
    role = {"administrator": ADMINISTRATOR_ID, "role": "auditor", "department": "", "decision": "give"}
    ready(rig, kind="role", subject=ADMINISTRATOR_ID, value=role)
    told = rig.seal("change", "show", CHANGE, *rig.identity)
    assert "  Role: auditor" in told.out.splitlines()


def test_a_change_is_signed_after_it_was_shown(rig: Rig) -> None:
    shown = ready(rig)
    told = rig.seal("change", "sign", CHANGE, "--yes", *rig.identity)
    assert told.status == 0, told.err
    assert "  Approvals: 1 -> 2" in told.out + told.err
    assert told.out.splitlines()[-1] == f"The change {CHANGE} of policy tls-server holds from now on."
    statement = signed(rig)
    assert statement.pop("expires") > (rig.now + timedelta(days=6)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert statement == {
        "type": "privyseal.change.v1",
        "service": "pki.acme.test",
        "organization": "acme",
        "change": CHANGE,
        "kind": "policy",
        "content_sha256": shown["content_sha256"],
        "signer": ADMINISTRATOR_ID,
        "decision": "sign",
        "reason": "",
    }


@pytest.mark.parametrize(("missing", "people"), [(1, "1 more person has"), (3, "3 more people have")])
def test_what_is_missing_is_told(rig: Rig, missing: int, people: str) -> None:
    shown = ready(rig)
    rig.service.on("POST", f"{CHANGES}/{CHANGE}/answers", shown | {"signatures_missing": missing})
    told = rig.seal("change", "sign", CHANGE, "--yes", *rig.identity)
    assert told.out.splitlines()[-1] == f"The change {CHANGE} of policy tls-server waits: {people} to sign it."


def test_nothing_is_signed_without_a_yes(rig: Rig) -> None:
    ready(rig)
    told = rig.seal("change", "sign", CHANGE, *rig.identity, secrets=("",), stdin="no\n")
    assert "Nothing was signed." in told.out + told.err
    told = rig.seal("change", "sign", CHANGE, *rig.identity)
    assert told.status != 0 or "Nothing was signed." in told.out + told.err
    assert rig.service.asked("POST", f"{CHANGES}/{CHANGE}/answers") == []


@pytest.mark.parametrize(("decision", "state"), [("refuse", "refused"), ("withdraw", "withdrawn")])
def test_refusing_and_withdrawing_are_signed_with_the_reason(rig: Rig, decision: str, state: str) -> None:
    shown = ready(rig)
    rig.service.on("POST", f"{CHANGES}/{CHANGE}/answers", shown | {"state": state})
    told = rig.seal("change", decision, CHANGE, "--reason", "Too short for our printers", *rig.identity)
    assert told.status == 0, told.err
    assert told.out == f"The change {CHANGE} of policy tls-server is {state}.\n"
    statement = signed(rig)
    assert (statement["decision"], statement["reason"], statement["change"]) == (decision, "Too short for our printers", CHANGE)
    assert rig.seal("change", decision, CHANGE, *rig.identity).status == 2, "the reason is not left out"


def test_what_the_service_shows_wrongly_is_not_signed(rig: Rig) -> None:
    """Another content under the digest, another subject than the content has, a content that is none, one that is written otherwise."""
    other = content_of("policy", "other", 1, 2, NEW).decode()
    for wrong in (
        {"content": change()["content"].replace("30", "31")},
        {"content": other, "content_sha256": hashlib.sha256(other.encode()).hexdigest()},
        {"subject": "another"},
        {"kind": "role"},
        {"content": "{}", "content_sha256": hashlib.sha256(b"{}").hexdigest()},
        {"content": '{"a": 1}', "content_sha256": hashlib.sha256(b'{"a": 1}').hexdigest()},
        {"content": "\u0000", "content_sha256": hashlib.sha256(b"\0").hexdigest()},
    ):
        ready(rig)
        rig.service.on("GET", f"{CHANGES}/{CHANGE}", change() | wrong)
        for words in (
            ("sign", CHANGE, "--yes"),
            ("refuse", CHANGE, "--reason", "x"),
            ("withdraw", CHANGE, "--reason", "x"),
            ("show", CHANGE),
        ):
            told = rig.seal("change", *words, *rig.identity)
            assert told.status == 1, (wrong, words, told.out)
    assert rig.service.asked("POST", f"{CHANGES}/{CHANGE}/answers") == []


def test_refusals_of_the_service_and_missing_credentials_are_told(rig: Rig) -> None:
    ready(rig)
    rig.service.on("POST", f"{CHANGES}/{CHANGE}/answers", problem(409, "already-signed", "Ada Example has signed this change already."))
    told = rig.seal("change", "sign", CHANGE, "--yes", *rig.identity)
    assert (told.status, "has signed this change already" in told.err) == (1, True)
    told = rig.seal("change", "sign", CHANGE, "--yes")
    assert told.status == 2
    assert "--certificate" in told.err
    told = rig.seal("change", "show", f"chg-{'9' * 32}", *rig.identity)
    assert told.status == 1
    told = rig.seal("change", "sign", "../../provider/changes", "--yes", *rig.identity)
    assert told.status == 1
    assert not any(seen.path.startswith("/api/v1/provider") for seen in rig.service.seen)
