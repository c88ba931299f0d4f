"""Rows that were dispatched, are not done, and that no workflow takes care of any more: they are queued again.

That happens when the job file of a SQLite service is missing or older than its database (a restore), or when a
workflow ended by an error of the job engine itself. The rows are the truth, so this closes every such gap.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog

from privyseal.actions.house import House
from privyseal.jobs.counters import RESCUED
from privyseal.jobs.engine import JobEngine, Try
from privyseal.store import outbox

GRACE: Final = timedelta(minutes=2)
"""A row dispatched more recently may be on its way between two tries."""

_log = structlog.get_logger("privyseal.jobs")


class LostDeliveries:
    """Finds and queues them. ``give_up_after`` is the age at which a row is no longer tried."""

    def __init__(self, house: House, engine: JobEngine, give_up_after: timedelta, grace: timedelta = GRACE) -> None:
        self._house = house
        self._engine = engine
        self._give_up_after = give_up_after
        self._grace = grace

    def queue_again(self) -> None:
        """Queue every lost row once more; two nodes that do this in the same minute queue it once."""
        now = self._house.clock()
        # Read the rows first: one that is done between the two looks is a needless try, never a missed row.
        with self._house.database.read(now) as tx:
            rows = outbox.open_rows(tx, dispatched_before=now - self._grace, created_after=now - self._give_up_after)
        live = self._engine.live_row_ids() if rows else set()
        lost = [(row_id, attempts + 1) for row_id, attempts in rows if row_id not in live]
        if lost:
            chain = f"{now:%Y%m%d%H%M}."
            self._engine.enqueue([Try(row_id, number, chain) for row_id, number in lost])
            RESCUED.inc(len(lost))
            _log.warning("queued lost deliveries again", count=len(lost), first=lost[0][0])
