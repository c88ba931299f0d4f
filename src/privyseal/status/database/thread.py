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
        self._busy_since: float | None = None

    async def ask(self, question: Callable[[Repository], Answer]) -> Answer:
        """What ``question`` answers when it is called with the repository, in the thread.

        Raises what it raises, and Unavailable kind ``database`` after ANSWER_SECONDS, at once while an earlier question hangs.
        """
        loop = asyncio.get_running_loop()
        if self._busy_since is not None and loop.time() - self._busy_since > ANSWER_SECONDS:
            raise _hangs()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((question, future))
        if self._busy_since is None:
            self._send(loop)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await future
        except TimeoutError:
            raise _hangs() from None

    def _send(self, loop: asyncio.AbstractEventLoop) -> None:
        self._busy_since = loop.time()
        batch, self._waiting = self._waiting, []
        self._executor.submit(self._work, loop, batch)

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
        self._busy_since = None
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


def _hangs() -> Unavailable:
    return Unavailable(
        "database", f"The database of the status front has not answered for {ANSWER_SECONDS:.0f} seconds. Try again in a few seconds."
    )
