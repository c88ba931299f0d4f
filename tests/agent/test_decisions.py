"""What is signed, against canonical bytes written by hand."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from privyseal_agent.decisions import approval_of, end_of, rejection_of, require_same, revocation_of
from privyseal_agent.errors import Refused
from privyseal_agent.keys import private_key
from privyseal_agent.keys.csr import make_csr
from privyseal_agent.rest.documents import Document
from privyseal_wire.errors import StatementRefused

KEY = private_key.generate("p256")
SPKI = hashlib.sha256(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
REQUEST, ADMINISTRATOR, POLICY = f"req-{'1' * 32}", f"adm-{'2' * 32}", f"pol-{'3' * 32}"
EXPIRES = "2026-11-22T01:12:03Z"

SHOWN: dict[str, Any] = {
    "id": REQUEST,
    "organization": "acme",
    "kind": "new",
    "state": "pending",
    "policy": {"id": POLICY, "name": "tls-server", "version": 3, "sha256": "ab" * 32},
    "subject": [["2.5.4.6", "US"], ["2.5.4.10", "Acmé Rockets"], ["2.5.4.3", "www.acme.test"]],
    "names": ["dns:www.acme.test", "dns:acme.test"],
    "csr": make_csr(KEY, ["www.acme.test"]).decode(),
    "spki_sha256": SPKI,
    "lifetime_days": 365,
    "endpoints": ["web-server:www.acme.test", "load-balancer:10.0.0.7"],
    "unit_tier": "standard",
    "contact": {"name": "Bob Example", "email": "bob@acme.test"},
}


def approval(shown: dict[str, Any]) -> bytes:
    statement = approval_of(Document(shown), service="pki.test", organization="acme", approver=ADMINISTRATOR, expires=EXPIRES)
    return statement.to_bytes()


BYTES = (
    f'{{"approver":"{ADMINISTRATOR}","contact":"bob@acme.test","decision":"approve",'
    '"endpoints":["web-server:www.acme.test","load-balancer:10.0.0.7"],'
    f'"expires":"{EXPIRES}","lifetime_days":365,"names":["dns:acme.test","dns:www.acme.test"],"organization":"acme",'
    f'"policy":{{"id":"{POLICY}","sha256":"{"ab" * 32}","version":3}},"request":"{REQUEST}","service":"pki.test",'
    f'"spki_sha256":"{SPKI}",'
    '"subject":[["2.5.4.6","US"],["2.5.4.10","Acmé Rockets"],["2.5.4.3","www.acme.test"]],'
    '"type":"privyseal.approval.v1","unit_tier":"standard"}'
).encode()


def test_an_approval_is_what_was_shown() -> None:
    assert approval(SHOWN) == BYTES


def test_the_approval_of_a_reissue_names_what_it_replaces() -> None:
    reissue = {**SHOWN, "kind": "reissue", "replaces": "0102ff", "unit_tier": "none"}
    expected = BYTES.replace(b'"request":', b'"replaces":"0102ff","request":').replace(b'"standard"', b'"none"')
    assert approval(reissue) == expected
    assert approval({**SHOWN, "replaces": None}) == BYTES


def test_a_rejection() -> None:
    statement = rejection_of(
        Document(SHOWN), service="pki.test", organization="acme", approver=ADMINISTRATOR, reason="Unknown host", expires=EXPIRES
    )
    assert (
        statement.to_bytes()
        == (
            f'{{"approver":"{ADMINISTRATOR}","decision":"reject","expires":"{EXPIRES}","organization":"acme","reason":"Unknown host",'
            f'"request":"{REQUEST}","service":"pki.test","type":"privyseal.rejection.v1"}}'
        ).encode()
    )


def test_a_revocation() -> None:
    statement = revocation_of(
        "issuing-1",
        "0102ff",
        service="pki.test",
        organization="acme",
        revoker=ADMINISTRATOR,
        reason="keyCompromise",
        comment="",
        expires=EXPIRES,
    )
    assert (
        statement.to_bytes()
        == (
            f'{{"ca":"issuing-1","comment":"","expires":"{EXPIRES}","organization":"acme","reason":"keyCompromise",'
            f'"revoker":"{ADMINISTRATOR}","serial":"0102ff","service":"pki.test","type":"privyseal.revocation.v1"}}'
        ).encode()
    )


def test_a_key_that_is_not_in_the_csr_is_not_approved() -> None:
    with pytest.raises(Refused, match="another key than the one in the CSR"):
        approval({**SHOWN, "spki_sha256": "00" * 32})
    other = make_csr(private_key.generate("p256"), ["www.acme.test"]).decode()
    with pytest.raises(Refused, match="another key than the one in the CSR"):
        approval({**SHOWN, "csr": other})


def test_a_request_of_another_organization_is_not_approved() -> None:
    with pytest.raises(Refused, match="belongs to the organization other, not to acme"):
        approval({**SHOWN, "organization": "other"})
    with pytest.raises(Refused, match="belongs to the organization other"):
        rejection_of(
            Document({**SHOWN, "organization": "other"}), service="s", organization="acme", approver="", reason="x", expires=EXPIRES
        )


def test_fields_out_of_form_are_not_signed() -> None:
    for field, value in (("lifetime_days", 0), ("endpoints", []), ("names", ["dns:WWW.acme.test"]), ("unit_tier", "gold")):
        with pytest.raises(StatementRefused, match=field):
            approval({**SHOWN, field: value})
    with pytest.raises(Refused, match="has no text csr"):
        approval({name: value for name, value in SHOWN.items() if name != "csr"})


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("names", ["dns:acme.test", "dns:evil.test"], 'names is ["dns:acme.test", "dns:www.acme.test"] as shown'),
        ("lifetime_days", 730, "lifetime_days is 365 as shown, and 730 as the service wants it signed"),
        ("request", f"req-{'9' * 32}", "request is"),
        ("organization", "other", "organization is"),
        ("replaces", "0102", 'replaces is missing as shown, and "0102" as'),
        ("spki_sha256", "00" * 32, "spki_sha256 is"),
    ],
)
def test_bytes_that_differ_are_refused_by_the_name_of_the_field(field: str, value: object, told: str) -> None:
    other = json.loads(BYTES)
    other[field] = value
    expected = json.dumps(other, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    with pytest.raises(Refused) as caught:
        require_same(BYTES, expected)
    assert caught.value.kind == "approval-content"
    assert caught.value.field == field
    assert told in caught.value.sentence
    assert "Nothing was signed" in caught.value.sentence


def test_bytes_that_are_no_statement_are_refused() -> None:
    for expected in (b"", b"<html>", BYTES + b"\n", BYTES.replace(b":365", b": 365")):
        with pytest.raises(Refused, match="not canonical JSON"):
            require_same(BYTES, expected)
    require_same(BYTES, BYTES)


def test_the_end_has_whole_seconds_in_utc() -> None:
    now = datetime(2026, 11, 22, 1, 2, 3, 999_999, tzinfo=UTC)
    assert end_of(now) == EXPIRES
    assert end_of(now, timedelta(hours=1)) == "2026-11-22T02:02:03Z"
