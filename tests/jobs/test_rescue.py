"""Workers that die: killed processes, a database that goes away, names used twice."""

from __future__ import annotations

import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from privyseal.actions.house import House
from privyseal.jobs.deliveries import RetryPlan
from privyseal.jobs.engine import ENDED, Delivery, JobEngine
from privyseal.jobs.rescue import Rescue, lock_key
from privyseal.jobs.worker import Worker
from privyseal.model.errors import Unavailable
from privyseal.store.database import Database
from tests.jobs.workbench import Ear, add_row, bare_house, fresh_database, state_of
from tests.jobs.worker_process import lines_of
from tests.rigs.ports import wait_until
from tests.rigs.postgresql import PostgresServer
from tests.rigs.processes import Child

IMPATIENT = RetryPlan(0.5, 2.0, timedelta(days=4))


@contextmanager
def working(house: House, ear: Ear, node: str) -> Iterator[None]:
    worker = Worker(house, {"ear": ear}, [], node, plan=IMPATIENT)
    worker.start()
    try:
        yield
    finally:
        worker.stop()


def await_done(database: Database, rows: list[str], seconds: float = 30) -> None:
    wait_until(lambda: all(state_of(database, row_id).done for row_id in rows), seconds=seconds, what="every row is done", pause=0.1)


def test_the_living_take_over_from_the_dead(postgresql_database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database, log, ear = postgresql_database, tmp_path / "log", Ear()
    house = bare_house(database)
    command = [sys.executable, "-m", "tests.jobs.worker_process", database.url, "node-a", log]
    with Child([str(word) for word in command]) as first:
        first.wait_for_output("ready", seconds=120)
        hanging = [add_row(house, "ear") for _ in range(3)]
        wait_until(lambda: sorted(lines_of(log)) == sorted(hanging), seconds=15, what="node-a has begun")
        with working(house, ear, "node-b"):
            # A node that is merely slow keeps what it has, and the other one does the rest.
            time.sleep(2.5)
            assert ear.heard == []
            first.send(signal.SIGKILL)
            await_done(database, hanging, seconds=10)
            row = add_row(house, "ear")
            await_done(database, [row])
    # What was under way ran twice under one message id.
    assert Counter(ear.heard) == Counter((row_id, row_id) for row_id in [*hanging, row])
    assert lines_of(log).count(row) == 0
    assert "took over begun work" in capsys.readouterr().out


def test_a_name_is_used_by_one_worker_at_a_time(postgresql_database: Database) -> None:
    def rescue() -> Rescue:
        delivery = Delivery(lambda _row_id, _number: ENDED, lambda _row_id, _is_moot: None, lambda _number: 1.0)
        return Rescue(postgresql_database, JobEngine(postgresql_database, "node-a", delivery), claim_seconds=0.3)

    first, second = rescue(), rescue()
    first.claim()
    assert holders(postgresql_database, "node-a") == 1
    with pytest.raises(Unavailable) as refusal:
        second.claim()
    assert refusal.value.kind == "worker-running"
    first.release()
    second.claim()
    second.release()
    assert holders(postgresql_database, "node-a") == 0


def test_work_goes_on_after_the_database_was_away(tmp_path: Path) -> None:
    """A server of its own, because it crashes: the connection with the lock breaks, as do those of DBOS."""
    ear = Ear(pause_seconds=0.3)
    with PostgresServer() as server, fresh_database("postgresql", tmp_path, server) as database:
        house = bare_house(database)
        with working(house, ear, "node-a"):
            before = [add_row(house, "ear") for _ in range(6)]
            wait_until(lambda: len(ear.heard) >= 1, seconds=15, what="work has begun")
            server.crash()
            server.start()
            after = [add_row(house, "ear") for _ in range(3)]
            await_done(database, before + after, seconds=90)
            # It holds its lock again, so that nobody takes it for dead.
            wait_until(lambda: holders(database, "node-a") == 1, seconds=10, what="the lock is held")


def holders(database: Database, node: str) -> int:
    """How many sessions hold the lock of this node."""
    key = lock_key(node) & 0xFFFFFFFFFFFFFFFF
    locks = sa.table("pg_locks", sa.column("locktype"), sa.column("classid"), sa.column("objid"))
    statement = sa.select(sa.func.count()).where(
        locks.c.locktype == "advisory", locks.c.classid == key >> 32, locks.c.objid == key & 0xFFFFFFFF
    )
    with database.writer.connect() as connection:
        return int(connection.execute(statement).scalar_one())
