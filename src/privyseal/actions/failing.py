"""How the periodic work of a process fares, kept for the people of the provider: what fails, since when and why.

The pages are in another process than the work, so it stands in the database. While that is away nothing can be kept, and the
pages say so themselves.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from privyseal.actions.house import House
from privyseal.model.errors import PrivysealError
from privyseal.store import task_failures
from privyseal.store.database import Transaction

_log = structlog.get_logger("privyseal")


class Failures:
    """Keeps what failed on this machine until it works again. Nothing here raises; from any thread, each task from one alone."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._fine: set[str] = set()

    def failed(self, task: str, error: Exception) -> None:
        """Keep that a run of this task failed, and why."""
        self._fine.discard(task)
        kind, sentence = why(error)
        self._try(task, lambda: self._write(lambda tx: task_failures.note(tx, task, self._house.machine, kind, sentence)))

    def worked(self, task: str) -> None:
        """Keep that a run of this task was good, if the one before was not.

        The first good run of a process looks whether an earlier process failed at it; later ones cost nothing.
        """
        if task not in self._fine and self._try(task, lambda: self._recover(task)):
            self._fine.add(task)

    def _recover(self, task: str) -> None:
        with self._house.database.read(self._house.clock()) as tx:
            if not task_failures.is_open(tx, task, self._house.machine):
                return
        self._write(lambda tx: task_failures.recover(tx, task, self._house.machine))

    def _write(self, work: Callable[[Transaction], object]) -> None:
        with self._house.database.write(self._house.clock()) as tx:
            work(tx)

    def _try(self, task: str, work: Callable[[], None]) -> bool:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whoever notes a failure must not end the work by another one
            _log.warning("failure.not-kept", task=task, reason=why(error)[0])
            return False
        return True


def why(error: Exception) -> tuple[str, str]:
    """Return kind and sentence of an error of ours; else its class, with what the system says of it, or nothing.

    The text of a foreign error stays in the log: nobody knows what stands in it.
    """
    if isinstance(error, PrivysealError):
        return error.kind, _line(error.sentence)
    return type(error).__name__, _line(error.strerror or "") if isinstance(error, OSError) else ""


def _line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
