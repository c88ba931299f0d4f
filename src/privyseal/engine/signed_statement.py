"""Who signed a statement, and with what: an Administrator ID by CMS, or a passkey by an assertion.

Both kinds are certificates of the administrators' CA, so all that follows from a credential is the same. The service asks
once when a statement comes in (``signer_of``, ``require_signed``), the issuer and auditors ask again about what was stored
(``verify_stored``). Bytes are kept as they came.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from privyseal.engine.administrator_id import is_passkey, require_administrator_id
from privyseal.engine.authority import Authority
from privyseal.model.administrator import Administrator, Credential
from privyseal.model.errors import Refused
from privyseal.model.organization import Organization
from privyseal_wire.cms import signer_fingerprint, verify_attached
from privyseal_wire.passkey import Assertion, PasskeySigned, RelyingParty, Signature, verify_signed

_CONTAINER_BEGINS = b"{"
"""A container is a JSON object; CMS begins with 0x30, a hyphen of PEM, or base64, which has no brace."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What a signature is measured by: the administrators' CA, the organization (None: the provider), the site of passkeys."""

    authority: Authority
    organization: Organization | None
    site: RelyingParty


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """``content`` is what was signed, ``signature`` the CMS message or the assertion's container; ``assertion`` is None for CMS."""

    content: bytes
    signature: bytes
    person: Administrator
    credential: Credential
    assertion: Assertion | None

    @property
    def content_sha256(self) -> str:
        """SHA-256 of what was signed, in hex."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def evidence(self) -> tuple[str, str]:
        """What an audit entry says about it: SHA-256 of content and of signature, in hex."""
        return self.content_sha256, hashlib.sha256(self.signature).hexdigest()


def signer_of(signature: Signature) -> tuple[str, str]:
    """Return the SHA-256 of the certificate and the id of the passkey that a signature names; one of them is empty.

    Nothing is verified. Raises CmsRefused or PasskeyRefused for other bytes.
    """
    if isinstance(signature, PasskeySigned):
        return "", Assertion.from_bytes(signature.assertion).credential
    return signer_fingerprint(signature).hex(), ""


def require_signed(signature: Signature, found: tuple[Administrator, Credential] | None, trust: Trust, now: datetime) -> SignedStatement:
    """Return the statement that ``found``, the person and credential registered under ``signer_of``, has signed.

    What the person may do, and whether the statement fits, is asked elsewhere. Raises Refused ``signer-unknown`` (nobody, or
    somebody of another organization), ``credential-unusable``, ``credential-forged``, ``credential-kind``; CmsRefused or
    PasskeyRefused for a signature that does not verify.
    """
    organization = trust.organization
    if found is None or found[0].organization_id != (organization.id if organization else None):
        owner = organization.name if organization else "the provider"
        raise Refused("signer-unknown", f"The signature is not by a registered Administrator ID or passkey of {owner}.")
    person, credential = found
    if not credential.is_usable(now):
        raise Refused("credential-unusable", f"The Administrator ID or passkey of {person.name} is revoked or has expired.")
    require_administrator_id(trust.authority, credential.certificate_der, person, organization, now)
    _require_kind(credential, is_assertion=isinstance(signature, PasskeySigned))
    if isinstance(signature, PasskeySigned):
        assertion = verify_signed(signature, certificate_der=credential.certificate_der, relying_party=trust.site)
        return SignedStatement(signature.content, signature.assertion, person, credential, assertion)
    content = verify_attached(signature, signer_certificate_der=credential.certificate_der).content
    return SignedStatement(content, signature, person, credential, None)


def stored_signature(content: bytes, signature: bytes) -> Signature:
    """Return a signature as it was handed in, from content and signature as they were stored; nothing is verified."""
    return PasskeySigned(content, signature) if signature.startswith(_CONTAINER_BEGINS) else signature


def is_assertion(signature: bytes) -> bool:
    """Tell whether a signature as it was stored claims to be a passkey's; which it is, is verified with the statement."""
    return signature.startswith(_CONTAINER_BEGINS)


def verify_stored(content: bytes, signature: bytes, credential: Credential, site: RelyingParty) -> bytes:
    """Return what was signed, of a statement as it was stored; ``content`` is believed only as far as the signature covers it.

    The credential's certificate was checked by ``require_administrator_id``. Raises Refused ``credential-kind``, CmsRefused
    or PasskeyRefused.
    """
    by_passkey = is_assertion(signature)
    _require_kind(credential, is_assertion=by_passkey)
    if by_passkey:
        verify_signed(PasskeySigned(content, signature), certificate_der=credential.certificate_der, relying_party=site)
        return content
    return verify_attached(signature, signer_certificate_der=credential.certificate_der).content


def _require_kind(credential: Credential, *, is_assertion: bool) -> None:
    # A policy may ask for CMS because a page cannot choose what is signed there; so a passkey's key never counts as CMS.
    if is_passkey(credential.certificate_der) is not is_assertion:
        sentence = "The signature is of another kind than the credential: Administrator IDs sign CMS messages, passkeys sign assertions."
        raise Refused("credential-kind", sentence)
