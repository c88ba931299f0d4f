"""The provider closes a suspended organization for ever (A17: nothing is deleted).

Durable after it, in one transaction: the state, every credential and token of its people revoked, their sessions ended. Its
certificates are revoked with cessationOfOperation by the sweep, in portions: there may be very many. Whoever closes has seen
how many are valid and says that number; when it changed meanwhile, nothing is done.
"""

from __future__ import annotations

from privyseal.actions.account_life import happened, move
from privyseal.actions.house import House, announce, record
from privyseal.engine.authority import serial_of_certificate
from privyseal.engine.crl import encode_entry
from privyseal.engine.serials import serial_hex, shard_of
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Administrator, Credential, Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict
from privyseal.model.fact import FactKind
from privyseal.model.organization import Organization, OrganizationEvent
from privyseal.model.request import require_text
from privyseal.model.revocation import Revocation, RevocationReason
from privyseal.model.session import SessionEnd
from privyseal.store import administrators, certificates, organizations, revocations, sessions
from privyseal.store.database import Transaction

REASON = RevocationReason.CESSATION_OF_OPERATION


def close_organization(house: House, tx: Transaction, actor: Actor, slug: str, reason: str, *, valid_certificates: int) -> Organization:
    """Close it; ``valid_certificates`` is how many are going to be revoked, as shown before.

    Raises NotFound, NotPermitted, Refused ``text``, Conflict ``organization-state``, ``certificates-changed``.
    """
    require(actor, Permission.SUSPEND, None)
    organization = organizations.require(tx, slug)
    text = require_text("reason", " ".join(reason.splitlines()), 1000)
    audited = happened("close-organization", organization, f"{valid_certificates} certificates")
    closed = move(house, tx, actor, organization, OrganizationEvent.CLOSE, audited, reason=text)
    now_valid = certificates.count_valid(tx, organization.id)
    if now_valid != valid_certificates:
        sentence = f"There are {now_valid} valid certificates now, not {valid_certificates}. Look at what is revoked, and confirm it again."
        raise Conflict("certificates-changed", sentence, field="valid_certificates")
    for person in administrators.of_organization(tx, organization.id):
        for session in sessions.live_of(tx, person.id):
            sessions.end(tx, session.id, SessionEnd.CREDENTIAL_REVOKED)
        for credential in administrators.credentials_of(tx, person.id):
            _revoke(house, tx, actor, organization, person, credential)
    for token in administrators.tokens_of(tx, organization.id):
        if administrators.revoke_token(tx, organization.id, token.id):
            record(house, tx, actor, slug, AuditEvent("revoke-api-token", Outcome.DONE, "api-token", token.id))
    announce(house, tx, FactKind.ORGANIZATION_MOVED, {"organization": slug, "event": OrganizationEvent.CLOSE.value})
    return closed


def _revoke(house: House, tx: Transaction, actor: Actor, organization: Organization, person: Administrator, credential: Credential) -> None:
    if not administrators.revoke_credential(tx, credential.certificate_sha256):
        return
    authority, serial = house.administrators_authority, serial_of_certificate(credential.certificate_der)
    revocation = Revocation(
        authority_id=authority.id,
        serial_hex=serial_hex(serial),
        revoked_at=tx.now,
        reason=REASON,
        shard=shard_of(serial, authority.issuer.shard_count),
        expires_at=credential.not_after,
    )
    revocations.insert(tx, revocation, encode_entry(serial, tx.now, REASON.code))
    event = AuditEvent("revoke-credential", Outcome.DONE, "administrator", person.id, credential.certificate_sha256, REASON.value)
    record(house, tx, actor, organization.slug, event)
