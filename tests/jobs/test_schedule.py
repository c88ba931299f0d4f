"""Periodic work goes on, whatever it meets."""

from __future__ import annotations

import os
import threading
import time

import pytest

from privyseal.jobs.schedule import FAILURE_CEILING_SECONDS, PeriodicTask, Schedule
from privyseal.model.errors import Unavailable
from tests.rigs.ports import wait_until


class Work:
    """Counts its runs and fails in the first ones."""

    def __init__(self, failures: int = 0, error: Exception | None = None) -> None:
        self.runs = 0
        self._failures = failures
        self._error = error or Unavailable("database", "The database is away.")

    def __call__(self) -> None:
        self.runs += 1
        if self.runs <= self._failures:
            raise self._error


def test_every_task_runs_at_once_and_again_until_stopped() -> None:
    quick, slow = Work(), Work()
    schedule = Schedule([PeriodicTask("quick", 0.02, quick), PeriodicTask("slow", 3600, slow)], os.urandom)
    schedule.start()
    wait_until(lambda: quick.runs >= 5, seconds=5, what="five runs")
    schedule.stop()
    after = quick.runs
    time.sleep(0.1)
    assert (quick.runs, slow.runs) == (after, 1)


@pytest.mark.parametrize("error", [Unavailable("database", "away"), ZeroDivisionError("a bug")], ids=["ours", "foreign"])
def test_a_failure_ends_nothing(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    work = Work(failures=2, error=error)
    schedule = Schedule([PeriodicTask("frail", 0.02, work)], os.urandom)
    schedule.start()
    wait_until(lambda: work.runs >= 4, seconds=5, what="runs after the failures")
    schedule.stop()
    assert "periodic work failed" in capsys.readouterr().out


def test_repeated_failures_are_tried_less_often() -> None:
    schedule = Schedule([], lambda count: b"\xff" * count)
    task = PeriodicTask("frequent", 0.5, lambda: None)
    waits = [schedule._wait_seconds(task, failures) for failures in (0, 1, 2, 3, 4, 1000)]  # noqa: SLF001 - the delays themselves are the promise
    assert waits == pytest.approx([0.55, 1.1, 2.2, 4.4, 1.1 * FAILURE_CEILING_SECONDS, 1.1 * FAILURE_CEILING_SECONDS])
    nightly = PeriodicTask("nightly", 86_400, lambda: None)
    assert schedule._wait_seconds(nightly, 3) == pytest.approx(1.1 * 86_400)  # noqa: SLF001 - see above


def test_stopping_waits_for_the_run_under_way() -> None:
    begun, ended = threading.Event(), threading.Event()

    def run() -> None:
        begun.set()
        time.sleep(0.2)
        ended.set()

    schedule = Schedule([PeriodicTask("long", 60, run)], os.urandom)
    schedule.start()
    assert begun.wait(5)
    schedule.stop()
    assert ended.is_set()
