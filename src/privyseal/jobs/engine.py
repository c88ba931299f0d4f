"""DBOS, started and stopped for one worker process; the only module that imports it.

Where its tables are: on PostgreSQL in the schema ``dbos`` of our own database, through our own engine. On SQLite in a
file of their own beside the database (``privyseal.db`` -> ``privyseal-jobs.db``), through an engine that DBOS makes
itself. A SQLite file has one writer at a time, and DBOS writes each second even when idle: in our file every one of
these writes would stand in the way of issuing. Nothing is lost by the separation, because the outbox row is the truth
and the job is made from it: a row's workflow has the row's id, so making it twice makes one, and a job file that is
missing or older than the database is filled again from the rows that are not done (``lost.py``).

One delivery is a chain of workflows, one for each try: a try that failed enqueues the next one with its delay and
ends. A workflow that slept between its tries would hold its place in the queue, and sixteen letters to a mail server
that refuses them would stop all others.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions, StepOptions
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from privyseal.jobs import log_bridge
from privyseal.model.errors import Unavailable
from privyseal.store.database import Database

APPLICATION: Final = "privyseal"
APPLICATION_VERSION: Final = "1"
"""Raised only when the order of the steps of ``deliver-fact`` changes; work queued under the old number must be done first."""

WORKFLOW: Final = "deliver-fact"
QUEUE: Final = "deliveries"
CONCURRENT_DELIVERIES: Final = 16
POLLING_SECONDS: Final = 0.5
SCHEMA: Final = "dbos"
STOP_SECONDS: Final = 10
"""How long a delivery under way may take to end when the worker stops; later ones are taken up again at the next start."""

_LIVE = ["ENQUEUED", "DELAYED", "PENDING"]
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_MARK = "~"
_SETTLING: StepOptions = {"name": "settle", "retries_allowed": True, "interval_seconds": 0.5, "max_attempts": 10, "backoff_rate": 2.0}
"""A row that was heard is marked done even if the database is away for four minutes: only then is it heard once more."""

HEARD: Final = "heard"
MOOT: Final = "moot"
AGAIN: Final = "again"
ENDED: Final = "ended"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a try does, split so that a crash between the two repeats only what has to be repeated.

    ``hear(row id, try)`` lets the listener work and returns HEARD, MOOT (there was nothing to tell), AGAIN (it failed) or ENDED
    (nothing is left to do).
    ``settle(row id, is_moot)`` marks the row done. ``wait_seconds(try)`` is the delay before the try after this one.
    """

    hear: Callable[[str, int], str]
    settle: Callable[[str, bool], None]
    wait_seconds: Callable[[int], float]


@dataclass(frozen=True, slots=True)
class Try:
    """One workflow: try ``number`` (from 1) of a row. ``chain`` is "" or names a later chain of tries of the same row."""

    row_id: str
    number: int = 1
    chain: str = ""

    @property
    def workflow_id(self) -> str:
        """The row's own id for its first try; every further try has an id of its own."""
        return self.row_id if self.number == 1 and not self.chain else f"{self.row_id}{_MARK}{self.chain}{self.number}"


@dataclass(frozen=True, slots=True)
class Pending:
    """A workflow that some worker has begun and not ended."""

    workflow_id: str
    executor_id: str


def job_file(database: Database) -> Path:
    """Return the file that holds the jobs of a SQLite database."""
    path = Path(make_url(database.url).database or "")
    return path.with_name(f"{path.stem}-jobs{path.suffix}")


