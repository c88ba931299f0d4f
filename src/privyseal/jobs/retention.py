"""What has had its time is deleted: ended workflows, sessions, drafts after a week; outbox rows, misses, failures of tasks after 30 days.

A row that was dispatched is never dispatched again, so forgetting its workflow repeats nothing, and a week is longer than a
delivery is tried. A row that is done says only when it was; the audit log has that too. What was never delivered stays,
however old it is, for an operator to see.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from privyseal.actions.house import House
from privyseal.actions.session.forget_sessions import forget_sessions
from privyseal.jobs.engine import JobEngine
from privyseal.model.actor import SYSTEM
from privyseal.store import drafts, outbox, task_failures, throttles

KEEP_ENDED: Final = timedelta(days=7)
KEEP_DONE: Final = timedelta(days=30)
EVERY_SECONDS: Final = 86_400.0
SESSIONS_EVERY_SECONDS: Final = 600.0
"""More often than nightly: the log should say within minutes that a session ended, and sign-ins leave a row each."""

KEEP_MISSES: Final = timedelta(days=30)
"""Far longer than the longest wait, so that waiting for this is worth less to a guesser than guessing once a day."""

KEEP_FAILURES: Final = timedelta(days=30)

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


def delete_done_rows(house: House, keep: timedelta = KEEP_DONE, batch: int = BATCH) -> int:
    """Delete the outbox rows that were done more than ``keep`` ago, each batch in its own transaction; return how many."""
    deleted = 0
    while True:
        # Short transactions: on SQLite nobody else writes meanwhile.
        with house.database.write(house.clock()) as tx:
            count = outbox.delete_done(tx, tx.now - keep, batch)
        deleted += count
        if count < batch:
            return deleted


def end_old_sessions(house: House, batch: int = BATCH) -> int:
    """End the sessions whose time has passed and delete those that ended a week ago; return how many were ended."""
    ended = 0
    while True:
        with house.database.write(house.clock()) as tx:
            count = forget_sessions(house, tx, SYSTEM, batch)
        ended += count
        if count < batch:
            return ended


def forget_old_misses(house: House, keep: timedelta = KEEP_MISSES) -> int:
    """Delete what was counted of guessers and strangers and not again for a month; return how many."""
    with house.database.write(house.clock()) as tx:
        return throttles.forget_misses(tx, tx.now - keep)


def forget_old_failures(house: House, keep: timedelta = KEEP_FAILURES) -> int:
    """Delete what periodic work failed at and not again for a month; return how many."""
    with house.database.write(house.clock()) as tx:
        return task_failures.forget(tx, tx.now - keep)


def delete_expired_drafts(house: House, batch: int = BATCH) -> int:
    """Delete the drafts whose time has passed, each batch in its own transaction; return how many."""
    deleted = 0
    while True:
        with house.database.write(house.clock()) as tx:
            count = drafts.delete_expired(tx, batch)
        deleted += count
        if count < batch:
            return deleted
