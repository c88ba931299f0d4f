"""One thread that owns the repository, so that a slow or dead database never stops the event loop.

Questions that come in while the thread works wait in a list and go over together: one change of threads for many.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

from privyseal.model.errors import Unavailable
from privyseal.status.database.repository import Repository

Answer = TypeVar("Answer")

ANSWER_SECONDS = 5.0
"""Whoever asks waits so long at most, then is told that the database is away."""

# One list holds questions of every type; `ask` ties each to the type of its answer.
_Question: TypeAlias = tuple[Callable[[Repository], Any], "asyncio.Future[Any]"]
_Outcome: TypeAlias = tuple["asyncio.Future[Any]", Any, Exception | None]


class DatabaseThread:
    """Asks the repository from the event loop; belongs to the loop in which it is used."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._executor = ThreadPoolExecutor(1, "status-database")
        self._waiting: list[_Question] = []
        self._timer: asyncio.TimerHandle | None = None
        """Runs while the thread works."""
        self._hangs = False

    async def ask(self, question: Callable[[Repository], Answer]) -> Answer:
        """What ``question`` answers when it is called with the repository, in the thread.

        Raises what it raises, and Unavailable kind ``database`` after ANSWER_SECONDS, at once while an earlier question hangs.
        """
        if self._hangs:
            raise _hanging()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((question, future))
        if self._timer is None:
            self._send(loop)
        return await future

    def _send(self, loop: asyncio.AbstractEventLoop) -> None:
        batch, self._waiting = self._waiting, []
        self._timer = loop.call_later(ANSWER_SECONDS, self._give_up, batch)
        self._executor.submit(self._work, loop, batch)

    def _give_up(self, batch: list[_Question]) -> None:
        """The thread has not come back: everybody who waits is told."""
        self._hangs = True
        for _, future in [*batch, *self._waiting]:
            if not future.done():
                future.set_exception(_hanging())
        self._waiting.clear()

    def _work(self, loop: asyncio.AbstractEventLoop, batch: list[_Question]) -> None:
        """Runs in the thread."""
        outcomes: list[_Outcome] = []
        for question, future in batch:
            try:
                outcomes.append((future, question(self._repository), None))
            except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to whoever asked
                outcomes.append((future, None, error))
        with suppress(RuntimeError):  # the loop has ended in the meantime
            loop.call_soon_threadsafe(self._deliver, loop, outcomes)

    def _deliver(self, loop: asyncio.AbstractEventLoop, outcomes: list[_Outcome]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._hangs = None, False
        for future, answer, error in outcomes:
            if future.done():  # whoever asked has gone
                continue
            if error is None:
                future.set_result(answer)
            else:
                future.set_exception(error)
        if self._waiting:
            self._send(loop)

    async def close(self) -> None:
        """Closes the connection, in the thread that owns it, and lets the thread end."""
        with suppress(Unavailable):
            await self.ask(Repository.close)
        self._executor.shutdown(wait=False)


def _hanging() -> Unavailable:
    return Unavailable(
        "database", f"The database of the status front has not answered for {ANSWER_SECONDS:.0f} seconds. Try again in a few seconds."
    )
