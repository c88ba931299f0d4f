"""Insert where two may come at once: the database decides who was first, in one statement on either database."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from privyseal.store.database import Transaction


def insert_once(tx: Transaction, table: sa.Table, values: dict[str, Any]) -> bool:
    """Insert a row unless its key is there already; tells whether this call inserted it."""
    insert = sqlite_insert if tx.connection.dialect.name == "sqlite" else postgresql_insert
    # A RETURNING row, because drivers do not count inserted rows alike.
    first_key = next(iter(table.primary_key.columns))
    return tx.execute(insert(table).values(**values).on_conflict_do_nothing().returning(first_key)).first() is not None


def insert_each_once(tx: Transaction, table: sa.Table, rows: list[dict[str, Any]]) -> int:
    """Insert those of many rows whose key is not there; returns how many these were."""
    if not rows:
        return 0
    insert = sqlite_insert if tx.connection.dialect.name == "sqlite" else postgresql_insert
    first_key = next(iter(table.primary_key.columns))
    return len(tx.execute(insert(table).on_conflict_do_nothing().returning(first_key), rows).all())


def insert_or_change(tx: Transaction, table: sa.Table, values: dict[str, Any], change: dict[str, Any]) -> None:
    """Insert a row, or change these columns of the row that has its primary key."""
    insert = sqlite_insert if tx.connection.dialect.name == "sqlite" else postgresql_insert
    keys = [column.name for column in table.primary_key.columns]
    tx.execute(insert(table).values(**values).on_conflict_do_update(index_elements=keys, set_=change))
