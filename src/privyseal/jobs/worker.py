"""The worker of a process: outbox, listeners, periodic work, rescue and retention, started and stopped together.

``privyseal.app`` hands in what features and actions bring; nothing here knows them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from privyseal.actions.failing import Failures
from privyseal.actions.house import House
from privyseal.jobs import rescue, retention
from privyseal.jobs.deliveries import Deliveries, Listener, RetryPlan
from privyseal.jobs.dispatcher import Dispatcher
from privyseal.jobs.engine import POLLING_SECONDS, Delivery, JobEngine
from privyseal.jobs.lost import LostDeliveries
from privyseal.jobs.schedule import PeriodicTask, Schedule

SQLITE_EXECUTOR: Final = "local"
"""On SQLite one process works at a time, always under this name, so that its launch takes up what the last one left."""

LOST_EVERY_SECONDS: Final = 120.0


class Worker:
    """One per process. ``node`` names it among the nodes of a PostgreSQL service and differs for each process.

    ``start`` raises Unavailable (``jobs-running``, ``worker-running``) and must not be called inside an event loop.
    """

    def __init__(
        self, house: House, listeners: Mapping[str, Listener], periodic: Sequence[PeriodicTask], node: str, *, plan: RetryPlan | None = None
    ) -> None:
        plan = plan or RetryPlan()
        deliveries = Deliveries(house, listeners, plan)
        executor_id = SQLITE_EXECUTOR if house.database.is_sqlite else node
        delivery = Delivery(deliveries.hear, deliveries.settle, plan.wait_seconds)
        engine = JobEngine(house.database, executor_id, delivery)
        self.engine = engine
        self._rescue = rescue.Rescue(house.database, engine)
        dispatcher = Dispatcher(house, engine)
        lost = LostDeliveries(house, engine, plan.give_up_after)
        own = (
            PeriodicTask("dispatch", POLLING_SECONDS, dispatcher.dispatch),
            PeriodicTask("rescue", rescue.EVERY_SECONDS, self._rescue.look),
            PeriodicTask("lost-deliveries", LOST_EVERY_SECONDS, lost.queue_again),
            PeriodicTask("job-retention", retention.EVERY_SECONDS, lambda: _delete_old_jobs(house, engine)),
            PeriodicTask("outbox-retention", retention.EVERY_SECONDS, lambda: _delete_done_rows(house)),
            PeriodicTask("draft-retention", retention.EVERY_SECONDS, lambda: _delete_expired_drafts(house)),
            PeriodicTask("miss-retention", retention.EVERY_SECONDS, lambda: _forget_old_misses(house)),
            PeriodicTask("failure-retention", retention.EVERY_SECONDS, lambda: _forget_old_failures(house)),
            PeriodicTask("session-retention", retention.SESSIONS_EVERY_SECONDS, lambda: _end_old_sessions(house)),
        )
        self._schedule = Schedule((*own, *periodic), house.random_bytes, Failures(house))

    def start(self) -> None:
        """Begin to work."""
        self._rescue.claim()
        try:
            self.engine.start()
        except BaseException:
            self._rescue.release()
            raise
        self._schedule.start()

    def stop(self) -> None:
        """Finish what is under way, within seconds, and end; the rest is taken up by another worker or the next start."""
        self._schedule.stop()
        try:
            self.engine.stop()
        finally:
            self._rescue.release()


def _delete_old_jobs(house: House, engine: JobEngine) -> None:
    retention.delete_old_jobs(house, engine)


def _delete_done_rows(house: House) -> None:
    retention.delete_done_rows(house)


def _end_old_sessions(house: House) -> None:
    retention.end_old_sessions(house)


def _forget_old_misses(house: House) -> None:
    retention.forget_old_misses(house)


def _forget_old_failures(house: House) -> None:
    retention.forget_old_failures(house)


def _delete_expired_drafts(house: House) -> None:
    retention.delete_expired_drafts(house)
