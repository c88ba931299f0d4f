"""What a database is asked: every statement that reaches the driver, prepared or not."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import event

from privyseal.store.database import Database


@contextmanager
def heard(database: Database) -> Iterator[list[str]]:
    """Yield the list that the statements of this process to this database are added to, without the borders of transactions."""
    said: list[str] = []

    class Heard(psycopg.Cursor[Any]):
        """A cursor that tells what it runs."""

        def execute(self, query: Any, *arguments: Any, **options: Any) -> Heard:  # noqa: ANN401 - the driver's own signature
            """Run it."""
            said.append(str(query))
            super().execute(query, *arguments, **options)
            return self

    def listen(connection: Any, _record: object, _proxy: object) -> None:  # noqa: ANN401 - of either driver
        if isinstance(connection, sqlite3.Connection):
            connection.set_trace_callback(lambda sql: None if sql.startswith(("BEGIN", "COMMIT", "ROLLBACK")) else said.append(sql))
        else:
            connection.cursor_factory = Heard

    def leave(connection: Any, _record: object) -> None:  # noqa: ANN401 - of either driver
        if isinstance(connection, sqlite3.Connection):
            connection.set_trace_callback(None)
        elif connection is not None:
            connection.cursor_factory = psycopg.Cursor

    engines = {database.reader, database.writer}
    for engine in engines:
        event.listen(engine, "checkout", listen)
        event.listen(engine, "checkin", leave)
    try:
        yield said
    finally:
        for engine in engines:
            event.remove(engine, "checkout", listen)
            event.remove(engine, "checkin", leave)
