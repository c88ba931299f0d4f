"""Changes of contacts: proposed, answered at both addresses, applied or ended. Nothing is deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from privyseal.model.application import ContactKind
from privyseal.model.contact_change import ContactChange, ContactChangeEnd, ContactSide
from privyseal.model.identifiers import ContactChangeId, OrganizationId
from privyseal.store.database import Transaction
from privyseal.store.schema import Digest, Id, UtcTime, metadata

contact_changes = sa.Table(
    "contact_changes",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("asked_email", sa.String(254), nullable=False),
    sa.Column("asked_hash", Digest, nullable=False),
    sa.Column("new_hash", Digest, nullable=False),
    sa.Column("is_by_provider", sa.Boolean, nullable=False),
    sa.Column("proposed_by", Id, nullable=False),
    sa.Column("proposed_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("agreed_at", UtcTime),
    sa.Column("confirmed_at", UtcTime),
    sa.Column("called_at", UtcTime),
    sa.Column("called_by", Id, nullable=False),
    sa.Column("telephone", sa.String(40), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("ended_at", UtcTime),
    sa.Column("ended_by", Id, nullable=False),
    sa.Column("end", sa.String(16)),
)
_OPEN = contact_changes.c.end.is_(None)
sa.Index(
    "uq_contact_changes_open",
    contact_changes.c.organization_id,
    contact_changes.c.kind,
    unique=True,
    sqlite_where=contact_changes.c.ended_at.is_(None),
    postgresql_where=contact_changes.c.ended_at.is_(None),
)
sa.Index(
    "ix_contact_changes_expires_at",
    contact_changes.c.expires_at,
    sqlite_where=contact_changes.c.ended_at.is_(None),
    postgresql_where=contact_changes.c.ended_at.is_(None),
)


def _contact_change(row: Mapping[Any, Any]) -> ContactChange:
    fields = {column.name: row[column.name] for column in contact_changes.columns}
    end = ContactChangeEnd(fields["end"]) if fields["end"] else None
    return ContactChange(**{**fields, "kind": ContactKind(fields["kind"]), "end": end})


def insert(tx: Transaction, change: ContactChange) -> None:
    """Add what was proposed."""
    values = {column.name: getattr(change, column.name) for column in contact_changes.columns}
    tx.execute(contact_changes.insert().values(**values | {"kind": change.kind.value, "end": change.end.value if change.end else None}))


def get(tx: Transaction, organization_id: OrganizationId, change_id: ContactChangeId) -> ContactChange | None:
    """Return one of this organization, or None."""
    clause = (contact_changes.c.id == change_id, contact_changes.c.organization_id == organization_id)
    row = tx.execute(contact_changes.select().where(*clause)).first()
    return None if row is None else _contact_change(row._mapping)


def of_organization(tx: Transaction, organization_id: OrganizationId, limit: int = 200) -> list[ContactChange]:
    """Return the newest of an organization, the newest first."""
    statement = contact_changes.select().where(contact_changes.c.organization_id == organization_id)
    return [_contact_change(row._mapping) for row in tx.execute(statement.order_by(contact_changes.c.id.desc()).limit(limit))]


def open_of(tx: Transaction, organization_id: OrganizationId) -> list[ContactChange]:
    """Return those of an organization that have not ended, also where their time is over."""
    rows = tx.execute(contact_changes.select().where(contact_changes.c.organization_id == organization_id, _OPEN))
    return [_contact_change(row._mapping) for row in rows]


def expired(tx: Transaction, limit: int = 100) -> list[ContactChange]:
    """Return those whose time is over and that have not ended."""
    statement = contact_changes.select().where(_OPEN, contact_changes.c.expires_at <= tx.now).order_by(contact_changes.c.expires_at)
    return [_contact_change(row._mapping) for row in tx.execute(statement.limit(limit))]


def agree(tx: Transaction, change: ContactChange, side: ContactSide) -> bool:
    """Note the yes of one side to an open one; tells whether this call was the first."""
    column = contact_changes.c.agreed_at if side is ContactSide.ASKED else contact_changes.c.confirmed_at
    clause = (contact_changes.c.id == change.id, _OPEN, contact_changes.c.expires_at > tx.now, column.is_(None))
    return tx.changed(contact_changes.update().where(*clause).values({column.name: tx.now})) == 1


def call(tx: Transaction, change: ContactChange, by: str, telephone: str, note: str) -> bool:
    """Note the call that stands for the old address; tells whether this call was the first, in time, and somebody else's."""
    clause = (
        contact_changes.c.id == change.id,
        _OPEN,
        contact_changes.c.expires_at > tx.now,
        contact_changes.c.called_at.is_(None),
        contact_changes.c.proposed_by != by,
    )
    values = {"called_at": tx.now, "called_by": by, "telephone": telephone, "note": note}
    return tx.changed(contact_changes.update().where(*clause).values(**values)) == 1


def apply(tx: Transaction, change: ContactChange) -> bool:
    """End it as applied where both sides, or the call and the new address, have said yes in time; tells whether they have."""
    clause = (
        contact_changes.c.id == change.id,
        _OPEN,
        contact_changes.c.expires_at > tx.now,
        contact_changes.c.confirmed_at.is_not(None),
        sa.or_(contact_changes.c.agreed_at.is_not(None), contact_changes.c.called_at.is_not(None)),
    )
    values = {"end": ContactChangeEnd.APPLIED.value, "ended_at": tx.now}
    return tx.changed(contact_changes.update().where(*clause).values(**values)) == 1


def close(tx: Transaction, change: ContactChange, end: ContactChangeEnd, by: str = "") -> bool:
    """End an open one otherwise; tells whether this call did."""
    clause = (contact_changes.c.id == change.id, _OPEN)
    return tx.changed(contact_changes.update().where(*clause).values(end=end.value, ended_at=tx.now, ended_by=by)) == 1
