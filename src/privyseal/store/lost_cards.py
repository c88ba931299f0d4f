"""Lost cards: what was reported, confirmed and concluded. Nothing is deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from privyseal.model.identifiers import LostCardId
from privyseal.model.lost_card import LostCard, LostCardEnd
from privyseal.store.database import Transaction
from privyseal.store.schema import Digest, Id, UtcTime, metadata

lost_cards = sa.Table(
    "lost_cards",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("administrator_id", Id, sa.ForeignKey("administrators.id"), nullable=False),
    sa.Column("code_hash", Digest, nullable=False, unique=True),
    sa.Column("asked_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("confirmed_at", UtcTime),
    sa.Column("concluded_at", UtcTime),
    sa.Column("concluded_by", Id),
    sa.Column("end", sa.String(16)),
    sa.Column("note", sa.Text, nullable=False),
)


def _lost_card(row: Mapping[Any, Any]) -> LostCard:
    fields = {column.name: row[column.name] for column in lost_cards.columns}
    return LostCard(**{**fields, "end": LostCardEnd(fields["end"]) if fields["end"] else None})


def insert(tx: Transaction, lost: LostCard) -> None:
    """Add what was reported."""
    values = {column.name: getattr(lost, column.name) for column in lost_cards.columns}
    tx.execute(lost_cards.insert().values(**values | {"end": lost.end.value if lost.end else None}))


def of_code(tx: Transaction, code_hash: str) -> LostCard | None:
    """Return the report of this code, or None."""
    row = tx.execute(lost_cards.select().where(lost_cards.c.code_hash == code_hash)).first()
    return None if row is None else _lost_card(row._mapping)


def get(tx: Transaction, lost_id: LostCardId) -> LostCard | None:
    """Return one, or None."""
    row = tx.execute(lost_cards.select().where(lost_cards.c.id == lost_id)).first()
    return None if row is None else _lost_card(row._mapping)


def confirm(tx: Transaction, lost_id: LostCardId) -> bool:
    """Note that the corporate contact confirmed in time; tells whether this call was the first."""
    clause = (lost_cards.c.id == lost_id, lost_cards.c.confirmed_at.is_(None), lost_cards.c.expires_at > tx.now)
    return tx.changed(lost_cards.update().where(*clause).values(confirmed_at=tx.now)) == 1


def conclude(tx: Transaction, lost_id: LostCardId, by: str, end: LostCardEnd, note: str) -> bool:
    """Note what the provider concluded about a confirmed report; tells whether this call was the first."""
    clause = (lost_cards.c.id == lost_id, lost_cards.c.confirmed_at.is_not(None), lost_cards.c.concluded_at.is_(None))
    values = {"concluded_at": tx.now, "concluded_by": by, "end": end.value, "note": note}
    return tx.changed(lost_cards.update().where(*clause).values(**values)) == 1


def newest(tx: Transaction, limit: int) -> list[LostCard]:
    """Return the confirmed ones: those that wait for the provider first, then the newest."""
    waits = sa.case((lost_cards.c.concluded_at.is_(None), 0), else_=1)
    statement = lost_cards.select().where(lost_cards.c.confirmed_at.is_not(None)).order_by(waits, lost_cards.c.id.desc()).limit(limit)
    return [_lost_card(row._mapping) for row in tx.execute(statement)]


def waiting(tx: Transaction) -> int:
    """Return how many wait for the provider."""
    clause = (lost_cards.c.confirmed_at.is_not(None), lost_cards.c.concluded_at.is_(None))
    return int(tx.execute(sa.select(sa.func.count()).select_from(lost_cards).where(*clause)).scalar_one())
