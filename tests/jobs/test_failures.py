"""Periodic work that failed is kept until it works again, on the machine where it failed, whatever happens meanwhile; both databases."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from privyseal.actions.failing import Failures, why
from privyseal.actions.house import House
from privyseal.jobs.retention import KEEP_FAILURES, forget_old_failures
from privyseal.jobs.schedule import PeriodicTask, Schedule
from privyseal.model.errors import Unavailable
from privyseal.model.task_failure import LEFT_AFTER, TaskFailure, TaskStanding
from privyseal.store import task_failures
from privyseal.store.database import Database
from tests.jobs.test_schedule import Work
from tests.jobs.workbench import bare_house, system_clock
from tests.rigs.ports import wait_until
from tests.rigs.statements import heard

AWAY = Unavailable("issuer", "The issuer does not answer at the moment.")
HOUR = timedelta(hours=1)


def house_at(database: Database, moment: datetime, machine: str = "one") -> House:
    """A process on a machine, at a moment."""
    return dataclasses.replace(bare_house(database, lambda: moment), machine=machine)


def kept(database: Database, moment: datetime | None = None) -> list[TaskFailure]:
    with database.read(moment or system_clock()) as tx:
        return task_failures.every(tx)


def failing(database: Database, moment: datetime) -> int:
    with database.read(moment) as tx:
        return task_failures.count_failing(tx)


@contextmanager
def running(house: House, task: PeriodicTask) -> Iterator[None]:
    schedule = Schedule([task], os.urandom, Failures(house))
    schedule.start()
    try:
        yield
    finally:
        schedule.stop()


def test_a_task_that_fails_twice_and_then_works(database: Database) -> None:
    house, work = bare_house(database), Work(failures=2, error=AWAY)
    before = system_clock()
    with running(house, PeriodicTask("sweep", 0.3, work)):
        wait_until(lambda: work.runs >= 2 and bool(kept(database)) and kept(database)[0].failures == 2, seconds=10, what="two failures")
        [row] = kept(database)
        assert (row.task, row.machine, row.kind, row.sentence) == ("sweep", "local", "issuer", AWAY.sentence)
        assert before <= row.since < row.last_at
        wait_until(lambda: kept(database)[0].recovered_at is not None, seconds=10, what="it works again")
    [row] = kept(database)
    assert row.standing(system_clock()) is TaskStanding.WORKING
    assert (row.failures, failing(database, system_clock())) == (2, 0)


def test_failures_in_a_row_are_counted_from_the_first(database: Database) -> None:
    now = system_clock()
    for hours in range(3):
        Failures(house_at(database, now + hours * HOUR)).failed("domains", Unavailable("database", f"Away {hours}."))
    [row] = kept(database)
    assert (row.since, row.failures, row.last_at, row.sentence) == (now, 3, now + 2 * HOUR, "Away 2.")
    assert failing(database, now + 2 * HOUR) == 1
    Failures(house_at(database, now + 3 * HOUR)).worked("domains")
    Failures(house_at(database, now + 4 * HOUR)).worked("domains")
    [row] = kept(database)
    assert row.recovered_at == now + 3 * HOUR, "the first good run counts"
    Failures(house_at(database, now + 5 * HOUR)).failed("domains", AWAY)
    [row] = kept(database)
    assert (row.since, row.failures, row.recovered_at) == (now + 5 * HOUR, 1, None), "a new run of failures begins anew"


def test_another_process_on_the_machine_ends_what_an_earlier_one_left(database: Database) -> None:
    now = system_clock()
    Failures(house_at(database, now)).failed("sweep", AWAY)
    Failures(house_at(database, now + HOUR, "two")).worked("sweep")
    assert failing(database, now + HOUR) == 1, "that it works elsewhere does not mend it here"
    Failures(house_at(database, now + HOUR)).worked("trials")
    assert failing(database, now + HOUR) == 1
    Failures(house_at(database, now + HOUR)).worked("sweep")
    assert failing(database, now + HOUR) == 0


def test_each_machine_has_a_line_of_its_own_and_what_fails_now_comes_first(database: Database) -> None:
    now = system_clock()
    for machine, moment in (("one", now), ("two", now + HOUR), ("three", now + 2 * HOUR)):
        Failures(house_at(database, moment, machine)).failed("sweep", AWAY)
    Failures(house_at(database, now + 3 * HOUR, "three")).worked("sweep")
    assert [row.machine for row in kept(database)] == ["two", "one", "three"]
    assert failing(database, now + 3 * HOUR) == 2


def test_a_machine_that_no_longer_tries_counts_no_more_and_is_forgotten_after_a_month(database: Database) -> None:
    now = system_clock()
    Failures(house_at(database, now)).failed("sweep", AWAY)
    for after, standing in ((LEFT_AFTER - HOUR, TaskStanding.FAILING), (LEFT_AFTER, TaskStanding.LEFT)):
        [row] = kept(database, now + after)
        assert row.standing(now + after) is standing
        assert failing(database, now + after) == (standing is TaskStanding.FAILING)
    assert forget_old_failures(house_at(database, now + KEEP_FAILURES)) == 0
    assert forget_old_failures(house_at(database, now + KEEP_FAILURES + HOUR)) == 1
    assert kept(database) == []


def test_good_runs_cost_the_database_nothing(database: Database) -> None:
    failures = Failures(bare_house(database))
    failures.worked("sweep")
    with heard(database) as statements:
        for _ in range(100):
            failures.worked("sweep")
    assert statements == []
    failures.failed("sweep", AWAY)
    failures.worked("sweep")
    assert kept(database)[0].recovered_at is not None


def test_where_nothing_can_be_kept_the_work_goes_on(database: Database) -> None:
    with database.writer.begin() as connection:
        task_failures.task_failures.drop(connection)
    work = Work(failures=2, error=AWAY)
    with running(bare_house(database), PeriodicTask("sweep", 0.02, work)):
        wait_until(lambda: work.runs >= 4, seconds=10, what="runs after the failures")


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (AWAY, "issuer", AWAY.sentence),
        (Unavailable("odd", "Two\r\nlines\x1b[31m."), "odd", "Two  lines [31m."),
        (ValueError("the code is k3y-0f-s0meb0dy"), "ValueError", ""),
        (FileNotFoundError(2, "No such file or directory", "/secret/place"), "FileNotFoundError", "No such file or directory"),
        (ConnectionError("to https://user:password@host"), "ConnectionError", ""),
        (KeyError("k3y-0f-s0meb0dy"), "KeyError", ""),
    ],
)
def test_what_is_kept_of_an_error_holds_no_secret(error: Exception, kind: str, sentence: str) -> None:
    assert why(error) == (kind, sentence)
