"""Have letters that failed tried again now."""

from __future__ import annotations

from collections.abc import Sequence

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.store import outbox
from privyseal.store.database import Transaction


def retry_deliveries(house: House, tx: Transaction, actor: Actor, row_ids: Sequence[str] | None) -> list[str]:
    """Queue failed rows again, all when ``row_ids`` is None, and return their ids; raises NotPermitted, Unauthenticated."""
    require(actor, Permission.OPERATE, None)
    queued = outbox.retry(tx, row_ids)
    event = AuditEvent("retry-deliveries", Outcome.DONE, "outbox", queued[0] if len(queued) == 1 else "all", reason=f"{len(queued)} queued")
    record(house, tx, actor, "", event)
    return queued
