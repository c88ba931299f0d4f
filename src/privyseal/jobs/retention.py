"""The job engine keeps every workflow it ever ran; the ended ones are deleted after a week, nightly.

The outbox row stays: a row that was dispatched is never dispatched again, so forgetting its workflow repeats nothing.
A week is longer than a delivery is tried.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from privyseal.actions.house import House
from privyseal.jobs.engine import JobEngine

KEEP_ENDED: Final = timedelta(days=7)
EVERY_SECONDS: Final = 86_400.0
BATCH: Final = 500


def delete_old_jobs(house: House, engine: JobEngine, keep: timedelta = KEEP_ENDED) -> int:
    """Delete the workflows that ended and were made more than ``keep`` ago; return how many."""
    before = house.clock() - keep
    deleted = 0
    while True:
        count = engine.delete_ended(before, BATCH)
        deleted += count
        if count < BATCH:
            return deleted
