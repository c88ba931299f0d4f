"""The history of organizations: who moved which one when, and why. Rows are added, and none is changed or deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from privyseal.model.identifiers import OrganizationId
from privyseal.model.organization import OrganizationEvent, OrganizationState
from privyseal.store.database import Transaction
from privyseal.store.organizations import organizations
from privyseal.store.schema import Id, Sequence, UtcTime, metadata

organization_events = sa.Table(
    "organization_events",
    metadata,
    sa.Column("position", Sequence, primary_key=True, autoincrement=True),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), nullable=False, index=True),
    sa.Column("event", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("by_kind", sa.String(32), nullable=False),
    sa.Column("by", Id, nullable=False),
    sa.Column("reason", sa.String(1000), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """``state`` is the one that the event led to; ``by_kind`` and ``by`` are who did it, as in the audit log."""

    event: OrganizationEvent
    state: OrganizationState
    by_kind: str
    by: str
    reason: str
    at: datetime


def add(tx: Transaction, organization_id: OrganizationId, entry: HistoryEntry) -> None:
    """Note what happened."""
    values = {column.name: getattr(entry, column.name) for column in organization_events.columns if column.name in _FIELDS}
    plain = values | {"event": entry.event.value, "state": entry.state.value}
    tx.execute(organization_events.insert().values(organization_id=organization_id, **plain))


_FIELDS = {"event", "state", "by_kind", "by", "reason", "at"}


def of_organization(tx: Transaction, organization_id: OrganizationId) -> list[HistoryEntry]:
    """Return what happened to an organization, in order."""
    scope = organization_events.c.organization_id == organization_id
    rows = tx.execute(organization_events.select().where(scope).order_by(organization_events.c.position))
    return [
        HistoryEntry(OrganizationEvent(row.event), OrganizationState(row.state), row.by_kind, row.by, row.reason, row.at) for row in rows
    ]


def move(
    tx: Transaction,
    organization_id: OrganizationId,
    source: OrganizationState,
    target: OrganizationState,
    **values: object,
) -> bool:
    """Move an organization from one state to another and set columns; tells whether it was there."""
    statement = organizations.update().where(organizations.c.id == organization_id, organizations.c.state == source.value)
    return tx.changed(statement.values(state=target.value, **values)) == 1
