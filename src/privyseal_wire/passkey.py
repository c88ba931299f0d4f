"""Assertions of passkeys over statements, verified with nothing but the certified public key (W3C WebAuthn Level 3, 7.2).

A passkey cannot sign bytes of our choice; it signs its own data and the digest of a JSON text that the browser wrote. The
challenge in that text is SHA-256 of the statement's bytes, so the assertion binds them. ``Assertion`` is the container in
which these parts are kept, for issuer and auditor to verify again. A log-on has a random challenge and never binds a
statement. Whose passkey may decide what, and whether it is revoked, is asked elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final, Self, TypeAlias
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from privyseal_wire.canonical import canonical_bytes, parse_canonical, parse_json
from privyseal_wire.errors import CanonicalRefused, PasskeyRefused
from privyseal_wire.signer_certificate import read_signer_certificate

TYPE: Final = "privyseal.passkey-assertion.v1"
MAX_ASSERTION_BYTES: Final = 8 * 1024
"""A container with an RSA signature has about 1 KiB; extensions and long origins have room."""

MAX_CREDENTIAL_BYTES: Final = 1023  # WebAuthn 4, Credential ID; CTAP 2.1 6.1.2 too.
MIN_CREDENTIAL_BYTES: Final = 16
CHALLENGE_BYTES: Final = 32

_DEFAULT_PORTS: Final = {"https": 443, "http": 80}  # An origin is written without them.
_PARTS: Final = ("credential", "client_data", "authenticator_data", "signature")
_BROWSER_PARTS: Final = ("clientDataJSON", "authenticatorData", "signature")
# WebAuthn 6.1: 32 bytes of rpIdHash, one of flags, four of signCount; what follows is announced by flags.
_FIXED_BYTES: Final = 37
_FLAGS_AT: Final = 32
_PRESENT: Final = 0x01
_VERIFIED: Final = 0x04
_BACKUP_ELIGIBLE: Final = 0x08
_BACKED_UP: Final = 0x10
_HAS_CREDENTIAL: Final = 0x40
_HAS_EXTENSIONS: Final = 0x80


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Where assertions are made: ``id`` is the host that passkeys are bound to, ``origin`` the exact origin of the pages."""

    id: str
    origin: str

    @classmethod
    def of(cls, base_url: str) -> Self:
        """Return the relying party of a service whose pages live at ``base_url``; its origin is that of RFC 6454 6.2."""
        parts = urlsplit(base_url)
        host = parts.hostname or ""
        port = "" if parts.port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f":{parts.port}"
        return cls(host, f"{parts.scheme}://{host}{port}")


@dataclass(frozen=True, slots=True)
class PasskeySigned:
    """A statement and the container of the assertion over it, both as they came."""

    content: bytes
    assertion: bytes


