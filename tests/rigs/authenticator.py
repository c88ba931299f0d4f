"""A passkey in software: an authenticator and the browser in front of it, as far as a relying party sees them.

Real CBOR, COSE keys and signatures (W3C WebAuthn Level 3, sections 5, 6 and 7), written from the standard without any code
of ours, so that it judges us. Every answer can be made wrong in one place: another origin, another site, another
challenge, nobody verified, the key of another passkey.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

Json = dict[Any, Any]
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

ES256, RS256, EDDSA = -7, -257, -8
PRESENT, VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, HAS_CREDENTIAL = 0x01, 0x04, 0x08, 0x10, 0x40
CHROMES_HINT = "do not compare clientDataJSON against a template. See https://goo.gl/yabPex"


def base64url(data: bytes) -> str:
    """base64url without padding (RFC 4648 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unbase64url(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def cbor(value: object) -> bytes:
    """CTAP2 canonical CBOR (RFC 8949) of integers, byte strings, texts and maps."""
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    assert isinstance(value, dict)
    return _head(5, len(value)) + b"".join(cbor(key) + cbor(item) for key, item in value.items())


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes(((major << 5) | number,))
    for extra, size in ((24, 1), (25, 2), (26, 4)):
        if number < 1 << (8 * size):
            return bytes(((major << 5) | extra,)) + number.to_bytes(size, "big")
    raise ValueError(number)


def cose_key(key: Key) -> Json:
    """The public half as COSE writes it (RFC 9053 7.1.1, RFC 8230 4, RFC 9053 7.2)."""
    public = key.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        point = public.public_numbers()
        return {1: 2, 3: ES256, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return {1: 3, 3: RS256, -1: numbers.n.to_bytes(public.key_size // 8, "big"), -2: b"\x01\x00\x01"}
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return {1: 1, 3: EDDSA, -1: 6, -2: raw}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """What an answer says instead of the truth; None leaves it as it is."""

    origin: str | None = None
    rp_id: str | None = None
    challenge: bytes | None = None
    kind: str | None = None
    cross_origin: bool | None = None
    present: bool = True
    verified: bool = True
    key: Key | None = None
    credential: str | None = None
    sign_count: int | None = None


TRUTH = Wrong()


@dataclass(slots=True)
class Authenticator:
    """One device of one person, in a browser that shows ``origin``. ``synchronized`` passkeys never count (WebAuthn 6.1.1)."""

    origin: str = "https://localhost:8443"
    algorithm: int = ES256
    synchronized: bool = False
    keys: dict[str, Key] = field(default_factory=dict)
    sign_count: int = 0

    def create(self, options: str, wrong: Wrong = TRUTH) -> str:
        """``navigator.credentials.create()`` and ``toJSON()``: the JSON that the page sends (WebAuthn 5.1.3, 6.3.2)."""
        asked: Json = json.loads(options)
        offered = [item["alg"] for item in asked["pubKeyCredParams"]]
        assert not {item["id"] for item in asked.get("excludeCredentials", [])} & self.keys.keys(), "InvalidStateError"
        assert self.algorithm in offered or wrong.key is not None, "NotSupportedError"
        key = wrong.key or self.new_key()
        credential = os.urandom(32)
        self.keys[base64url(credential)] = key
        attested = bytes(16) + len(credential).to_bytes(2, "big") + credential + cbor(cose_key(key))
        data = self._authenticator_data(wrong, asked["rp"]["id"], HAS_CREDENTIAL) + attested
        client_data = self._client_data(wrong, "webauthn.create", unbase64url(asked["challenge"]))
        response = {
            "clientDataJSON": base64url(client_data),
            "attestationObject": base64url(cbor({"fmt": "none", "attStmt": {}, "authData": data})),
            "transports": ["internal", "hybrid"],
        }
        return self._answer(wrong.credential or base64url(credential), response)

    def get(self, options: str, wrong: Wrong = TRUTH) -> str:
        """``navigator.credentials.get()`` and ``toJSON()`` (WebAuthn 5.1.4, 6.3.3)."""
        asked: Json = json.loads(options)
        allowed = [item["id"] for item in asked.get("allowCredentials", [])] or list(self.keys)
        known = [credential for credential in allowed if credential in self.keys]
        assert known, "NotAllowedError: this authenticator has none of the passkeys that are asked for"
        key = wrong.key or self.keys[known[0]]
        data = self._authenticator_data(wrong, asked["rpId"])
        client_data = self._client_data(wrong, "webauthn.get", unbase64url(asked["challenge"]))
        signed = data + hashlib.sha256(client_data).digest()
        response = {
            "clientDataJSON": base64url(client_data),
            "authenticatorData": base64url(data),
            "signature": base64url(sign(key, signed)),
            "userHandle": None,
        }
        return self._answer(wrong.credential or known[0], response)

    def new_key(self) -> Key:
        """A fresh key of this device's algorithm."""
        if self.algorithm == ES256:
            return ec.generate_private_key(ec.SECP256R1())
        return rsa.generate_private_key(65537, 2048) if self.algorithm == RS256 else ed25519.Ed25519PrivateKey.generate()

    def _authenticator_data(self, wrong: Wrong, rp_id: str, more: int = 0) -> bytes:
        self.sign_count += 0 if self.synchronized else 1
        flags = more | (PRESENT if wrong.present else 0) | (VERIFIED if wrong.verified else 0)
        flags |= BACKUP_ELIGIBLE | BACKED_UP if self.synchronized else 0
        count = self.sign_count if wrong.sign_count is None else wrong.sign_count
        site = hashlib.sha256((wrong.rp_id or rp_id).encode()).digest()
        return site + bytes((flags,)) + count.to_bytes(4, "big")

    def _client_data(self, wrong: Wrong, kind: str, challenge: bytes) -> bytes:
        values = {
            "type": wrong.kind or kind,
            "challenge": base64url(wrong.challenge or challenge),
            "origin": wrong.origin or self.origin,
            "crossOrigin": bool(wrong.cross_origin),
            "other_keys_can_be_added_here": CHROMES_HINT,
        }
        return json.dumps(values).encode()

    def _answer(self, credential: str, response: Json) -> str:
        answer = {
            "id": credential,
            "rawId": credential,
            "response": response,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {"credProps": {"rk": True}},
        }
        return json.dumps(answer)


def sign(key: Key, message: bytes) -> bytes:
    """ES256, RS256 or EdDSA by the kind of key (WebAuthn 6.5.5)."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(hashes.SHA256()))
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256()) if isinstance(key, rsa.RSAPrivateKey) else key.sign(message)