class JobEngine:
    """DBOS has one instance per process: a second one is refused as long as the first one runs.

    ``start`` must not be called inside a running event loop (DBOS refuses it).
    """

    _one = threading.Lock()

    def __init__(self, database: Database, executor_id: str, delivery: Delivery) -> None:
        self.executor_id = executor_id
        self._database = database
        self._delivery = delivery
        self._running: set[str] = set()

    def start(self) -> None:
        """Launch DBOS, take up what this executor left, and begin to work.

        Raises Unavailable ``jobs-running`` when this process has one already, ``jobs-database`` when its tables cannot be reached.
        """
        if not self._one.acquire(blocking=False):
            raise Unavailable("jobs-running", "This process has a job engine already. Stop the first worker before you start another one.")
        try:
            self._launch()
        except BaseException as error:
            DBOS.destroy(destroy_registry=True)
            self._one.release()
            if isinstance(error, SQLAlchemyError | sqlite3.Error | OSError):
                raise Unavailable(
                    "jobs-database", "The database of the background jobs cannot be reached. No worker was started."
                ) from error
            raise

    def _launch(self) -> None:
        url = self._prepare()
        shared = None if self._database.is_sqlite else self._database.writer
        log_bridge.install()
        DBOS(config=self._config(url))
        self._register()
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=CONCURRENT_DELIVERIES, polling_interval_sec=POLLING_SECONDS)
        # For queueing many in one transaction; on SQLite an engine whose transactions begin as DBOS's own do.
        self._engine = shared or sa.create_engine(url, connect_args={"isolation_level": "IMMEDIATE", "timeout": 30})
        self._client = DBOSClient(
            system_database_url=url,
            system_database_engine=shared,
            dbos_system_schema=SCHEMA,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
        )

    def stop(self) -> None:
        """Wait a little for deliveries under way, then end; what is not finished is taken up at the next start."""
        try:
            DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=STOP_SECONDS)
            self._client.destroy()
            if self._database.is_sqlite:
                self._engine.dispose()
        finally:
            self._one.release()

    def enqueue(self, tries: Sequence[Try]) -> None:
        """Queue tries in one transaction; what is queued already, or was, stays as it is."""
        with self._engine.begin() as connection:
            for one in tries:
                self._client.enqueue_in_transaction(connection, _options(one), one.row_id, one.number, one.chain)

    def live_row_ids(self) -> set[str]:
        """Return the ids of the rows that a queued, delayed or running workflow takes care of."""
        found = self._client.list_workflows(status=_LIVE, name=WORKFLOW, load_input=False, load_output=False)
        return {workflow.workflow_id.partition(_MARK)[0] for workflow in found}

    def pending(self, executor_id: str | None = None) -> list[Pending]:
        """Return what workers (or only this one) have begun and not ended."""
        found = self._client.list_workflows(status="PENDING", executor_id=executor_id, load_input=False, load_output=False)
        return [Pending(workflow.workflow_id, workflow.executor_id or "") for workflow in found]

    def is_running(self, workflow_id: str) -> bool:
        """Tell whether this process works on it at the moment."""
        return workflow_id in self._running

    def resume(self, workflow_ids: Sequence[str]) -> None:
        """Queue begun workflows again for any worker; finished steps are not repeated."""
        if workflow_ids:
            self._client.resume_workflows(list(workflow_ids), queue_name=QUEUE)

    def delete_ended(self, before: datetime, limit: int = 500) -> int:
        """Delete up to ``limit`` workflows that were made before a moment and have ended; return how many."""
        end = before.astimezone(UTC).isoformat()
        found = self._client.list_workflows(status=_ENDED, end_time=end, limit=limit, load_input=False, load_output=False)
        if found:
            self._client.delete_workflows([workflow.workflow_id for workflow in found])
        return len(found)

    def _prepare(self) -> str:
        """Return the URL for DBOS; on SQLite the file is made 0600 and in WAL mode before DBOS finds it."""
        if not self._database.is_sqlite:
            return self._database.url
        path = job_file(self._database)
        path.touch(mode=0o600)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        return make_url(self._database.url).set(database=str(path)).render_as_string(hide_password=False)

    def _config(self, url: str) -> DBOSConfig:
        return {
            "name": APPLICATION,
            "system_database_url": url,
            # Sharing an engine whose begin event says BEGIN IMMEDIATE fails at launch: on SQLite DBOS makes its own.
            "system_database_engine": None if self._database.is_sqlite else self._database.writer,
            "dbos_system_schema": SCHEMA,
            "executor_id": self.executor_id,
            "application_version": APPLICATION_VERSION,
            # The default is pickle: code execution for whoever can write the table.
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
            "enable_otlp": False,
            # Nothing here waits for DBOS notifications; polling also works behind a connection pooler.
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": POLLING_SECONDS,
        }

    def _register(self) -> None:
        delivery, running = self._delivery, self._running

        @contextmanager
        def known(workflow_id: str) -> Iterator[None]:
            running.add(workflow_id)
            try:
                yield
            finally:
                running.discard(workflow_id)

        @DBOS.workflow(name=WORKFLOW)
        def deliver(row_id: str, number: int, chain: str) -> None:
            with known(DBOS.workflow_id or ""):
                outcome = DBOS.run_step({"name": "hear"}, delivery.hear, row_id, number)
                if outcome in {HEARD, MOOT}:
                    DBOS.run_step(_SETTLING, delivery.settle, row_id, outcome == MOOT)
                elif outcome == AGAIN:
                    following = Try(row_id, number + 1, chain)
                    options = _options(following)
                    options["delay_seconds"] = delivery.wait_seconds(number)
                    DBOS.enqueue_workflow_with_options(options, row_id, following.number, chain)


def _options(one: Try) -> EnqueueOptions:
    return {
        "workflow_name": WORKFLOW,
        "queue_name": QUEUE,
        "workflow_id": one.workflow_id,
        "app_version": APPLICATION_VERSION,
    }