Signature: TypeAlias = bytes | PasskeySigned
"""How a statement arrives signed: a CMS message with the statement inside, or statement and assertion side by side."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """``credential`` is the passkey's id in base64url without padding; the rest are the bytes of WebAuthn 5.2.2."""

    credential: str
    client_data: bytes
    authenticator_data: bytes
    signature: bytes

    @property
    def sign_count(self) -> int:
        """How often the authenticator says the passkey was used; 0 for passkeys that are synchronized (WebAuthn 6.1.1)."""
        return int.from_bytes(self.authenticator_data[_FLAGS_AT + 1 : _FIXED_BYTES], "big")

    def to_bytes(self) -> bytes:
        """Return the container: RFC 8785 of the parts in base64url."""
        parts = {"client_data": self.client_data, "authenticator_data": self.authenticator_data, "signature": self.signature}
        encoded = {name: encode_base64url(value) for name, value in parts.items()}
        return canonical_bytes({"type": TYPE, "credential": self.credential, **encoded})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the assertion of a container; raises PasskeyRefused ``passkey-size`` or ``passkey-form``."""
        if len(data) > MAX_ASSERTION_BYTES:
            raise _too_large()
        try:
            values = parse_canonical(data)
        except CanonicalRefused as error:
            raise _malformed() from error
        if values.keys() != {"type", *_PARTS} or values["type"] != TYPE:
            raise _malformed()
        return cls._of([values[name] for name in _PARTS])

    @classmethod
    def from_browser(cls, text: str | bytes) -> Self:
        """Return the assertion in what ``PublicKeyCredential.toJSON()`` gives (WebAuthn 5.1, AuthenticationResponseJSON).

        Members that say nothing about the signature are passed over. Raises as :meth:`from_bytes`.
        """
        if len(text) > 2 * MAX_ASSERTION_BYTES:
            raise _too_large()
        try:
            values = parse_json(text.encode() if isinstance(text, str) else text)
        except (CanonicalRefused, UnicodeEncodeError) as error:
            raise _malformed() from error
        response = values.get("response") if isinstance(values, dict) else None
        if not isinstance(values, dict) or not isinstance(response, dict) or values.get("type") != "public-key":
            raise _malformed()
        return cls._of([values.get("id"), *(response.get(name) for name in _BROWSER_PARTS)])

    @classmethod
    def _of(cls, parts: list[object]) -> Self:
        credential, client_data, authenticator_data, signature = map(_decode, parts)
        if not MIN_CREDENTIAL_BYTES <= len(credential) <= MAX_CREDENTIAL_BYTES or len(authenticator_data) < _FIXED_BYTES:
            raise _malformed()
        return cls(encode_base64url(credential), client_data, authenticator_data, signature)


def statement_challenge(content: bytes) -> bytes:
    """Return the challenge that binds a statement: SHA-256 of its bytes."""
    return hashlib.sha256(content).digest()


def verify_signed(signed: PasskeySigned, *, certificate_der: bytes, relying_party: RelyingParty) -> Assertion:
    """Return the assertion over the statement of ``signed``; raises PasskeyRefused as :func:`verify_assertion`."""
    challenge = statement_challenge(signed.content)
    return verify_assertion(signed.assertion, certificate_der=certificate_der, challenge=challenge, relying_party=relying_party)


def verify_assertion(data: bytes, *, certificate_der: bytes, challenge: bytes, relying_party: RelyingParty) -> Assertion:
    """Return the assertion in a container, verified by the key of the passkey's certificate (WebAuthn 7.2, steps 11 to 24).

    Raises PasskeyRefused: ``passkey-size``, ``passkey-form``, ``passkey-type``, ``passkey-challenge``, ``passkey-origin``,
    ``passkey-site``, ``passkey-not-present``, ``passkey-not-verified``, ``passkey-flags``, ``passkey-key``,
    ``passkey-signature``; CmsRefused ``cms-certificate`` for a certificate that cannot be read. The sign counter is the
    caller's question, because an auditor sees assertions in any order.
    """
    assertion = Assertion.from_bytes(data)
    _verify_client_data(assertion.client_data, challenge, relying_party)
    _verify_authenticator_data(assertion.authenticator_data, relying_party)
    signed_bytes = assertion.authenticator_data + hashlib.sha256(assertion.client_data).digest()
    _verify_signature(certificate_der, assertion.signature, signed_bytes)
    return assertion


def _verify_client_data(data: bytes, challenge: bytes, relying_party: RelyingParty) -> None:
    try:
        values = parse_json(data)
    except CanonicalRefused as error:
        raise _malformed() from error
    if not isinstance(values, dict):
        raise _malformed()
    if values.get("type") != "webauthn.get":
        raise PasskeyRefused("passkey-type", "This is not the use of a passkey but something else, such as its registration.")
    found = values.get("challenge")
    if not isinstance(found, str) or not hmac.compare_digest(found.encode(errors="replace"), encode_base64url(challenge).encode()):
        raise PasskeyRefused(
            "passkey-challenge", "The passkey signed something else than what was handed in with it. Look again and sign anew."
        )
    # WebAuthn 7.2 steps 13 and 14: exactly our pages, not in a frame of somebody else's.
    if values.get("origin") != relying_party.origin or values.get("crossOrigin", False) is not False or "topOrigin" in values:
        raise PasskeyRefused("passkey-origin", f"The passkey was used on another page than those of {relying_party.origin}.")


def _verify_authenticator_data(data: bytes, relying_party: RelyingParty) -> None:
    flags = data[_FLAGS_AT]
    if not hmac.compare_digest(data[:_FLAGS_AT], hashlib.sha256(relying_party.id.encode()).digest()):
        raise PasskeyRefused("passkey-site", f"The passkey was used for another site than {relying_party.id}.")
    if not flags & _PRESENT:
        raise PasskeyRefused("passkey-not-present", "The authenticator does not say that somebody was present.")
    if not flags & _VERIFIED:
        sentence = "The authenticator did not verify who used it. Set a PIN, fingerprint or face for it, and sign again."
        raise PasskeyRefused("passkey-not-verified", sentence)
    # WebAuthn 7.2 step 19: what is not eligible for backup is not backed up. 6.1: no more bytes than the flags announce.
    has_more = bool(flags & (_HAS_CREDENTIAL | _HAS_EXTENSIONS))
    if (flags & _BACKED_UP and not flags & _BACKUP_ELIGIBLE) or (len(data) > _FIXED_BYTES) is not has_more:
        raise PasskeyRefused("passkey-flags", "The data of the authenticator contradict themselves.")


def _verify_signature(certificate_der: bytes, signature: bytes, message: bytes) -> None:
    # Which algorithm is fixed by the certified key alone (RFC 9053 2.1 ES256, RFC 8812 2 RS256); nothing that came along chooses it.
    key = read_signer_certificate(certificate_der).public_key
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        elif key.curve.name == "secp256r1":
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        else:
            raise PasskeyRefused("passkey-key", "A passkey has a P-256 or an RSA key; this certificate has another one.")
    except InvalidSignature as error:
        raise PasskeyRefused("passkey-signature", "The signature was not made by the registered passkey.") from error


def encode_base64url(data: bytes) -> str:
    """Return base64url without padding (RFC 4648 5), the form of every binary value in WebAuthn's JSON."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: object) -> bytes:
    if not isinstance(text, str) or not text or "=" in text or "+" in text or "/" in text:
        raise _malformed()
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise _malformed() from error
    # One spelling for each value (RFC 4648 3.5): the bits behind the last byte are zero.
    if encode_base64url(data) != text:
        raise _malformed()
    return data


def _malformed() -> PasskeyRefused:
    return PasskeyRefused("passkey-form", "This is not what a browser returns when a passkey is used.")


def _too_large() -> PasskeyRefused:
    return PasskeyRefused("passkey-size", f"The assertion of a passkey has at most {MAX_ASSERTION_BYTES:,} bytes.")
