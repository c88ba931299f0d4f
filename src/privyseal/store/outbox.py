"""Facts for listeners: one row per fact and listener, written in the action's own transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from privyseal.model.identifiers import new_id
from privyseal.store.database import Transaction
from privyseal.store.prepared import Prepared
from privyseal.store.schema import Id, UtcTime, metadata
from privyseal.store.upsert import insert_once

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("fact", sa.String(40), nullable=False),
    sa.Column("listener", sa.String(60), nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("dispatched_at", UtcTime),
    sa.Column("done_at", UtcTime),
    sa.Column("failure", sa.String(500), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Index("ix_outbox_waiting", "id", sqlite_where=sa.text("dispatched_at IS NULL"), postgresql_where=sa.text("dispatched_at IS NULL")),
    sa.Index("ix_outbox_undelivered", "id", sqlite_where=sa.text("done_at IS NULL"), postgresql_where=sa.text("done_at IS NULL")),
)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A fact that one listener is to hear; ``payload`` holds ids and one-time secrets that only a letter carries."""

    id: str
    fact: str
    listener: str
    payload: dict[str, Any]
    created_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Undelivered:
    """What an operator sees of a row that its listener has not heard: no payload. ``attempts`` failed so far."""

    id: str
    fact: str
    listener: str
    created_at: datetime
    attempts: int
    failure: str


_INSERT = Prepared(outbox.insert())


def insert(tx: Transaction, rows: Sequence[tuple[str, str, str, dict[str, Any]]]) -> None:
    """Add (id, fact, listener, payload) rows."""
    _INSERT.each(tx, [_values(tx, *row) for row in rows])


def insert_new(tx: Transaction, rows: Sequence[tuple[str, str, str, dict[str, Any]]]) -> int:
    """Add those (id, fact, listener, payload) rows whose ids are not there yet, whoever else adds them now; return how many."""
    return sum(insert_once(tx, outbox, _values(tx, *row)) for row in rows)


def _values(tx: Transaction, row_id: str, fact: str, listener: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row_id,
        "fact": fact,
        "listener": listener,
        "payload": payload,
        "created_at": tx.now,
        "dispatched_at": None,
        "done_at": None,
        "failure": "",
        "attempts": 0,
    }


def waiting(tx: Transaction, limit: int = 200) -> list[OutboxRow]:
    """Return rows that no workflow was started for, oldest first."""
    rows = tx.execute(outbox.select().where(outbox.c.dispatched_at.is_(None)).order_by(outbox.c.id).limit(limit))
    return [_row(row) for row in rows]


def _row(row: Any) -> OutboxRow:  # noqa: ANN401 - a row of the table above
    return OutboxRow(row.id, row.fact, row.listener, row.payload, row.created_at, row.attempts)


def mark_dispatched(tx: Transaction, row_ids: Sequence[str]) -> None:
    """Note that workflows were started for these rows."""
    tx.execute(outbox.update().where(outbox.c.id.in_(list(row_ids))).values(dispatched_at=tx.now))


def get(tx: Transaction, row_id: str) -> OutboxRow | None:
    """Return the row or None."""
    row = tx.execute(outbox.select().where(outbox.c.id == row_id)).first()
    return None if row is None else _row(row)


def is_done(tx: Transaction, row_id: str) -> bool:
    """Tell whether the listener finished this row: work done twice stops here."""
    return tx.execute(sa.select(outbox.c.id).where(outbox.c.id == row_id, outbox.c.done_at.is_not(None))).first() is not None


def mark_done(tx: Transaction, row_id: str) -> None:
    """Note that the listener finished, and forget the payload: it may hold a one-time secret."""
    tx.execute(outbox.update().where(outbox.c.id == row_id).values(done_at=tx.now, failure="", payload={}))


def note_failure(tx: Transaction, row_id: str, failure: str) -> None:
    """Note why the last try failed; operators read it."""
    tx.execute(outbox.update().where(outbox.c.id == row_id).values(failure=failure[:500], attempts=outbox.c.attempts + 1))


_FAILING = sa.and_(outbox.c.failure != "", outbox.c.done_at.is_(None))


def failing(tx: Transaction, limit: int = 100) -> list[Undelivered]:
    """Return rows that failed at least once and are not done, oldest first."""
    statement = outbox.select().where(_FAILING).order_by(outbox.c.id).limit(limit)
    return [Undelivered(row.id, row.fact, row.listener, row.created_at, row.attempts, row.failure) for row in tx.execute(statement)]


def count_failing(tx: Transaction) -> int:
    """Return how many rows failed at least once and are not done."""
    return int(tx.execute(sa.select(sa.func.count()).select_from(outbox).where(_FAILING)).scalar_one())


def retry(tx: Transaction, row_ids: Sequence[str] | None = None) -> list[str]:
    """Let the dispatcher take failing rows (None: all of them) at its next turn; return their ids."""
    statement = outbox.update().where(_FAILING)
    if row_ids is not None:
        statement = statement.where(outbox.c.id.in_(list(row_ids)))
    return sorted(row.id for row in tx.execute(statement.values(dispatched_at=None).returning(outbox.c.id)))


def open_rows(tx: Transaction, *, dispatched_before: datetime, created_after: datetime) -> list[tuple[str, int]]:
    """Return (id, attempts) of rows that were dispatched before a moment and are not done, of those born after another."""
    statement = (
        sa.select(outbox.c.id, outbox.c.attempts)
        .where(outbox.c.id > _first_id(created_after), outbox.c.done_at.is_(None), outbox.c.dispatched_at < dispatched_before)
        .order_by(outbox.c.id)
    )
    return [(row.id, row.attempts) for row in tx.execute(statement)]


def delete_done(tx: Transaction, before: datetime, limit: int) -> int:
    """Delete up to ``limit`` rows that were done before a moment, oldest first; return how many. Others stay, however old."""
    # What was done before the moment was born before it.
    old = sa.select(outbox.c.id).where(outbox.c.id < _first_id(before), outbox.c.done_at < before)
    return tx.changed(outbox.delete().where(outbox.c.id.in_(old.order_by(outbox.c.id).limit(limit))))


def _first_id(moment: datetime) -> str:
    """The id that sorts before those of all rows born from this moment on.

    Ids sort by time of birth, so the primary key finds the young and the old rows among all that ever were.
    """
    return new_id("fact", moment, bytes)
