"""Assertions of passkeys: what binds a statement, what does not, and openssl as the second judge."""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privyseal_wire.canonical import canonical_bytes
from privyseal_wire.errors import PasskeyRefused, WireError
from privyseal_wire.passkey import (
    MAX_ASSERTION_BYTES,
    Assertion,
    PasskeySigned,
    RelyingParty,
    statement_challenge,
    verify_assertion,
    verify_signed,
)
from tests.rigs.authenticator import Authenticator, base64url, unbase64url
from tests.rigs.openssl import openssl
from tests.vectors import make_passkeys

Vector = dict[str, Any]
SITE = RelyingParty("localhost", "https://localhost:8443")


@cache
def vectors() -> tuple[Vector, ...]:
    return tuple(json.loads(make_passkeys.FILE.read_text(encoding="utf-8")))


def verify(vector: Vector, assertion: bytes | None = None) -> Assertion:
    signed = PasskeySigned(vector["content"].encode(), vector["assertion"].encode() if assertion is None else assertion)
    site = RelyingParty(vector["rp_id"], vector["origin"])
    return verify_signed(signed, certificate_der=unbase64url(vector["certificate"]), relying_party=site)


def named(name: str) -> Vector:
    return next(vector for vector in vectors() if vector["name"] == name)


@pytest.mark.parametrize("vector", [vector for vector in vectors() if not vector["refused"]], ids=lambda vector: vector["name"])
def test_accepted_vectors(vector: Vector) -> None:
    assertion = verify(vector)
    assert assertion.to_bytes() == vector["assertion"].encode()
    assert assertion.sign_count == (0 if "synchronized" in vector["name"] else 1)


@pytest.mark.parametrize("vector", [vector for vector in vectors() if vector["refused"]], ids=lambda vector: vector["name"])
def test_refused_vectors(vector: Vector) -> None:
    with pytest.raises(PasskeyRefused) as refusal:
        verify(vector)
    assert refusal.value.kind == vector["refused"]


def test_every_kind_of_refusal_has_a_vector() -> None:
    source = Path(verify_assertion.__code__.co_filename).read_text(encoding="utf-8")
    kinds = {word.split('"')[1] for word in source.split("PasskeyRefused(")[1:] if word.startswith('"')}
    assert kinds - {vector["refused"] for vector in vectors()} == {"passkey-size"}


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["name"])
def test_openssl_verifies_the_same_signatures(vector: Vector, tmp_path: Path) -> None:
    """What openssl cannot know, it does not refuse: it judges the signature, the rest is read from the bytes that are signed."""
    files = {name: tmp_path / name for name in ("key.pem", "signature", "message")}
    files["key.pem"].write_text(vector["spki"])
    files["signature"].write_bytes(unbase64url(vector["signature"]))
    files["message"].write_bytes(unbase64url(vector["signed_bytes"]))
    verdict = openssl("dgst", "-sha256", "-verify", files["key.pem"], "-signature", files["signature"], files["message"])
    assert verdict.accepts is (vector["refused"] != "passkey-signature"), verdict.words


def test_the_challenge_is_the_digest_of_the_content() -> None:
    assert statement_challenge(b"abc") == hashlib.sha256(b"abc").digest()


def test_a_sign_in_is_no_approval_and_an_approval_no_sign_in() -> None:
    """Random bytes are the digest of no statement: what was signed to log on can never be handed in as a decision."""
    vector = named("ES256")
    certificate = unbase64url(vector["certificate"])
    challenge = os.urandom(32)
    with pytest.raises(PasskeyRefused) as refusal:
        verify_assertion(vector["assertion"].encode(), certificate_der=certificate, challenge=challenge, relying_party=SITE)
    assert refusal.value.kind == "passkey-challenge"
    sign_in = named("a random challenge of a sign-in")
    verify_assertion(
        sign_in["assertion"].encode(),
        certificate_der=unbase64url(sign_in["certificate"]),
        challenge=hashlib.sha256(b"random").digest(),
        relying_party=SITE,
    )
    with pytest.raises(PasskeyRefused):
        verify(sign_in)


def test_a_browsers_answer_becomes_a_container() -> None:
    device = Authenticator()
    device.create(json.dumps({"pubKeyCredParams": [{"alg": -7}], "rp": {"id": "localhost"}, "challenge": base64url(bytes(32))}))
    answer = device.get(json.dumps({"rpId": "localhost", "challenge": base64url(bytes(32))}))
    assertion = Assertion.from_browser(answer)
    assert assertion == Assertion.from_browser(answer.encode()) == Assertion.from_bytes(assertion.to_bytes())
    assert assertion.credential == json.loads(answer)["id"]
    assert assertion.sign_count == 2


@pytest.mark.parametrize(
    ("base_url", "site"),
    [
        ("https://localhost:8443", SITE),
        ("https://PKI.Example.test/", RelyingParty("pki.example.test", "https://pki.example.test")),
        ("https://pki.example.test:443", RelyingParty("pki.example.test", "https://pki.example.test")),
        ("https://pki.example.test:80", RelyingParty("pki.example.test", "https://pki.example.test:80")),
    ],
)
def test_origin_and_site_of_an_address(base_url: str, site: RelyingParty) -> None:
    assert RelyingParty.of(base_url) == site


def test_large_answers_are_not_read() -> None:
    for read in (Assertion.from_bytes, Assertion.from_browser):
        with pytest.raises(PasskeyRefused) as refusal:
            read(b"{" + b" " * 2 * MAX_ASSERTION_BYTES)
        assert refusal.value.kind == "passkey-size"


def test_ids_have_the_lengths_of_the_standard() -> None:
    container = json.loads(named("ES256")["assertion"])
    for length, fits in ((15, False), (16, True), (1023, True), (1024, False)):
        data = canonical_bytes({**container, "credential": base64url(bytes(length))})
        if fits:
            Assertion.from_bytes(data)
        else:
            with pytest.raises(PasskeyRefused):
                Assertion.from_bytes(data)


@given(data=st.data())
def test_changed_containers_are_refused_and_nothing_else(data: st.DataObject) -> None:
    vector = named(data.draw(st.sampled_from(["ES256", "RS256"])))
    changed = bytearray(vector["assertion"].encode())
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        verify(vector, bytes(changed))
    except WireError:
        return
    # Only the id is not covered by the signature; it is looked up, and the certificate found by it verifies.
    before, after = json.loads(vector["assertion"]), json.loads(changed)
    assert {**before, "credential": ""} == {**after, "credential": ""}


@given(
    st.dictionaries(
        st.sampled_from(["type", "credential", "client_data", "authenticator_data", "signature", "id", "response"]),
        st.one_of(st.none(), st.integers(), st.text(), st.binary(max_size=60).map(base64url), st.dictionaries(st.text(), st.text())),
    )
)
def test_any_json_is_refused_and_nothing_else(values: dict[str, object]) -> None:
    text = json.dumps(values).encode()
    for read in (Assertion.from_bytes, Assertion.from_browser):
        with pytest.raises(WireError):
            read(text)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_and_nothing_else(data: bytes) -> None:
    for read in (Assertion.from_bytes, Assertion.from_browser):
        with pytest.raises(WireError):
            read(data)


@given(st.recursive(st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_client_data_is_refused_and_nothing_else(value: object) -> None:
    vector = named("ES256")
    container = json.loads(vector["assertion"]) | {"client_data": base64url(json.dumps(value).encode())}
    with pytest.raises(WireError):
        verify(vector, canonical_bytes(container))
