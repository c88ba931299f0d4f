"""Makes tests/vectors/passkeys_v1.json: assertions of passkeys over statements, with the answer that a verifier must give.

Run from the repository root: ``python -m tests.vectors.make_passkeys``. New keys and signatures each time, private keys
thrown away; once released, the file never changes. ``signed_bytes`` and ``spki`` are there for a foreign program: the test
gives them to ``openssl dgst -verify``.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from tests.rigs.authenticator import ES256, RS256, Authenticator, Key, Wrong, base64url, sign, unbase64url
from tests.vectors import make_statements

FILE = Path(__file__).with_name("passkeys_v1.json")
RP_ID, ORIGIN = "localhost", "https://localhost:8443"
CREDENTIAL = base64url(b"one passkey of thirty-two bytes.")


def _certificate(key: Key) -> bytes:
    """Self-signed where it can be, for a hundred years: what is verified is the key, the chain is the service's business."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Vera Vector")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(4711)
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2126, 1, 1, tzinfo=UTC))
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, digest).public_bytes(serialization.Encoding.DER)


def _container(answer: str) -> dict[str, Any]:
    values = json.loads(answer)
    response = values["response"]
    return {
        "type": "privyseal.passkey-assertion.v1",
        "credential": values["id"],
        "client_data": response["clientDataJSON"],
        "authenticator_data": response["authenticatorData"],
        "signature": response["signature"],
    }


def _vector(name: str, refused: str, key: Key, container: dict[str, Any], content: bytes) -> dict[str, Any]:
    client_data, data = unbase64url(container["client_data"]), unbase64url(container["authenticator_data"])
    spki = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {
        "name": name,
        "refused": refused,
        "content": content.decode(),
        "assertion": json.dumps(container, sort_keys=True, separators=(",", ":")),
        "certificate": base64url(_certificate(key)),
        "spki": spki.decode(),
        "signed_bytes": base64url(data + hashlib.sha256(client_data).digest()),
        "signature": container["signature"],
        "rp_id": RP_ID,
        "origin": ORIGIN,
    }


WRONG = {
    "another origin": (Wrong(origin="https://localhost.evil.test"), "passkey-origin"),
    "another port": (Wrong(origin="https://localhost"), "passkey-origin"),
    "inside a foreign frame": (Wrong(cross_origin=True), "passkey-origin"),
    "another site": (Wrong(rp_id="evil.test"), "passkey-site"),
    "another content": (Wrong(challenge=hashlib.sha256(b"another").digest()), "passkey-challenge"),
    "a random challenge of a sign-in": (Wrong(challenge=hashlib.sha256(b"random").digest()), "passkey-challenge"),
    "a registration": (Wrong(kind="webauthn.create"), "passkey-type"),
    "nobody present": (Wrong(present=False), "passkey-not-present"),
    "nobody verified": (Wrong(verified=False), "passkey-not-verified"),
    "the key of another passkey": (Wrong(key=ec.generate_private_key(ec.SECP256R1())), "passkey-signature"),
}


def vectors() -> list[dict[str, Any]]:
    """All of them."""
    content = json.dumps(make_statements.APPROVAL, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    options = json.dumps({"rpId": RP_ID, "challenge": base64url(hashlib.sha256(content).digest())})
    kinds = {
        "ES256": Authenticator(ORIGIN, ES256),
        "RS256": Authenticator(ORIGIN, RS256),
        "ES256 synchronized": Authenticator(ORIGIN, ES256, True),
    }
    made = []
    for name, device in kinds.items():
        key: Key = rsa.generate_private_key(65537, 2048) if device.algorithm == RS256 else ec.generate_private_key(ec.SECP256R1())
        device.keys[CREDENTIAL] = key
        made.append(_vector(name, "", key, _container(device.get(options)), content))
    device = kinds["ES256"]
    key = device.keys[CREDENTIAL]
    made += [_vector(name, kind, key, _container(device.get(options, wrong)), content) for name, (wrong, kind) in WRONG.items()]
    genuine = _container(device.get(options))
    data = bytearray(unbase64url(genuine["authenticator_data"]))
    data[32] |= 0x10
    made.append(_vector("backed up and not eligible", "passkey-flags", key, _signed_again(genuine, key, bytes(data)), content))
    data[32] &= ~0x10
    made.append(_vector("bytes behind the data", "passkey-flags", key, _signed_again(genuine, key, bytes(data) + b"\x00"), content))
    for name, curve_key in {"a P-384 key": ec.generate_private_key(ec.SECP384R1())}.items():
        made.append(_vector(name, "passkey-key", curve_key, _signed_again(genuine, curve_key, bytes(data)), content))
    made.append(_vector("a member too many", "passkey-form", key, {**genuine, "user": "x"}, content))
    made.append(_vector("another type", "passkey-form", key, {**genuine, "type": "privyseal.passkey-assertion.v2"}, content))
    made.append(_vector("padded base64", "passkey-form", key, {**genuine, "signature": genuine["signature"] + "="}, content))
    return made


def _signed_again(container: dict[str, Any], key: Key, data: bytes) -> dict[str, Any]:
    signature = sign(key, data + hashlib.sha256(unbase64url(container["client_data"])).digest())
    return {**container, "authenticator_data": base64url(data), "signature": base64url(signature)}


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
