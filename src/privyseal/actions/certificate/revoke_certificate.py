"""Revoke a certificate, by whoever may (architecture section 3 step 10, A14, A15, I24, I25).

Durable after it: the state, the encoded CRL entry with its shard marked as changed, a key blocked for ever when it was
compromised, audit and outbox. Nothing is deleted, and a second time is harmless.
"""

from __future__ import annotations

from dataclasses import dataclass

from privyseal.actions.house import House, announce, record
from privyseal.engine.crl import encode_entry
from privyseal.engine.serials import serial_from_hex, shard_of
from privyseal.engine.signed_statement import Trust, require_signed, signer_of
from privyseal.model.actor import SYSTEM, Actor, ActorKind
from privyseal.model.administrator import Permission, require_held, require_permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.certificate import Certificate, CertificateState
from privyseal.model.errors import NotFound, Refused
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import CertificateId
from privyseal.model.organization import Organization
from privyseal.model.proof import PhraseProof
from privyseal.model.revocation import Revocation, RevocationReason, read_reason
from privyseal.model.statement import MAXIMUM_REVOCATION_LIFE, require_unexpired
from privyseal.store import certificates, departments, organizations, passkeys, revocations
from privyseal.store.database import Transaction
from privyseal.store.failpoints import failpoint
from privyseal_wire.passkey import Signature
from privyseal_wire.statements import Revocation as RevocationStatement


@dataclass(frozen=True, slots=True)
class ByAdministrator:
    """A ``privyseal.revocation.v1`` statement under an administrator's signature, by Administrator ID or passkey."""

    signature: Signature


@dataclass(frozen=True, slots=True)
class BySubscriber:
    """The challenge phrase was shown to be known."""

    proof: PhraseProof
    reason: str


@dataclass(frozen=True, slots=True)
class BySystem:
    """A rule of the service: whoever showed its private key proved that others have it (RFC 8555 7.6)."""

    reason: RevocationReason


@dataclass(frozen=True, slots=True)
class ByReplacement:
    """The grace of a replaced certificate has ended; it stays valid when no replacement is left that could serve instead."""


Authority = ByAdministrator | BySubscriber | BySystem | ByReplacement


def revoke_certificate(house: House, tx: Transaction, actor: Actor, slug: str, serial_hex: str, authority: Authority) -> Certificate:
    """Revoke and return the certificate; a revoked one is returned as it is.

    What a revoked replacement was to take the place of is no longer revoked by itself, unless its own key is in danger.

    Raises NotFound, Refused (signature, content, expiry, reason, phrase of another certificate), NotPermitted (role).
    """
    organization = organizations.require(tx, slug)
    certificate = certificates.by_serial(tx, organization.id, serial_hex)
    if certificate is None:
        raise NotFound("not-found", "There is no such certificate in your organization.")
    evidence: tuple[str, ...] = ()
    if isinstance(authority, ByAdministrator):
        actor, reason, evidence = _by_administrator(house, tx, organization, certificate, authority.signature)
    elif isinstance(authority, BySubscriber):
        if authority.proof.request_id != certificate.request_id:
            raise NotFound("not-found", "There is no such certificate in your organization.")
        reason = read_reason(authority.reason)
    elif isinstance(authority, ByReplacement):
        reason = RevocationReason.SUPERSEDED
        if _is_spared(house, tx, slug, certificate.id):
            return certificates.get(tx, certificate.id) or certificate
    else:
        reason = authority.reason
    if certificate.state is CertificateState.REVOKED:
        if reason is RevocationReason.KEY_COMPROMISE:
            revocations.block_key(tx, certificate.spki_sha256, "revoked-for-key-compromise")
        return certificate
    _revoke(house, tx, certificate, reason)
    event = AuditEvent("revoke-certificate", Outcome.DONE, "certificate", serial_hex, certificate.sha256, reason.value, evidence)
    record(house, tx, actor, slug, event)
    announce(
        house, tx, FactKind.CERTIFICATE_REVOKED, {"organization": slug, "certificate": certificate.id, "request": certificate.request_id}
    )
    _spare_replaced(house, tx, slug, certificate)
    failpoint("revoke.before-commit")
    return certificates.get(tx, certificate.id) or certificate


