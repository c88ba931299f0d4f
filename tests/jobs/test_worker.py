"""The whole worker in this process, on both databases: from the outbox row to the listener."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from privyseal.actions.house import House
from privyseal.jobs.deliveries import Listener, RetryPlan
from privyseal.jobs.engine import CONCURRENT_DELIVERIES, QUEUE, JobEngine, Try, job_file
from privyseal.jobs.lost import LostDeliveries
from privyseal.jobs.retention import delete_old_jobs
from privyseal.jobs.schedule import PeriodicTask
from privyseal.jobs.worker import Worker
from privyseal.model.errors import Unavailable
from privyseal.store import outbox
from privyseal.store.database import Database
from tests.jobs.workbench import Ear, add_row, bare_house, fresh_database, state_of, system_clock
from tests.rigs.ports import wait_until

IMPATIENT = RetryPlan(0.2, 1.0, timedelta(days=4))


@contextmanager
def working(
    house: House, listeners: Mapping[str, Listener], periodic: Sequence[PeriodicTask] = (), plan: RetryPlan = IMPATIENT
) -> Iterator[Worker]:
    worker = Worker(house, listeners, periodic, "node-under-test", plan=plan)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


def await_done(database: Database, *row_ids: str, seconds: float = 15) -> None:
    wait_until(lambda: all(state_of(database, row_id).done for row_id in row_ids), seconds=seconds, what="rows are done", pause=0.1)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    """For what does not depend on the database: starting and stopping a worker takes seconds."""
    with fresh_database("sqlite", tmp_path, None) as made:
        yield made


def test_facts_are_heard_once_and_failures_until_they_succeed(database: Database) -> None:
    house, good, frail = bare_house(database), Ear(), Ear(failures=2)
    ran: list[int] = []
    before = [add_row(house, "good") for _ in range(5)]
    with working(house, {"good": good, "frail": frail}, [PeriodicTask("sweep", 3600, lambda: ran.append(1))]) as worker:
        late, broken = add_row(house, "good"), add_row(house, "frail", {"code": "one-time-secret"})
        await_done(database, *before, late, broken)
        rows = job_rows(worker, database)
    assert sorted(good.heard) == sorted((row_id, row_id) for row_id in [*before, late])
    # The same message id in every try: whoever receives it sees that it is the same letter.
    assert frail.heard == [(broken, broken)] * 3
    state = state_of(database, broken)
    assert (state.attempts, state.failure, state.payload) == (2, "", {})
    assert ran == [1]
    # Nothing in the job tables can be unpickled, and they hold ids, no secrets.
    assert {row["serialization"] for row in rows} == {"portable_json"}
    assert {(row["queue_name"], row["application_version"]) for row in rows} == {(QUEUE, "1")}
    assert broken in f"{rows}"
    assert "one-time-secret" not in f"{rows}"


def job_rows(worker: Worker, database: Database) -> list[dict[str, Any]]:
    """Everything DBOS stores about our workflows."""
    place = "" if database.is_sqlite else "dbos."
    with worker.engine._engine.connect() as connection:  # noqa: SLF001 - a look into DBOS's own tables
        statement = f"SELECT * FROM {place}workflow_status s LEFT JOIN {place}workflow_input i ON i.workflow_uuid = s.workflow_uuid"  # noqa: S608 - constant
        return [dict(row) for row in connection.exec_driver_sql(statement).mappings()]


def test_rows_that_never_succeed_do_not_stop_the_others(sqlite: Database) -> None:
    """More hopeless rows than deliveries at a time: waiting between tries takes no place in the queue."""
    house, good, hopeless = bare_house(sqlite), Ear(), Ear(failures=1000)
    rows = [add_row(house, "hopeless") for _ in range(CONCURRENT_DELIVERIES + 8)]
    with working(house, {"good": good, "hopeless": hopeless}):
        wait_until(lambda: all(hopeless.count(row_id) for row_id in rows), seconds=15, what="every hopeless row was tried")
        last = add_row(house, "good")
        await_done(sqlite, last, seconds=10)
    assert not any(state_of(sqlite, row_id).done for row_id in rows)
    with sqlite.read(system_clock()) as tx:
        assert {row.id for row in outbox.failing(tx, limit=1000)} == set(rows)


def test_an_operator_has_failing_rows_tried_now(database: Database) -> None:
    """The next try would come in an hour; the one asked for comes at once, and the late one finds nothing to do."""
    house, ear = bare_house(database), Ear(failures=2)
    with working(house, {"ear": ear}, plan=RetryPlan(3600, 3600, timedelta(days=4))):
        row_id, heard = add_row(house, "ear"), add_row(house, "missing")
        for failures in (1, 2):
            wait_until(lambda: state_of(database, row_id).attempts == failures, seconds=10, what="a failure")  # noqa: B023 - called at once
            with database.write(system_clock()) as tx:
                assert outbox.retry(tx, [row_id]) == [row_id]
        await_done(database, row_id)
        with database.write(system_clock()) as tx:
            assert outbox.retry(tx) == [heard]
            assert outbox.count_failing(tx) == 1
    assert ear.count(row_id) == 3


def test_what_a_stopped_worker_left_is_done_by_the_next(sqlite: Database) -> None:
    house, ear = bare_house(sqlite), Ear(failures=1)
    with working(house, {"ear": ear}, plan=RetryPlan(2.0, 2.0, timedelta(days=4))):
        row_id = add_row(house, "ear")
        wait_until(lambda: ear.count(row_id) == 1, seconds=10, what="the first try")
    assert not state_of(sqlite, row_id).done
    with working(house, {"ear": ear}):
        await_done(sqlite, row_id)
    assert ear.count(row_id) == 2


def test_a_process_has_one_worker_and_its_jobs_lie_in_a_private_file(sqlite: Database) -> None:
    house = bare_house(sqlite)
    path = job_file(sqlite)
    with working(house, {}):
        second = Worker(house, {}, [], "another-node")
        with pytest.raises(Unavailable) as refusal:
            second.start()
        assert path.name == "privyseal-jobs.db"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert refusal.value.kind == "jobs-running"
    with sqlite.read(system_clock()) as tx:
        assert tx.connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE name LIKE '%workflow%'").fetchall() == []


def test_housekeeping_forgets_what_ended_and_finds_what_was_lost(database: Database) -> None:
    house, ear = bare_house(database), Ear()
    with working(house, {"ear": ear, "sore": Ear(failures=99)}, plan=RetryPlan(3600, 3600, timedelta(days=4))) as worker:
        rows = [add_row(house, "ear") for _ in range(7)]
        failing = add_row(house, "sore")
        await_done(database, *rows)
        wait_until(lambda: state_of(database, failing).attempts == 1, seconds=10, what="a failure")
        wait_until(lambda: worker.engine.live_row_ids() == {failing}, seconds=10, what="one job is left")

        # Lost is what was dispatched and not done, and has no job: as after a restore of the database, or of the job file.
        finished = rows[0]
        unknown = add_row(bare_house(database, lambda: system_clock() - timedelta(minutes=5)), "ear", dispatched=True)
        with database.write(system_clock()) as tx:
            tx.execute(outbox.outbox.update().where(outbox.outbox.c.id == finished).values(done_at=None))
        lost = LostDeliveries(house, worker.engine, timedelta(days=4), grace=timedelta())
        lost.queue_again()
        lost.queue_again()
        await_done(database, unknown, finished)
        assert (ear.count(unknown), ear.count(finished), len(ear.heard)) == (1, 2, 9)

        assert delete_old_jobs(house, worker.engine) == 0
        in_a_week = bare_house(database, lambda: system_clock() + timedelta(days=8))
        wait_until(lambda: delete_old_jobs(in_a_week, worker.engine) == 0, seconds=10, what="nothing is left to delete")
        # The delayed next try of the failing row is alive and was not touched; the done rows stay done.
        assert [row["workflow_uuid"] for row in job_rows(worker, database)] == [f"{failing}~2"]
    assert all(state_of(database, row_id).done for row_id in rows)
    assert len(ear.heard) == 9


def test_work_begun_by_nobody_is_queued_again(postgresql_database: Database) -> None:
    """What an outage can leave: the database says that this worker has begun it, and no thread of it has."""
    house, ear = bare_house(postgresql_database), Ear()
    with working(house, {"ear": ear}) as worker:
        worker._rescue._stray_seconds = 1.0  # noqa: SLF001 - half a minute is too long for a test
        row_id = add_row(house, "ear")
        await_done(postgresql_database, row_id)
        wait_until(lambda: _is_over(postgresql_database, row_id), seconds=15, what="its workflow is over")
        with postgresql_database.write(system_clock()) as tx:
            tx.execute(outbox.outbox.update().where(outbox.outbox.c.id == row_id).values(done_at=None))
            tx.execute(sa.text("UPDATE dbos.workflow_status SET status = 'PENDING' WHERE workflow_uuid = :id"), {"id": row_id})
            tx.execute(sa.text("DELETE FROM dbos.operation_outputs WHERE workflow_uuid = :id"), {"id": row_id})
        await_done(postgresql_database, row_id)
    assert ear.count(row_id) == 2


def _is_over(database: Database, row_id: str) -> bool:
    with database.read(system_clock()) as tx:
        found = tx.execute(sa.text("SELECT status FROM dbos.workflow_status WHERE workflow_uuid = :id"), {"id": row_id})
        return bool(found.scalar_one() == "SUCCESS")


def test_ids_of_tries_tell_rows_and_chains_apart() -> None:
    tries = (Try("fact-1"), Try("fact-1", 2), Try("fact-1", 1, "202611220130."), Try("fact-1", 3, "202611220130."))
    assert [one.workflow_id for one in tries] == ["fact-1", "fact-1~2", "fact-1~202611220130.1", "fact-1~202611220130.3"]


def test_a_database_that_is_away_refuses_the_start(tmp_path: Path) -> None:
    away = bare_house(Database("postgresql://nobody@127.0.0.1:1/nothing"))
    with pytest.raises(Unavailable) as refusal:
        Worker(away, {}, [], "node").start()
    assert refusal.value.kind == "database"
    with fresh_database("sqlite", tmp_path, None) as sqlite:
        job_file(sqlite).mkdir()
        with pytest.raises(Unavailable) as no_file:
            Worker(bare_house(sqlite), {}, [], "node").start()
    assert no_file.value.kind == "jobs-database"
    # The place is free again: the refused ones left nothing behind.
    assert JobEngine._one.acquire(blocking=False)  # noqa: SLF001 - see above
    JobEngine._one.release()  # noqa: SLF001 - see above
