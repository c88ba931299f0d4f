"""Registrations of passkeys: real ones are read, everything else is refused and nothing else is raised."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from privyseal.engine.passkeys import (
    MAX_REGISTRATION_BYTES,
    assertion_options,
    read_registration,
    registration_challenge,
    registration_options,
)
from privyseal.model.administrator import Administrator, AdministratorState, Role
from privyseal.model.errors import Refused
from privyseal.model.identifiers import AdministratorId, PasskeyRowId
from privyseal.model.passkey import Passkey
from privyseal_wire.passkey import RelyingParty
from tests.rigs.authenticator import EDDSA, ES256, RS256, Authenticator, Wrong, base64url, cbor, unbase64url

SITE = RelyingParty("localhost", "https://localhost:8443")
PERSON = Administrator(
    AdministratorId("adm-1"),
    None,
    "Alex Admin",
    "alex@example.test",
    Role.SECURITY_ADMINISTRATOR,
    AdministratorState.ACTIVE,
    datetime(2026, 1, 1, tzinfo=UTC),
)
CHALLENGE = bytes(range(32))


def passkey(passkey_id: str, transports: tuple[str, ...]) -> Passkey:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    row = PasskeyRowId("pky-1")
    return Passkey(row, PERSON.id, passkey_id, "5e" * 32, "Laptop", transports, 0, None, None, None, None, made, None)


def options() -> str:
    return registration_options(SITE, PERSON, CHALLENGE, [])


@cache
def genuine(algorithm: int = ES256) -> str:
    return Authenticator(algorithm=algorithm).create(options())


def refused(registration: str, challenge: bytes = CHALLENGE) -> None:
    with pytest.raises(Refused) as refusal:
        read_registration(registration, challenge, SITE)
    assert refusal.value.kind == "passkey-registration"


def test_what_a_browser_is_asked_for() -> None:
    known = passkey(base64url(bytes(32)), ("internal", "of tomorrow"))
    asked = json.loads(registration_options(SITE, PERSON, CHALLENGE, [known]))
    assert asked["rp"] == {"id": "localhost", "name": "Privyseal"}
    assert asked["attestation"] == "none"
    assert asked["authenticatorSelection"] == {"residentKey": "preferred", "requireResidentKey": False, "userVerification": "required"}
    assert [item["alg"] for item in asked["pubKeyCredParams"]] == [ES256, RS256]
    assert asked["excludeCredentials"] == [{"type": "public-key", "id": known.passkey_id, "transports": ["internal"]}]
    assert unbase64url(asked["challenge"]) == CHALLENGE
    assert PERSON.id not in json.dumps(asked)
    used = json.loads(assertion_options(SITE, CHALLENGE, [known]))
    assert (used["rpId"], used["userVerification"]) == ("localhost", "required")
    assert used["allowCredentials"] == asked["excludeCredentials"]


@pytest.mark.parametrize(("algorithm", "kind"), [(ES256, ec.EllipticCurvePublicKey), (RS256, rsa.RSAPublicKey)])
def test_a_registration_gives_the_key_as_certificates_hold_it(algorithm: int, kind: type) -> None:
    assert registration_challenge(genuine(algorithm)) == CHALLENGE
    read = read_registration(genuine(algorithm), CHALLENGE, SITE)
    assert isinstance(serialization.load_der_public_key(read.spki_der), kind)
    assert read.passkey_id == json.loads(genuine(algorithm))["id"]
    assert (read.sign_count, read.transports) == (1, ("hybrid", "internal"))


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong(origin="https://evil.test"),
        Wrong(origin="https://localhost"),
        Wrong(rp_id="evil.test"),
        Wrong(challenge=bytes(32)),
        Wrong(kind="webauthn.get"),
        Wrong(cross_origin=True),
        Wrong(present=False),
        Wrong(verified=False),
        Wrong(credential=base64url(bytes(32))),
        Wrong(key=Authenticator(algorithm=EDDSA).new_key()),
    ],
    ids=lambda wrong: re.sub(r"None|<.*?>", "", str(wrong)),
)
def test_a_wrong_registration_is_refused(wrong: Wrong) -> None:
    refused(Authenticator().create(options(), wrong))


def test_another_challenge_is_refused() -> None:
    refused(genuine(), os.urandom(32))


def test_attestations_that_nobody_asked_for_are_not_read() -> None:
    for kind in ("tpm", "android-safetynet", "fido-u2f", "apple", "nobody's"):
        refused(changed(lambda values, kind=kind: values.update(fmt=kind)))  # type: ignore[misc] # bound at once


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    answer = json.loads(genuine())
    data = unbase64url(answer["response"]["attestationObject"])
    # The rig writes fmt, attStmt, authData in this order; the last is the byte string at the end.
    auth_data = data[data.index(b"authData") + 10 :]
    values = {"fmt": "none", "attStmt": {}, "authData": auth_data}
    change(values)
    answer["response"]["attestationObject"] = base64url(cbor(values))
    return json.dumps(answer)


def test_the_change_of_nothing_is_accepted() -> None:
    read_registration(changed(lambda _: None), CHALLENGE, SITE)


def test_large_and_deep_registrations_are_refused() -> None:
    refused(" " * (MAX_REGISTRATION_BYTES + 1))
    refused("[" * MAX_REGISTRATION_BYTES)
    with pytest.raises(Refused):
        registration_challenge("[" * MAX_REGISTRATION_BYTES)
    answer = json.loads(genuine())
    for nested in (b"\x81" * 9_000, b"\xa1" * 9_000, b"\xd8\x1c" * 4_000, b"\xc4\x82\x1b" + b"\xff" * 8 + b"\x01"):
        answer["response"]["attestationObject"] = base64url(nested)
        refused(json.dumps(answer))


@given(data=st.data())
def test_changed_registrations_are_read_or_refused(data: st.DataObject) -> None:
    answer = json.loads(genuine(data.draw(st.sampled_from([ES256, RS256]))))
    part = data.draw(st.sampled_from(["clientDataJSON", "attestationObject"]))
    octets = bytearray(unbase64url(answer["response"][part]))
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del octets[data.draw(st.integers(0, len(octets))) :]
    answer["response"][part] = base64url(bytes(octets))
    text = json.dumps(answer)
    for read in (registration_challenge, lambda text: read_registration(text, CHALLENGE, SITE)):
        try:
            read(text)
        except Refused as refusal:
            assert refusal.kind == "passkey-registration"


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_json_is_refused(value: object) -> None:
    answer = json.loads(genuine())
    for text in (json.dumps(value), json.dumps({**answer, "response": value}), json.dumps({**answer, "id": value})):
        refused(text)


@given(st.text())
def test_any_text_is_refused(text: str) -> None:
    refused(text)
    with pytest.raises(Refused):
        registration_challenge(text)
