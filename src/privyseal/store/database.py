"""The database and its transactions.

SQLite (WAL, synchronous=FULL, ``BEGIN IMMEDIATE`` for writers, ``query_only`` readers) and PostgreSQL (psycopg 3) are
equals. An action runs in one write transaction: returning commits, raising rolls back. Trouble of the database
becomes :class:`~privyseal.model.errors.Unavailable`; nothing was done then, or the caller's idempotency key tells.

Rows that several transactions change are locked in one order, so that PostgreSQL finds no circle: intents, requests, unit
balances by organization and tier, certificates, CRL scopes by CA and name, and last the status generation. Where a batch
still meets another one the wrong way round, the database ends one of them (:class:`Collision`): jobs begin it again.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.engine import Connection, Engine, make_url

from privyseal.model.errors import BadRequest, PrivysealError, Unavailable
from privyseal.store.queue_signals import QueueSignals, notify

if TYPE_CHECKING:
    from privyseal.store.queue_listener import QueueListener

_JSON: Final = json.JSONDecoder()
BUSY_TIMEOUT_MS = 5000
TRIES = 3
"""How often a transaction that collided is begun at all."""

PAUSE_SECONDS = 0.1

COLLISIONS = frozenset({"40P01", "40001"})
"""PostgreSQL's codes for a deadlock and for what cannot be serialized: the transaction was undone, and may succeed at once."""

SPARE_BYTES = 1024 * 1024
"""What must be free on the embedded database's file system before anything is begun: a full disk is met before a signature (F5)."""

Result = TypeVar("Result")


class Collision(Unavailable):
    """Two transactions stood in each other's way and the database ended this one. Nothing was done; an entrance answers ``database``."""

    def __init__(self) -> None:
        super().__init__("database", "The database was busy with the same things. Nothing was done. Try again.", retry_after_seconds=1)


def again_after_collision(work: Callable[[], Result]) -> Result:
    """Return what ``work`` returns; while its transaction collides it is begun anew, TRIES times in all.

    ``work`` opens its own transaction and uses no CA key: a signature is never repeated by itself. Raises what it raises.
    """
    for number in range(1, TRIES):
        with suppress(Collision):
            return work()
        # The other one has just been let go: whoever begins at once may be before it again.
        time.sleep(PAUSE_SECONDS * number)
    return work()


@dataclass(frozen=True, slots=True)
class Transaction:
    """One open transaction and the time at which it began; ``now`` is the time of everything done in it.

    ``queues`` are the organizations whose requests it changed: whoever follows them is told when it commits.
    """

    connection: Connection
    now: datetime
    queues: set[str] = field(default_factory=set)

    def execute(self, statement: sa.Executable, parameters: Any = None) -> sa.CursorResult[Any]:  # noqa: ANN401 - SQLAlchemy's own parameter type
        """Run a Core statement."""
        return self.connection.execute(statement, parameters)

    def changed(self, statement: sa.Executable) -> int:
        """Run a conditional UPDATE or DELETE and return how many rows it touched."""
        return self.connection.execute(statement).rowcount


def run_in_driver(connection: Connection, sql: str, values: Any = (), *, many: bool = False) -> Any:  # noqa: ANN401 - the driver's own types
    """Run SQL on a cursor of the driver and return the cursor; errors are SQLAlchemy's, which knows those of every driver."""
    cursor = connection.connection.cursor()
    driver_error = connection.dialect.loaded_dbapi.Error
    try:
        if many:
            cursor.executemany(sql, values)
        else:
            cursor.execute(sql, values)
    except driver_error as error:
        raise exc.DBAPIError.instance(sql, None, error, driver_error, hide_parameters=True, dialect=connection.dialect) from error
    return cursor


def require_private_directory(directory: Path) -> None:
    """Create ``directory`` 0700; raises Unavailable ``data-directory-mode`` when it is open to others (architecture 6)."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = stat.S_IMODE(directory.stat().st_mode)
    if mode & 0o077:
        sentence = f"The data directory {directory} has mode {mode:04o}; others can look into it. Set it to 0700."
        raise Unavailable("data-directory-mode", sentence)


class Database:
    """Engines of one database URL: ``sqlite:////path/to/file`` or ``postgresql://user@host/name``."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.url = url
        self.signals = QueueSignals()
        self._listening = threading.Lock()
        self._listener: QueueListener | None = None
        self._directory = Path(parsed.database).parent if self.is_sqlite and parsed.database else None
        if self.is_sqlite:
            self.writer = _sqlite_engine(parsed, read_only=False)
            self.reader = _sqlite_engine(parsed, read_only=True)
        else:
            parsed = parsed.set(drivername="postgresql+psycopg")
            self.writer = _postgresql_writer(parsed)
            self.reader = _postgresql_reader(parsed)

    @contextmanager
    def write(self, now: datetime) -> Iterator[Transaction]:
        """Yield a write transaction; commits on return, rolls back on raise.

        Raises Unavailable ``database`` when the database is locked or gone, ``storage-full`` when there is no room.
        """
        if self._directory is not None and shutil.disk_usage(self._directory).free < SPARE_BYTES:
            raise _full()
        with _database_errors(), self.writer.begin() as connection:
            tx = Transaction(connection, now)
            yield tx
            if tx.queues and not self.is_sqlite:
                notify(connection, tx.queues)
        self.signals.tell(tx.queues)

    @contextmanager
    def read(self, now: datetime) -> Iterator[Transaction]:
        """Yield a transaction that can only read; raises Unavailable ``database``."""
        with _database_errors(), self.reader.connect() as connection, connection.begin():
            yield Transaction(connection, now)

    def listen(self) -> None:
        """Let ``signals`` hear of other processes too, from now on; does nothing on the embedded database, or a second time."""
        with self._listening:
            if self._listener is None and not self.is_sqlite:
                from privyseal.store.queue_listener import QueueListener  # noqa: PLC0415 - the driver, which SQLite never needs

                self._listener = QueueListener(self.writer, self.signals)

    def close(self) -> None:
        """Give all connections back."""
        with self._listening:
            if self._listener is not None:
                self._listener.stop()
                self._listener = None
        self.writer.dispose()
        self.reader.dispose()


