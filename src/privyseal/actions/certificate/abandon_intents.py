"""Close intents that a crash left between preparation and completion (architecture section 3 steps 5 and 6).

Such a serial may have been signed by a process that then died, so it is never signed again: it is listed as revoked in
CRL and OCSP, and its request goes back to approved for a new serial under the same approval. The unit stays reserved.
"""

from __future__ import annotations

from collections.abc import Sequence

from privyseal.actions.house import House, record
from privyseal.engine.crl import encode_entry
from privyseal.engine.serials import serial_from_hex, shard_of
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.certificate import Intent, IntentState
from privyseal.model.identifiers import RequestId
from privyseal.model.request import RequestEvent
from privyseal.model.revocation import Revocation, RevocationReason
from privyseal.store import certificates, organizations, requests, revocations
from privyseal.store.database import Transaction


def abandon_intents(house: House, tx: Transaction, actor: Actor, orphans: Sequence[Intent]) -> list[RequestId]:
    """Abandon those of ``orphans`` that are still only prepared; return the requests to prepare again."""
    closed = set(certificates.close_intents(tx, [intent.id for intent in orphans], IntentState.ABANDONED))
    abandoned = [intent for intent in orphans if intent.id in closed]
    again = requests.happen(tx, [intent.request_id for intent in abandoned if intent.request_id], RequestEvent.ABANDON)
    revoked: list[tuple[Revocation, bytes]] = []
    events: dict[str, list[AuditEvent]] = {}
    for intent in abandoned:
        authority = house.authority_of(intent.authority_id)
        serial = serial_from_hex(intent.serial_hex)
        revocation = Revocation(
            authority_id=intent.authority_id,
            serial_hex=intent.serial_hex,
            revoked_at=tx.now,
            reason=RevocationReason.CESSATION_OF_OPERATION,
            shard=shard_of(serial, authority.issuer.shard_count),
            expires_at=intent.not_after,
        )
        revoked.append((revocation, encode_entry(serial, tx.now, revocation.reason.code)))
        slug = organizations.get(tx, intent.organization_id).slug if intent.organization_id else ""
        event = AuditEvent("abandon-intent", Outcome.DONE, "intent", intent.id, reason=f"serial {intent.serial_hex}")
        events.setdefault(slug, []).append(event)
    for slug, written in events.items():
        record(house, tx, actor, slug, *written)
    # Last: from here on whoever revokes or publishes waits for this transaction.
    revocations.insert_all(tx, revoked)
    return again
