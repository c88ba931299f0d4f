"""Periodic work: plain named callables, each in a thread of its own, that never stop a worker by failing.

What runs here may run on every node of a service at the same time: a task that must not holds a lease of its own. What fails is
logged, counted, and kept for the provider's console until it works again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from privyseal.actions.failing import Failures
from privyseal.jobs.counters import PERIODIC_RUNS
from privyseal.jobs.deliveries import describe, trace
from privyseal.model.identifiers import RandomBytes

JITTER: Final = 0.1
"""Each wait is up to a tenth shorter or longer, so that nodes started together do not work in step."""

FAILURE_CEILING_SECONDS: Final = 5.0
"""A task that runs more often than this waits so long after repeated failures: an outage fills no log."""

_log = structlog.get_logger("privyseal.jobs")


@dataclass(frozen=True, slots=True)
class PeriodicTask:
    """``run`` is called at start and then about every ``every_seconds``, at least daily; whatever it raises is logged and counted."""

    name: str
    every_seconds: float
    run: Callable[[], None]


class Schedule:
    """Runs periodic tasks until it is stopped. ``failures`` keeps how they fare, where somebody wants to know."""

    def __init__(self, tasks: Sequence[PeriodicTask], random_bytes: RandomBytes, failures: Failures | None = None) -> None:
        self._tasks = tuple(tasks)
        self._random_bytes = random_bytes
        self._failures = failures
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin with every task; each runs once at once."""
        for task in self._tasks:
            thread = threading.Thread(target=self._loop, args=(task,), name=f"periodic-{task.name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, *, timeout_seconds: float = 10.0) -> None:
        """Begin no further run and wait for those under way."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=timeout_seconds)

    def _loop(self, task: PeriodicTask) -> None:
        failures = 0
        while not self._stopping.is_set():
            failures = 0 if self._run(task) else failures + 1
            if self._stopping.wait(self._wait_seconds(task, failures)):
                return

    def _wait_seconds(self, task: PeriodicTask, failures: int) -> float:
        wait = task.every_seconds
        if failures:
            wait = max(wait, min(FAILURE_CEILING_SECONDS, wait * 2.0 ** min(failures, 30)))
        fraction = int.from_bytes(self._random_bytes(2)) / 0xFFFF
        return wait * (1.0 - JITTER + 2.0 * JITTER * fraction)

    def _run(self, task: PeriodicTask) -> bool:
        try:
            task.run()
        except Exception as error:  # noqa: BLE001 - periodic work never ends a worker, whatever it meets
            PERIODIC_RUNS.labels(task.name, "failed").inc()
            _log.error("periodic work failed", task=task.name, reason=describe(error), **trace(error))
            if self._failures is not None:
                self._failures.failed(task.name, error)
            return False
        PERIODIC_RUNS.labels(task.name, "done").inc()
        if self._failures is not None:
            self._failures.worked(task.name)
        return True
