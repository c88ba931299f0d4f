"""What the tests of the worker stand on: fresh databases of both kinds, a house without authorities, and outbox rows."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from privyseal.actions.house import House, ServiceIdentity
from privyseal.store import outbox
from privyseal.store.database import Database
from privyseal.store.outbox import OutboxRow
from tests.rigs.postgresql import PostgresServer
from tests.rigs.schemas import postgresql_schema, sqlite_schema

IDENTITY = ServiceIdentity(
    service_id="privyseal.test",
    log_host="privyseal.test",
    base_url="https://privyseal.test",
    administrator_url="https://admin.privyseal.test",
    status_url="http://status.privyseal.test",
    personal_salt=b"salt",
)


def system_clock() -> datetime:
    """The real time."""
    return datetime.now(UTC)


def bare_house(database: Database, clock: Callable[[], datetime] = system_clock) -> House:
    """A house whose listeners are wired by hand: enough for the outbox."""
    return House(database, IDENTITY, {}, {}, clock, os.urandom)


@contextmanager
def fresh_database(kind: str, folder: Path, server: PostgresServer | None) -> Iterator[Database]:
    """A database of our schema, of the kind ``sqlite`` or ``postgresql``."""
    if kind == "postgresql":
        assert server is not None
        url = postgresql_schema(server)
    else:
        url = sqlite_schema(folder / "privyseal.db")
    database = Database(url)
    try:
        yield database
    finally:
        database.close()
        if kind == "postgresql":
            assert server is not None
            server.drop_database(url)


def add_row(house: House, listener: str, payload: dict[str, Any] | None = None, *, dispatched: bool = False) -> str:
    """Put one fact for one listener into the outbox; returns its id."""
    now = house.clock()
    row_id = house.id("fact", now)
    with house.database.write(now) as tx:
        outbox.insert(tx, [(row_id, "request-received", listener, payload or {})])
        if dispatched:
            outbox.mark_dispatched(tx, [row_id])
    return row_id


@dataclass(frozen=True, slots=True)
class RowState:
    """What operators see of an outbox row."""

    dispatched: bool
    done: bool
    attempts: int
    failure: str
    payload: dict[str, Any]


def state_of(database: Database, row_id: str) -> RowState:
    """Read the row's state."""
    table = outbox.outbox
    with database.read(system_clock()) as tx:
        row = tx.execute(sa.select(table).where(table.c.id == row_id)).one()
    return RowState(row.dispatched_at is not None, row.done_at is not None, row.attempts, row.failure, row.payload)


@dataclass(slots=True)
class Ear:
    """A listener that remembers what it heard and fails as often as it is told to, for each row."""

    failures: int = 0
    pause_seconds: float = 0.0
    tells: bool = True
    heard: list[tuple[str, str]] = field(default_factory=list)
    _failed: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, row: OutboxRow, message_id: str) -> bool:
        with self._lock:
            self.heard.append((row.id, message_id))
            if self._failed.get(row.id, 0) < self.failures:
                self._failed[row.id] = self._failed.get(row.id, 0) + 1
                raise ConnectionRefusedError(111, "the mail server is away")
        time.sleep(self.pause_seconds)
        return self.tells

    def count(self, row_id: str) -> int:
        """How often the row was heard, failed tries included."""
        with self._lock:
            return sum(1 for heard, _ in self.heard if heard == row_id)