def _full() -> Unavailable:
    return Unavailable("storage-full", "The database has no space left. Nothing was done. Try again later.", retry_after_seconds=60)


@contextmanager
def _database_errors() -> Iterator[None]:
    try:
        yield
    except PrivysealError:
        raise
    except (exc.OperationalError, exc.InterfaceError, exc.InternalError, exc.TimeoutError) as error:
        if isinstance(error, exc.DBAPIError) and getattr(error.orig, "sqlstate", None) in COLLISIONS:
            raise Collision from error
        text = str(error.orig if isinstance(error, exc.DBAPIError) else error).lower()
        if "full" in text or "no space" in text:
            raise _full() from error
        raise Unavailable(
            "database", "The database does not answer at the moment. Nothing was done. Try again in a few seconds."
        ) from error
    except exc.IntegrityError as error:
        # A rule of the schema stopped the second of two that did the same at once; every other case is checked before.
        sentence = "Somebody did the same at this moment. Nothing was done. Look at it again, and try again if it is still needed."
        raise Unavailable("database-race", sentence, retry_after_seconds=1) from error
    except exc.DataError as error:
        raise BadRequest("text", "A text holds characters that cannot be stored, or is too long. Nothing was done.") from error


def _read_json(data: str | bytes) -> Any:  # noqa: ANN401 - any JSON value
    """What ``json.loads`` gives, without its guesses at encoding and form: each certificate costs a dozen columns read."""
    text = (data if isinstance(data, str) else data.decode()).strip()
    value, end = _JSON.raw_decode(text)
    if end != len(text):
        raise ValueError("something stands behind the JSON of a column")
    return value


def _sqlite_engine(url: sa.URL, *, read_only: bool) -> Engine:
    if url.database:
        path = Path(url.database)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    engine = sa.create_engine(
        url,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
        pool_size=10,
        max_overflow=20,
        hide_parameters=True,  # A row may hold a one-time code or a hash; no error message repeats it into a log.
        json_deserializer=_read_json,
    )

    if url.database:
        _follow_file(engine, Path(url.database))

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:  # noqa: ANN401 - the driver's own types
        connection.isolation_level = None  # What begins a transaction is said below.
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        if read_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    def begin(connection: Any) -> None:  # noqa: ANN401 - the driver's own type
        # A deferred transaction that reads first and writes then loses updates or fails without waiting (facts/stack 2).
        connection.cursor().execute("BEGIN" if read_only else "BEGIN IMMEDIATE")

    # Where the dialect begins a transaction. A listener of the engine would do, but slows every statement of its connections.
    engine.dialect.do_begin = begin  # type: ignore[assignment, method-assign]
    return engine


def _follow_file(engine: Engine, path: Path) -> None:
    """Let go of every connection to a file that is not the one at ``path`` any more.

    A restored backup is another file of the same name; an open connection would go on writing into the old one, which nobody
    sees. While there is no file, none is made: an empty database in its place would hide the loss.
    """

    def identity() -> tuple[int, int]:
        try:
            status = os.stat(path)  # noqa: PTH116 - once for each transaction; a Path object costs as much again
        except FileNotFoundError as error:
            message = "the database file is not there"
            raise sqlite3.OperationalError(message) from error
        return status.st_dev, status.st_ino

    @event.listens_for(engine, "do_connect")
    def look(_dialect: Any, record: Any, _arguments: Any, _options: Any) -> None:  # noqa: ANN401 - SQLAlchemy's signature
        record.info["file"] = identity()

    @event.listens_for(engine, "checkout")
    def compare(_connection: Any, record: Any, _proxy: Any) -> None:  # noqa: ANN401 - SQLAlchemy's signature
        if record.info["file"] != identity():
            message = "the database file was exchanged"
            raise exc.InvalidatePoolError(message)


_OPTIONS: Final = (
    "-c synchronous_commit=on -c statement_timeout=30000 -c lock_timeout=10000"
    # Statements here touch some hundred rows: to compile one, or to start processes for it, takes several times as long as to answer.
    " -c jit=off -c max_parallel_workers_per_gather=0"
)


def _postgresql_writer(url: sa.URL) -> Engine:
    return _postgresql_engine(url, _OPTIONS, pool_size=5, max_overflow=20)


def _postgresql_reader(url: sa.URL) -> Engine:
    """What reads: the server refuses every change, and each statement stands alone.

    Under READ COMMITTED a transaction gives its statements nothing in common; to begin and to end one would cost two
    more answers of the server for each page's read.
    """
    options = f"{_OPTIONS} -c default_transaction_read_only=on"
    return _postgresql_engine(url, options, isolation_level="AUTOCOMMIT", pool_size=5, max_overflow=10, pool_use_lifo=True)


def _postgresql_engine(url: sa.URL, options: str, **of_its_pool: Any) -> Engine:  # noqa: ANN401 - SQLAlchemy's own parameters
    return sa.create_engine(
        url,
        pool_pre_ping=True,
        pool_timeout=10,
        hide_parameters=True,
        json_deserializer=_read_json,
        connect_args={"connect_timeout": 5, "options": options},
        **of_its_pool,
    )
