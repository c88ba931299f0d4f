"""Statements: one spelling per decision, and the vectors that bind us to it for years."""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privyseal_wire.canonical import canonical_bytes
from privyseal_wire.cms import sign_attached, verify_attached
from privyseal_wire.errors import CanonicalRefused, StatementRefused, WireError
from privyseal_wire.statements import (
    Approval,
    Change,
    Invitation,
    PasskeyRegistration,
    PolicyReference,
    Rejection,
    Revocation,
    SignIn,
    Statement,
    parse_statement,
    statement_fingerprint,
)
from tests.vectors import make_invitation, make_statements
from tests.wire.sample_signers import signer

Vector = dict[str, Any]
EVERY = (Approval, Rejection, Revocation, PasskeyRegistration, Invitation, SignIn, Change)
KINDS: dict[str, type[Statement]] = {kind.TYPE: kind for kind in EVERY}


@cache
def vectors(part: str) -> tuple[Vector, ...]:
    return tuple(json.loads(make_statements.FILE.read_text(encoding="utf-8"))[part])


def approval() -> Approval:
    statement = parse_statement(vectors("accepted")[0]["canonical"].encode())
    assert isinstance(statement, Approval)
    return statement


def test_the_vectors_are_those_of_the_generator() -> None:
    assert json.loads(make_statements.FILE.read_text(encoding="utf-8")) == json.loads(json.dumps(make_statements.vectors()))


@pytest.mark.parametrize("vector", vectors("accepted"), ids=lambda vector: vector["name"])
def test_accepted_vectors(vector: Vector, tmp_path: Path) -> None:
    data = vector["canonical"].encode()
    statement = parse_statement(data)
    assert type(statement) is KINDS[vector["fields"]["type"]]
    assert statement.to_bytes() == data
    assert json.loads(json.dumps(statement.to_fields())) == vector["fields"]
    assert statement.digest().hex() == vector["sha256"]
    assert statement.fingerprint() == statement_fingerprint(data) == vector["fingerprint"]
    assert type(statement).from_bytes(data) == statement
    assert statement.expires_at == datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
    (tmp_path / "statement").write_bytes(data)
    digest = subprocess.run(["openssl", "dgst", "-sha256", "-r", tmp_path / "statement"], check=True, capture_output=True, text=True)
    assert digest.stdout.split()[0] == vector["sha256"]


@pytest.mark.parametrize("vector", vectors("refused"), ids=lambda vector: vector["name"])
def test_refused_vectors(vector: Vector) -> None:
    with pytest.raises(WireError) as caught:
        parse_statement(vector["text"].encode())
    assert caught.value.kind == vector["kind"]
    assert caught.value.sentence.endswith(".")
    assert isinstance(caught.value, StatementRefused if vector["kind"].startswith("statement-") else CanonicalRefused)


@pytest.mark.parametrize("field", sorted(vectors("accepted")[1]["fields"]))
def test_every_field_counts(field: str) -> None:
    fields = dict(vectors("accepted")[1]["fields"])
    missing = canonical_bytes({key: value for key, value in fields.items() if key != field})
    if field == "replaces":
        assert parse_statement(missing) != parse_statement(canonical_bytes(fields))
        return
    with pytest.raises(StatementRefused):
        parse_statement(missing)


JSON_VALUES: st.SearchStrategy[object] = (
    st.none()
    | st.booleans()
    | st.integers(-10, 10)
    | st.text(max_size=5)
    | st.just([])
    | st.just({})
    | st.lists(st.lists(st.text(max_size=2)))
)


@given(st.sampled_from(range(7)), st.data(), JSON_VALUES)
def test_a_field_of_another_type_is_refused(number: int, data: st.DataObject, value: object) -> None:
    fields = dict(vectors("accepted")[number]["fields"])
    field = data.draw(st.sampled_from(sorted(fields)))
    changed = canonical_bytes({**fields, field: value})
    with suppress(StatementRefused):
        assert parse_statement(changed).to_bytes() == changed


@given(st.sampled_from(range(7)), st.data())
def test_a_changed_byte_never_means_the_same(number: int, data: st.DataObject) -> None:
    original = vectors("accepted")[number]["canonical"].encode()
    position = data.draw(st.integers(0, len(original) - 1))
    changed = original[:position] + bytes((original[position] ^ data.draw(st.integers(1, 255)),)) + original[position + 1 :]
    try:
        statement = parse_statement(changed)
    except WireError:
        return
    assert statement != parse_statement(original)
    assert statement.to_bytes() == changed
    assert statement.fingerprint() != statement_fingerprint(original)


def test_a_statement_cannot_be_made_out_of_form() -> None:
    statement = approval()
    with pytest.raises(StatementRefused, match="from 1 to 3,650"):
        replace(statement, lifetime_days=4_000)
    with pytest.raises(StatementRefused, match="list"):
        replace(statement, names=["dns:a.test"])  # type: ignore[arg-type]
    with pytest.raises(StatementRefused) as caught:
        PolicyReference("pol-1", 1, "00" * 32)
    assert caught.value.kind == "statement-policy-id"
    with pytest.raises(FrozenInstanceError):
        statement.contact = "x@b.test"  # type: ignore[misc]


def test_a_new_request_has_no_word_about_replacing() -> None:
    statement = approval()
    assert b"replaces" not in statement.to_bytes()
    reissue = replace(statement, replaces="01ff", unit_tier="none")
    assert b'"replaces":"01ff"' in reissue.to_bytes()
    assert Approval.from_bytes(reissue.to_bytes()) == reissue


def test_a_statement_of_another_type_is_told_apart() -> None:
    with pytest.raises(StatementRefused) as caught:
        Rejection.from_bytes(approval().to_bytes())
    assert caught.value.kind == "statement-type"


def test_the_fingerprint_is_easy_to_compare() -> None:
    assert statement_fingerprint(b"test") == "9f86 d081 884c 7d65 9a2f"


def verified_by_openssl(message: bytes, folder: Path) -> bytes:
    """The content of a CMS message whose signature openssl found good; chains are the service's business."""
    (folder / "message").write_bytes(message)
    command = ["openssl", "cms", "-verify", "-binary", "-noverify", "-inform", "DER", "-in", "message", "-out", "content"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return (folder / "content").read_bytes()


def test_an_invitation_that_openssl_signed(tmp_path: Path) -> None:
    message, certificate = make_invitation.FILE.read_bytes(), make_invitation.CERTIFICATE.read_bytes()
    assert verify_attached(message, signer_certificate_der=certificate).content == make_invitation.content()
    assert verified_by_openssl(message, tmp_path) == make_invitation.content()
    assert Invitation.from_bytes(make_invitation.content()).name == "Zoë Müller-Łukasz"


def test_openssl_verifies_an_invitation_that_we_signed(tmp_path: Path) -> None:
    by = signer("p384")
    message = sign_attached(make_invitation.content(), by.der, by.key, now=datetime(2026, 11, 22, tzinfo=UTC))
    assert verified_by_openssl(message, tmp_path) == make_invitation.content()
