"""Tells this process that an organization's queue changed: at once from its own writes, and from other processes over PostgreSQL.

A signal says only which organization to look at; what changed is read from the tables, with the scope of the reader. So a
signal that is lost costs time and nothing else, and one too many costs a look. The signals of other processes come through
queue_listener.py. The embedded database has no such thing: what its other processes write is found by looking.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from typing import Final

from sqlalchemy.engine import Connection

CHANNEL: Final = "privyseal_queue"
"""Each database has channels of its own, so two services on one server do not hear each other."""


class QueueSignals:
    """What this process was told. From any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: Counter[str] = Counter()
        self._times_sure = 0
        self._is_sure = False

    def tell(self, organization_ids: Iterable[str]) -> None:
        """The queues of these organizations changed."""
        with self._lock:
            self._told.update(organization_ids)

    def told(self, organization_id: str) -> tuple[int, int]:
        """Return something that differs from the last time when there is a reason to look."""
        with self._lock:
            return self._times_sure, self._told[organization_id]

    @property
    def is_sure(self) -> bool:
        """Whether what other processes write is told as well; otherwise it must be looked for."""
        return self._is_sure

    def become(self, *, sure: bool) -> None:
        """Signals of others arrive from now on, or do not any more. What came before they did, everybody looks for once."""
        with self._lock:
            self._times_sure += sure and not self._is_sure
            self._is_sure = sure


def notify(connection: Connection, organization_ids: Iterable[str]) -> None:
    """Tell every process that listens, when this transaction commits, and never when it does not; PostgreSQL only."""
    # Several at once, because each is a statement; the server drops what is sent twice in one transaction.
    names = sorted(organization_ids)
    connection.exec_driver_sql("SELECT pg_notify(%s, name) FROM unnest(%s::text[]) AS name", (CHANNEL, names))
