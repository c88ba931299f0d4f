"""What a dead worker had begun is taken over by the living ones, within seconds and without a person.

The open version of DBOS leaves that to a proprietary service. Here every worker holds a PostgreSQL session lock on its
own executor id for as long as it lives. Whoever can take the lock of another executor knows that it is dead, and queues
its begun workflows again while holding that lock. A worker also looks at its own: what the database calls begun and
this process does not work on (an outage can leave such) is queued again after a while. All of it may be repeated.

On SQLite there is one worker, always with the same executor id, and the launch itself takes up what the last one left.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from privyseal.jobs.counters import RESCUED
from privyseal.jobs.engine import JobEngine
from privyseal.model.errors import Unavailable
from privyseal.store.database import Database

EVERY_SECONDS: Final = 1.0
STRAY_SECONDS: Final = 10.0
"""How long something of our own may look begun without being worked on before it is queued again."""

CLAIM_SECONDS: Final = 5.0
"""How long a start waits for the server to notice that the last process of this name is gone."""

_log = structlog.get_logger("privyseal.jobs")


def lock_key(executor_id: str) -> int:
    """Return the 64-bit key of the advisory lock that says that this executor lives."""
    return int.from_bytes(hashlib.sha256(f"privyseal-worker:{executor_id}".encode()).digest()[:8], signed=True)


class Rescue:
    """Holds this worker's lock and takes over from dead ones. Without PostgreSQL only its own strays are looked after."""

    def __init__(
        self, database: Database, engine: JobEngine, *, stray_seconds: float = STRAY_SECONDS, claim_seconds: float = CLAIM_SECONDS
    ) -> None:
        self._database = database
        self._engine = engine
        self._claim_seconds = claim_seconds
        self._stray_seconds = stray_seconds
        self._connection: Connection | None = None
        self._strays: dict[str, float] = {}

    def claim(self) -> None:
        """Take the lock of our own executor id; raises Unavailable ``worker-running`` when another process holds it.

        Raises Unavailable ``database`` when there is none to ask.
        """
        if self._database.is_sqlite:
            return
        deadline = time.monotonic() + self._claim_seconds
        while not self._asks_for_lock():
            if time.monotonic() > deadline:
                sentence = f"A worker named {self._engine.executor_id} is running already. Give each worker a name of its own."
                raise Unavailable("worker-running", sentence)
            time.sleep(0.2)

    def look(self) -> None:
        """Take over from dead workers and from our own lost threads; raises Unavailable when the database is away."""
        if not self._database.is_sqlite:
            self._take_over()
        self._gather_strays()

    def release(self) -> None:
        """Give the lock back by closing its connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.close()

    def _asks_for_lock(self) -> bool:
        try:
            return self._holds_lock()
        except SQLAlchemyError as error:
            raise _away() from error

    def _take_over(self) -> None:
        try:
            if not self._holds_lock() or self._connection is None:
                raise Unavailable(
                    "worker-lock", f"The lock of the worker {self._engine.executor_id} is held by somebody else at the moment."
                )
            others = {pending.executor_id for pending in self._engine.pending()} - {self._engine.executor_id, ""}
            for executor_id in sorted(others):
                if not _try_lock(self._connection, executor_id):
                    continue
                try:
                    # Listed only now: whoever was quicker has let go of the lock and has taken these over.
                    self._resume([pending.workflow_id for pending in self._engine.pending(executor_id)], executor_id)
                finally:
                    self._connection.execute(sa.select(sa.func.pg_advisory_unlock(lock_key(executor_id))))
        except SQLAlchemyError as error:
            self.release()
            raise _away() from error

    def _holds_lock(self) -> bool:
        """Tell whether our lock is ours, taking it again on a new connection when the last one broke."""
        if self._connection is not None:
            self._connection.execute(sa.text("SELECT 1"))
            return True
        connection = self._database.writer.connect().execution_options(isolation_level="AUTOCOMMIT")
        # A host that lost its power says no good-bye: the server notices within half a minute and frees the lock.
        for setting in ("tcp_keepalives_idle = 10", "tcp_keepalives_interval = 5", "tcp_keepalives_count = 3"):
            connection.execute(sa.text(f"SET {setting}"))
        if not _try_lock(connection, self._engine.executor_id):
            connection.close()
            return False
        # Detached, so that the pool can never hand the lock to somebody else together with the connection.
        connection.detach()
        self._connection = connection
        return True

    def _gather_strays(self) -> None:
        now = time.monotonic()
        mine = [pending.workflow_id for pending in self._engine.pending(self._engine.executor_id)]
        idle = [workflow_id for workflow_id in mine if not self._engine.is_running(workflow_id)]
        self._strays = {workflow_id: self._strays.get(workflow_id, now) for workflow_id in idle}
        ripe = [workflow_id for workflow_id, since in self._strays.items() if now - since >= self._stray_seconds]
        if ripe:
            self._resume(ripe, self._engine.executor_id)
            self._strays = {}

    def _resume(self, workflow_ids: list[str], executor_id: str) -> None:
        if workflow_ids:
            self._engine.resume(workflow_ids)
            RESCUED.inc(len(workflow_ids))
            _log.warning("took over begun work", executor=executor_id, count=len(workflow_ids), first=workflow_ids[0])


def _try_lock(connection: Connection, executor_id: str) -> bool:
    return bool(connection.execute(sa.select(sa.func.pg_try_advisory_lock(lock_key(executor_id)))).scalar_one())


def _away() -> Unavailable:
    return Unavailable("database", "The database does not answer at the moment. Begun work is looked after as soon as it does.")
