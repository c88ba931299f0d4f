"""From the outbox to the job engine: every row that no workflow was started for gets one, with the row's own id.

Queueing and noting it are two transactions. A crash between them, or two nodes that see the same rows, queue a row
twice under one id, which is once. A row that failed and waits again is one that an operator wants tried now: it gets a
chain of tries of its own, beside the one that may still wait for its next turn (``deliveries.py`` ends the later one).
"""

from __future__ import annotations

from typing import Final

from privyseal.actions.house import House
from privyseal.jobs.engine import JobEngine, Try
from privyseal.store import outbox
from privyseal.store.outbox import OutboxRow

BATCH: Final = 200


class Dispatcher:
    """Starts workflows for waiting rows."""

    def __init__(self, house: House, engine: JobEngine) -> None:
        self._house = house
        self._engine = engine

    def dispatch(self) -> None:
        """Start workflows for all rows that wait now; raises Unavailable when the database is away."""
        while self._dispatch_batch() == BATCH:
            pass

    def _dispatch_batch(self) -> int:
        with self._house.database.read(self._house.clock()) as tx:
            rows = outbox.waiting(tx, BATCH)
        if rows:
            self._engine.enqueue([_next_try(row) for row in rows])
            with self._house.database.write(self._house.clock()) as tx:
                outbox.mark_dispatched(tx, [row.id for row in rows])
        return len(rows)


def _next_try(row: OutboxRow) -> Try:
    return Try(row.id, row.attempts + 1, f"now{row.attempts}.") if row.attempts else Try(row.id)
