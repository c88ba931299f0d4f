"""How a credential ends: in the register, on the administrators' CRL, in the log, and by letter.

No action, but what ``revoke_credential`` (a person's decision) and a replacement (its consequence) share.
"""

from __future__ import annotations

from privyseal.actions.house import House, announce, record
from privyseal.engine.authority import serial_of_certificate
from privyseal.engine.crl import encode_entry
from privyseal.engine.serials import serial_hex, shard_of
from privyseal.model.actor import Actor
from privyseal.model.administrator import Administrator, Credential
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.fact import FactKind
from privyseal.model.revocation import Revocation, RevocationReason
from privyseal.store import administrators, revocations
from privyseal.store.database import Transaction


def withdraw(
    house: House, tx: Transaction, actor: Actor, slug: str, person: Administrator, credential: Credential, reason: RevocationReason
) -> bool:
    """Revoke a credential; tells whether it was usable until now. A second time is harmless."""
    if not administrators.revoke_credential(tx, credential.certificate_sha256):
        return False
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
    sha256 = credential.certificate_sha256
    record(house, tx, actor, slug, AuditEvent("revoke-credential", Outcome.DONE, "administrator", person.id, sha256, reason.value))
    about = {"organization": slug, "administrator": person.id, "certificate_sha256": sha256, "reason": reason.value}
    announce(house, tx, FactKind.CREDENTIAL_REVOKED, about | {"by": actor.id})
    return True
