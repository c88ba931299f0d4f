"""Revoke an Administrator ID; from then on no signature and no connection with it counts."""

from __future__ import annotations

from privyseal.actions.house import House, announce, record
from privyseal.engine.authority import serial_of_certificate
from privyseal.engine.crl import encode_entry
from privyseal.engine.serials import serial_hex, shard_of
from privyseal.model.actor import Actor, ActorKind, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import NotFound
from privyseal.model.fact import FactKind
from privyseal.model.revocation import Revocation, RevocationReason
from privyseal.store import administrators, organizations, revocations
from privyseal.store.database import Transaction


def revoke_credential(house: House, tx: Transaction, actor: Actor, slug: str, certificate_sha256: str, reason: RevocationReason) -> None:
    """Revoke it in the register and on the administrators' CRL; a second time is harmless.

    Raises NotFound, NotPermitted. The provider may revoke any (a lost card), an organization its own.
    """
    organization_id = organizations.require(tx, slug).id if slug else None
    if actor.kind in {ActorKind.PROVIDER_ADMINISTRATOR, ActorKind.OPERATOR}:
        require(actor, Permission.OPERATE, None)
    else:
        require(actor, Permission.MANAGE_ADMINISTRATORS, organization_id)
    found = administrators.by_certificate(tx, certificate_sha256)
    if found is None or found[0].organization_id != organization_id:
        raise NotFound("not-found", "There is no such Administrator ID.")
    person, credential = found
    if not administrators.revoke_credential(tx, certificate_sha256):
        return
    authority = house.administrators_authority
    serial = serial_of_certificate(credential.certificate_der)
    revocation = Revocation(
        authority_id=authority.id,
        serial_hex=serial_hex(serial),
        revoked_at=tx.now,
        reason=reason,
        shard=shard_of(serial, authority.issuer.shard_count),
        expires_at=credential.not_after,
    )
    revocations.insert(tx, revocation, encode_entry(serial, tx.now, reason.code))
    record(
        house, tx, actor, slug, AuditEvent("revoke-credential", Outcome.DONE, "administrator", person.id, certificate_sha256, reason.value)
    )
    about = {"organization": slug, "administrator": person.id, "certificate_sha256": certificate_sha256, "reason": reason.value}
    announce(house, tx, FactKind.CREDENTIAL_REVOKED, about | {"by": actor.id})
