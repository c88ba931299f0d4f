"""The doors of the web process, made when somebody first comes to one: pages answer before FastAPI is even imported."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.types import Receive, Scope, Send

from privyseal.doors import Door, DoorContext

if TYPE_CHECKING:
    from fastapi import FastAPI


class LateDoors:
    """One application with every door. ``state`` is the state of the application around it, and is its own too."""

    def __init__(self, doors: Sequence[Door], context: DoorContext, state: State) -> None:
        self._doors = doors
        self._context = context
        self._state = state
        self._lock = threading.Lock()
        self._application: FastAPI | None = None

    def knows(self, path: str) -> bool:
        """Tell whether an address is one of a door, whether or not there is anything."""
        return any(path.startswith(door.prefix) for door in self._doors)

    def application(self) -> FastAPI:
        """Return the application, which is made in the first call; blocks for half a second then."""
        with self._lock:
            if self._application is None:
                self._application = self._make()
            return self._application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        application = self._application
        if application is None:
            application = await run_in_threadpool(self.application)
        await application(scope, receive, send)

    def _make(self) -> FastAPI:
        from fastapi import FastAPI  # noqa: PLC0415 - what this module is for

        made = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
        made.state = self._state
        for door in self._doors:
            door.mount(made, self._context)
        return made
