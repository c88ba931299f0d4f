"""A throw-away PostgreSQL server from Debian's package, on a free port, with fsync on.

Root may not run PostgreSQL, so as root the server runs as user postgres through setpriv; otherwise it runs as whoever runs
the tests. Data lie in a folder of their own and go away with the server: in memory where there is room, because each test
drops its database and PostgreSQL writes everything to the disk for that, which takes a second; else in the system's
temporary folder. A server that is killed loses as little in memory as on a disk, only a power failure would tell them apart.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from tests.rigs.ports import LOOPBACK, free_port, wait_until
from tests.rigs.presence import require_program

SETTINGS = f"""
listen_addresses = '{LOOPBACK}'
max_connections = 200
# A durability test that runs without fsync proves nothing: the defaults stay on, written down so that nobody wonders.
fsync = on
synchronous_commit = on
full_page_writes = on
# Small and quiet: the tests share the machine.
shared_buffers = 64MB
log_min_messages = warning
log_timezone = 'UTC'
timezone = 'UTC'
"""


def _binaries() -> Path:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: int(place.parent.name), reverse=True)
    return require_program("initdb", "postgresql", more_places=tuple(str(place) for place in versions)).parent


MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30


def _roomy_memory() -> Path | None:
    """The file system in memory if it has room for the databases of a run, or None."""
    return MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM else None


class PostgresServer:
    """One server; ``create_database`` hands out fresh, empty databases. Use it as a context manager."""

    def __init__(self) -> None:
        self._binaries = _binaries()
        self._directory = Path(tempfile.mkdtemp(prefix="privyseal-postgresql-", dir=_roomy_memory()))
        self._data = self._directory / "data"
        self._numbers = itertools.count(1)
        self._prefix: list[str] = []
        self.user = "postgres"
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self._directory, account.pw_uid, account.pw_gid)
            self._prefix = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--init-groups", "--"]
        self.port = free_port()
        self._run(
            "initdb",
            f"--pgdata={self._data}",
            f"--username={self.user}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-instructions",
            "--no-sync",  # a new, empty cluster is not worth waiting for the disk; what the server writes later is
        )
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(SETTINGS)
            settings.write(f"unix_socket_directories = '{self._directory}'\n")

    def start(self, *, tries: int = 5) -> None:
        """Starts the server and returns when it answers.

        After a SIGKILL of the postmaster the next start can fail while orphaned backends still hold the shared memory, and a
        free port can be taken by somebody else in between: both are tried again.
        """
        for left in reversed(range(tries)):
            try:
                self._run(
                    "pg_ctl", "start", f"--pgdata={self._data}", "--wait", "--timeout=30", f"--log={self._log}", f"--options=-p {self.port}"
                )
            except subprocess.CalledProcessError:
                if left == 0:
                    raise RuntimeError(f"PostgreSQL did not start.\n{self.log}") from None
                if "could not bind" in self.log:
                    self.port = free_port()
                wait_until(lambda: not self.running, seconds=10, what="the old PostgreSQL server is gone")
            else:
                return

    def stop(self) -> None:
        """Stops the server as an operator would: connections are cut, committed data are safe."""
        if self.running:
            self._run("pg_ctl", "stop", f"--pgdata={self._data}", "--mode=fast", "--wait", "--timeout=30")

    def crash(self) -> None:
        """Stops the server without a checkpoint, as a power cut would; ``start`` then recovers from the log."""
        self._run("pg_ctl", "stop", f"--pgdata={self._data}", "--mode=immediate", "--wait", "--timeout=30")

    @property
    def running(self) -> bool:
        """Whether a postmaster runs on the data."""
        status = subprocess.run(
            [*self._prefix, self._binaries / "pg_ctl", "status", f"--pgdata={self._data}"], check=False, capture_output=True
        )
        return status.returncode == 0

    @property
    def log(self) -> str:
        """What the server and its commands have written so far."""
        files = (self._directory / "commands.log", self._log)
        return "".join(file.read_text(encoding="utf-8", errors="replace") for file in files if file.exists())

    def create_database(self, template: str = "", *, language: str = "") -> str:
        """Creates an empty database, or a copy of the one at the URL ``template``, and returns its SQLAlchemy URL.

        An empty one orders texts as this ``language`` does, by ICU; without one by their bytes.
        """
        name = f"privyseal_{next(self._numbers)}"
        source = sql.Identifier(template.rpartition("/")[2] or ("template0" if language else "template1"))
        order = sql.SQL(" LOCALE_PROVIDER icu ICU_LOCALE {}").format(sql.Literal(language)) if language else sql.SQL("")
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}{}").format(sql.Identifier(name), source, order))
        return f"postgresql+psycopg://{self.user}@{LOOPBACK}:{self.port}/{name}"

    def drop_database(self, url: str) -> None:
        """Drops a database that ``create_database`` made, cutting whoever is still connected."""
        name = sql.Identifier(url.rpartition("/")[2])
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def close(self) -> None:
        """Stops the server and removes its data; nobody needs them, so nothing is flushed."""
        try:
            if self.running:
                self.crash()
        finally:
            shutil.rmtree(self._directory, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def _log(self) -> Path:
        return self._directory / "server.log"

    def _dsn(self, database: str) -> str:
        return f"host={LOOPBACK} port={self.port} user={self.user} dbname={database} connect_timeout=10"

    def _run(self, program: str, *arguments: str) -> None:
        # The server inherits its standard output from pg_ctl: a pipe here would stay open as long as the server runs.
        with (self._directory / "commands.log").open("ab") as log:
            subprocess.run(
                [*self._prefix, self._binaries / program, *arguments],
                check=True,
                cwd=self._directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
