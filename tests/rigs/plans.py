"""How the database answers what a function asks: the plans of its statements, as EXPLAIN tells them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from privyseal.store.database import Database, Transaction


def plans(database: Database, now: datetime, work: Callable[[Transaction], object]) -> list[str]:
    """Run ``work`` in a transaction that reads; return one plan for each statement. Prepared statements are unheard."""
    said: list[tuple[str, Any]] = []

    def hear(_connection: object, _cursor: object, sql: str, values: object, _context: object, _many: object) -> None:
        said.append((sql, values))

    sa.event.listen(database.reader, "before_cursor_execute", hear)
    try:
        with database.read(now) as tx:
            work(tx)
    finally:
        sa.event.remove(database.reader, "before_cursor_execute", hear)
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    with database.reader.connect() as connection:
        return [
            "\n".join(str(tuple(row)) for row in connection.exec_driver_sql(f"{explain} {sql}", values))
            for sql, values in said
            if sql.lstrip().upper().startswith(("SELECT", "WITH"))
        ]


def analyze(database: Database, table: str) -> None:
    """Tell PostgreSQL how much is in a table, as it finds out by itself within a minute."""
    if not database.is_sqlite:
        with database.writer.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(f"ANALYZE {table}")