def _by_administrator(
    house: House, tx: Transaction, organization: Organization, certificate: Certificate, signature: Signature
) -> tuple[Actor, RevocationReason, tuple[str, ...]]:
    trust = Trust(house.administrators_authority, organization, house.relying_party)
    signed = require_signed(signature, passkeys.by_signer(tx, *signer_of(signature)), trust, tx.now)
    person, credential_sha256 = signed.person, signed.credential.certificate_sha256
    path = departments.path_of(tx, certificate.department_id)
    require_held(person, Permission.REVOKE)
    if not person.may(Permission.READ, path):
        raise NotFound("not-found", "There is no such certificate in your organization.")
    require_permission(person, Permission.REVOKE, path)
    statement = RevocationStatement.from_bytes(signed.content)
    meant = (statement.service, statement.organization, statement.ca, statement.serial, statement.revoker)
    if meant != (
        house.service.service_id,
        organization.slug,
        house.authority_of(certificate.authority_id).slug,
        certificate.serial_hex,
        person.id,
    ):
        raise Refused(
            "revocation-content", "What was signed is the revocation of another certificate, or by another person, or for another service."
        )
    require_unexpired(statement.expires, tx.now, MAXIMUM_REVOCATION_LIFE)
    passkeys.require_use(tx, signed.assertion)
    revocations.insert_statement(tx, certificate.id, signed.content, signed.content_sha256, signed.signature, credential_sha256)
    actor = Actor(ActorKind.ADMINISTRATOR, person.id, organization.id, credential_sha256)
    return actor, read_reason(statement.reason), signed.evidence


def _revoke(house: House, tx: Transaction, certificate: Certificate, reason: RevocationReason) -> None:
    if not certificates.mark_revoked(tx, certificate.id, reason.code):
        return
    serial = serial_from_hex(certificate.serial_hex)
    revocation = Revocation(
        authority_id=certificate.authority_id,
        serial_hex=certificate.serial_hex,
        revoked_at=tx.now,
        reason=reason,
        shard=shard_of(serial, house.authority_of(certificate.authority_id).issuer.shard_count),
        expires_at=certificate.not_after,
    )
    revocations.insert(tx, revocation, encode_entry(serial, tx.now, reason.code))
    if reason is RevocationReason.KEY_COMPROMISE:
        revocations.block_key(tx, certificate.spki_sha256, "revoked-for-key-compromise")


def _spare_replaced(house: House, tx: Transaction, slug: str, certificate: Certificate) -> None:
    """Let what a revoked certificate replaced live on; what that replaced in turn as well, where it is revoked itself."""
    while certificate.replaces is not None:
        _is_spared(house, tx, slug, certificate.replaces)
        older = certificates.get(tx, certificate.replaces)
        if older is None or older.state is not CertificateState.REVOKED:
            return
        certificate = older


def _is_spared(house: House, tx: Transaction, slug: str, certificate_id: CertificateId) -> bool:
    """Tell whether a replaced certificate is not revoked by itself, and put that on record when it was to be."""
    # Locked, because two replacements may be revoked at the same time and each would see the other one valid.
    certificate = certificates.lock(tx, certificate_id)
    if certificate is None or certificate.state is CertificateState.REVOKED:
        return False
    if certificate.revoke_after is None:
        return True
    if revocations.blocked_reason(tx, certificate.spki_sha256) is not None or certificates.successor_of(tx, certificate) is not None:
        return False
    if certificates.unschedule_revocation(tx, certificate.id):
        event = AuditEvent(
            "keep-certificate", Outcome.DONE, "certificate", certificate.serial_hex, certificate.sha256, "no valid replacement is left"
        )
        record(house, tx, SYSTEM, slug, event)
    return True
