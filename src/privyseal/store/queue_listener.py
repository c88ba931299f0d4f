"""Hears over PostgreSQL what other processes tell of the queues: one connection for each process, and a thread that waits.

Whether signals really arrive is not believed but tried, again and again: a word sent over another connection has to come
back. Behind a pooler that lends connections for one transaction it never does, and neither over a line that is cut.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any, Final

import psycopg
import structlog
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from privyseal.store.queue_signals import CHANNEL, QueueSignals, notify

PROOF_EVERY_SECONDS = 20.0
PROOF_WITHIN_SECONDS = 3.0
"""How often it is tried whether signals arrive, and how long one may take."""

WAIT_SECONDS: Final = 0.5
"""How long the listening thread waits at a time; it also ends so soon."""

SHORTEST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS = 10.0
"""Between two tries to listen again."""

_PROOF: Final = "proof:"
_log = structlog.get_logger("privyseal.store")


class QueueListener:
    """Hears the signals of other processes over PostgreSQL, in a thread that listens again by itself whatever happens."""

    def __init__(self, engine: Engine, signals: QueueSignals) -> None:
        self._engine = engine
        self._signals = signals
        self._stopping = threading.Event()
        self._proofs = itertools.count()
        self._thread = threading.Thread(target=self._run, name="queue-listener", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and give its connection back."""
        self._stopping.set()
        self._thread.join(timeout=2 * (WAIT_SECONDS + PROOF_WITHIN_SECONDS))

    def _run(self) -> None:
        pause = SHORTEST_PAUSE_SECONDS
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._listen()
            except (psycopg.Error, SQLAlchemyError) as error:
                # The sentence of the driver may hold the address of the database, which is no secret, and never a row.
                _log.warning("queue.not_heard", reason=str(error).strip()[:200])
            finally:
                self._signals.become(sure=False)
            if time.monotonic() - began > 2 * PROOF_EVERY_SECONDS:
                pause = SHORTEST_PAUSE_SECONDS
            self._stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _listen(self) -> None:
        """Hear until it is time to end; raises psycopg's and SQLAlchemy's errors when the connection is lost or deaf."""
        with closing(self._connect()) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            while not self._stopping.is_set():
                proof = f"{_PROOF}{connection.info.backend_pid}:{id(self)}:{next(self._proofs)}"
                with self._engine.begin() as other:
                    notify(other, [proof])
                if not self._hear(connection, PROOF_WITHIN_SECONDS, proof.__eq__) and not self._stopping.is_set():
                    message = "a signal sent over another connection did not arrive; does a pooler lend connections by the transaction?"
                    raise psycopg.OperationalError(message)
                self._signals.become(sure=not self._stopping.is_set())
                self._hear(connection, PROOF_EVERY_SECONDS, lambda _: False)

    def _connect(self) -> psycopg.Connection[Any]:
        # Made as the pool makes its own, and taken out of it: nobody else may ever be handed a connection that listens.
        record = self._engine.raw_connection()
        record.detach()
        connection: psycopg.Connection[Any] = record.dbapi_connection  # type: ignore[assignment] # the engine is PostgreSQL's
        connection.rollback()
        connection.autocommit = True
        return connection

    def _hear(self, connection: psycopg.Connection[Any], seconds: float, is_enough: Callable[[str], bool]) -> bool:
        """Pass on what comes for so long; tells whether the text came that is enough."""
        deadline = time.monotonic() + seconds
        while not self._stopping.is_set() and (left := deadline - time.monotonic()) > 0:
            for heard in connection.notifies(timeout=min(left, WAIT_SECONDS)):
                if is_enough(heard.payload):
                    return True
                if not heard.payload.startswith(_PROOF):
                    self._signals.tell([heard.payload])
        return False
