"""What a browser is asked for and what it answers when a passkey is registered or used (W3C WebAuthn Level 3, 5.4 and 7.1).

Registrations are read by py_webauthn, which knows the formats of authenticators; everything it may raise ends in Refused.
Assertions over statements are verified by privyseal_wire.passkey alone, for the issuer and auditors as well.

The library is imported where it is used: it brings a parser for every format of attestation, and the first page of a portal
would wait for all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from privyseal.model.administrator import Administrator
from privyseal.model.errors import Refused
from privyseal.model.passkey import Passkey
from privyseal_wire.canonical import parse_json
from privyseal_wire.errors import CanonicalRefused
from privyseal_wire.passkey import CHALLENGE_BYTES, MAX_CREDENTIAL_BYTES, MIN_CREDENTIAL_BYTES, RelyingParty, encode_base64url

if TYPE_CHECKING:
    from webauthn.helpers.cose import COSEAlgorithmIdentifier
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor, RegistrationCredential

MAX_REGISTRATION_BYTES: Final = 16 * 1024
"""A registration without attestation has about 1 KiB."""

ALGORITHMS: Final = (-7, -257)
"""ES256 (RFC 9053 2.1), RS256 (RFC 8812 2) for Windows Hello. EdDSA is left out: the CAs certify no Ed25519 key for people."""

_FORMATS: Final = {"none", "packed"}
"""None was asked for; a browser may leave a self attestation in place (WebAuthn 5.1.3). Others are not even read."""

TIMEOUT_MILLISECONDS: Final = 300_000  # WebAuthn 15.1 recommends 5 minutes where a person is verified.


@dataclass(frozen=True, slots=True)
class Registration:
    """A new passkey as its authenticator presents it; ``passkey_id`` is base64url, ``spki_der`` the key as certificates hold it.

    ``transports`` are hints for the next use (WebAuthn 5.8.4). Nothing attests what kind of authenticator it is.
    """

    passkey_id: str
    spki_der: bytes
    sign_count: int
    transports: tuple[str, ...]

    @property
    def spki_sha256(self) -> str:
        """SHA-256 of the key in hex."""
        return hashlib.sha256(self.spki_der).hexdigest()


def registration_options(site: RelyingParty, person: Administrator, challenge: bytes, existing: Sequence[Passkey]) -> str:
    """Return the JSON that ``PublicKeyCredential.parseCreationOptionsFromJSON`` takes (WebAuthn 5.1.8).

    ``challenge`` is 32 random bytes; ``existing`` are the person's passkeys, so that one authenticator is not registered twice.
    """
    import webauthn  # noqa: PLC0415 - see above
    from webauthn.helpers.structs import (  # noqa: PLC0415 - see above
        AttestationConveyancePreference,
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = webauthn.generate_registration_options(
        rp_id=site.id,
        rp_name="Privyseal",
        user_id=hashlib.sha256(person.id.encode()).digest(),  # WebAuthn 14.6.1: a handle that tells nothing about the person.
        user_name=person.email,
        user_display_name=person.name,
        challenge=challenge,
        timeout=TIMEOUT_MILLISECONDS,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[_descriptor(passkey) for passkey in existing],
        supported_pub_key_algs=_algorithms(),
    )
    return webauthn.options_to_json(options)


def assertion_options(site: RelyingParty, challenge: bytes, allowed: Sequence[Passkey]) -> str:
    """Return the JSON that ``PublicKeyCredential.parseRequestOptionsFromJSON`` takes (WebAuthn 5.1.9).

    ``challenge`` is SHA-256 of a statement, or 32 random bytes for a sign-in. ``allowed`` are the passkeys of the person who
    decides, in this organization; empty lets a sign-in choose any passkey of this site that the authenticator keeps.
    """
    import webauthn  # noqa: PLC0415 - see above
    from webauthn.helpers.structs import UserVerificationRequirement  # noqa: PLC0415 - see above

    options = webauthn.generate_authentication_options(
        rp_id=site.id,
        challenge=challenge,
        timeout=TIMEOUT_MILLISECONDS,
        allow_credentials=[_descriptor(passkey) for passkey in allowed],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def _descriptor(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    from webauthn.helpers import base64url_to_bytes  # noqa: PLC0415 - see above
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor  # noqa: PLC0415 - see above

    known = {item.value: item for item in AuthenticatorTransport}
    hints = [known[name] for name in passkey.transports if name in known]
    return PublicKeyCredentialDescriptor(id=base64url_to_bytes(passkey.passkey_id), transports=hints or None)


def _algorithms() -> list[COSEAlgorithmIdentifier]:
    from webauthn.helpers.cose import COSEAlgorithmIdentifier  # noqa: PLC0415 - see above

    return [COSEAlgorithmIdentifier(number) for number in ALGORITHMS]


def registration_challenge(registration: str) -> bytes:
    """Return the challenge that a registration claims to answer, to look it up; nothing is verified.

    Raises Refused ``passkey-registration``.
    """
    from webauthn.helpers import base64url_to_bytes  # noqa: PLC0415 - see above

    _require_size(registration)
    try:
        response = _member(parse_json(registration.encode()), "response")
        client_data = base64url_to_bytes(str(_member(response, "clientDataJSON")))
        challenge = base64url_to_bytes(str(_member(parse_json(client_data), "challenge")))
    except (CanonicalRefused, ValueError) as error:
        raise _unreadable() from error
    if len(challenge) != CHALLENGE_BYTES:
        raise _unreadable()
    return challenge


def read_registration(registration: str, challenge: bytes, site: RelyingParty) -> Registration:
    """Return the passkey that the answer of ``navigator.credentials.create()`` presents, verified as WebAuthn 7.1 says.

    The person was verified, the page was ours and in no foreign frame, the challenge is the given one, the key is P-256 or
    RSA. Raises Refused ``passkey-registration`` for everything else.
    """
    import webauthn  # noqa: PLC0415 - see above
    from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography  # noqa: PLC0415 - see above

    _require_size(registration)
    try:
        presented = _require_own_page(registration)
        verified = webauthn.verify_registration_response(
            credential=registration,
            expected_challenge=challenge,
            expected_rp_id=site.id,
            expected_origin=site.origin,
            require_user_verification=True,
            supported_pub_key_algs=_algorithms(),
        )
        key = decoded_public_key_to_cryptography(decode_credential_public_key(verified.credential_public_key))
        spki_der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except Refused:
        raise
    except Exception as error:  # The library and the parsers under it raise their own families, KeyError, OpenSSL's and more.
        raise _unreadable() from error
    passkey_id = encode_base64url(verified.credential_id)
    # The id outside is what the browser will be asked for; the library does not compare it with the attested one.
    if not MIN_CREDENTIAL_BYTES <= len(verified.credential_id) <= MAX_CREDENTIAL_BYTES or presented.id != passkey_id:
        raise _unreadable()
    hints = tuple(sorted({item.value for item in presented.response.transports or ()}))
    return Registration(passkey_id, spki_der, verified.sign_count, hints)


def _require_own_page(registration: str) -> RegistrationCredential:
    from webauthn.helpers import parse_attestation_object, parse_registration_credential_json  # noqa: PLC0415 - see above

    # WebAuthn 7.1 steps 10 and 11: the library looks at the origin alone, and at attestations that nobody asked for.
    presented = parse_registration_credential_json(registration)
    values = parse_json(presented.response.client_data_json)
    if not isinstance(values, dict) or values.get("crossOrigin", False) is not False or "topOrigin" in values:
        raise _unreadable()
    if parse_attestation_object(presented.response.attestation_object).fmt not in _FORMATS:
        raise _unreadable()
    return presented


def _require_size(registration: str) -> None:
    if len(registration) > MAX_REGISTRATION_BYTES:
        raise _unreadable()


def _member(value: object, name: str) -> object:
    return value.get(name, "") if isinstance(value, dict) else ""


def _unreadable() -> Refused:
    sentence = (
        "The passkey was not registered: what the browser sent is not a new passkey for this site with its user verified, or it answers "
        "another challenge. Start again; choose an authenticator with a PIN, fingerprint or face."
    )
    return Refused("passkey-registration", sentence, field="registration")
