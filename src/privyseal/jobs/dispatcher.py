"""From the outbox to the job engine: every row that no workflow was started for gets one, with the row's own id.

Queueing and noting it are two transactions. A crash between them, or two nodes that see the same rows, queue a row
twice under one id, which is once.
"""

from __future__ import annotations

from typing import Final

from privyseal.actions.house import House
from privyseal.jobs.engine import JobEngine, Try
from privyseal.store import outbox

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
            self._engine.enqueue([Try(row.id) for row in rows])
            with self._house.database.write(self._house.clock()) as tx:
                outbox.mark_dispatched(tx, [row.id for row in rows])
        return len(rows)
