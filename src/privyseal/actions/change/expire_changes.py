"""End the changes that did not get their signatures in seven days, and tell of it; run by the sweep, harmless to repeat."""

from __future__ import annotations

from privyseal.actions.changing import tell_closed
from privyseal.actions.changing_kinds import Side
from privyseal.actions.house import House, record
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.change import ChangeState
from privyseal.store import changes, organizations
from privyseal.store.database import Transaction


def expire_changes(house: House, tx: Transaction, actor: Actor) -> int:
    """Return how many were ended."""
    ended = 0
    for change in changes.expired(tx):
        side = Side(organizations.get(tx, change.organization_id) if change.organization_id else None)
        if changes.close(tx, change.id, ChangeState.EXPIRED):
            record(house, tx, actor, side.slug, AuditEvent("expire-change", Outcome.DONE, "change", change.id, change.content_sha256))
            tell_closed(house, tx, side, change)
            ended += 1
    return ended
