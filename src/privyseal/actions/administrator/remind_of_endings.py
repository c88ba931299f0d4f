"""Tell the owners of Administrator IDs and passkeys that they end in 30 days, and in 7: by letter, each once (requirements 5.5).

Durable after it: one outbox row for each reminder. A second time, after a crash or on another node, adds none.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from privyseal.actions.house import House, announce_once
from privyseal.model.actor import Actor
from privyseal.model.administrator import AdministratorState
from privyseal.model.fact import FactKind
from privyseal.store import administrators, organizations, renewals
from privyseal.store.database import Transaction

STAGES: Final = (timedelta(days=7), timedelta(days=30))
"""The nearest first: who is told late, because the service stood still, is told once and of what is left."""


def remind_of_endings(house: House, tx: Transaction, actor: Actor) -> int:
    """Announce every credential that ends within a stage of which nobody was told; return how many rows are new.

    One that is revoked, or whose successor is there, is left out.
    """
    told = 0
    for credential in administrators.ending_before(tx, tx.now + STAGES[-1]):
        person = administrators.get(tx, credential.administrator_id)
        if person is None or person.state is not AdministratorState.ACTIVE or renewals.is_replaced(tx, credential.certificate_sha256):
            continue
        stage = next(stage for stage in STAGES if credential.not_after <= tx.now + stage)
        slug = organizations.get(tx, person.organization_id).slug if person.organization_id else ""
        payload = {"organization": slug, "administrator": person.id, "certificate_sha256": credential.certificate_sha256}
        occasion = f"{credential.certificate_sha256} {stage.days}"
        told += announce_once(house, tx, FactKind.CREDENTIAL_ENDING, occasion, credential.not_after - stage, payload)
    return told
