"""Starting and stopping the status front: one process, one event loop, one thread for the database."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from dataclasses import dataclass

import uvloop

from privyseal.status.authorities import Authorities
from privyseal.status.connection import Connection, Listener
from privyseal.status.crl_answers import CrlAnswers
from privyseal.status.database.repository import Repository
from privyseal.status.database.thread import DatabaseThread
from privyseal.status.front import Front
from privyseal.status.ocsp_answers import OcspAnswers
from privyseal.status.pulse import Pulse
from privyseal.status.settings import Clock, StatusSettings

CLOSE_SECONDS = 5.0
"""How long answers that are on their way may take when the front is asked to end."""

_TICK_SECONDS = 1.0


def serve(settings: StatusSettings, clock: Clock) -> None:
    """Serves until SIGTERM or SIGINT, then lets answers that are on their way finish and returns.

    ``clock`` gives the present moment in UTC. Raises OSError if the address cannot be listened on; everything else that
    can fail later (database, keys, disk) ends in 503 and in ``/readyz``.
    """
    uvloop.run(_serve(settings, clock))


async def _serve(settings: StatusSettings, clock: Clock) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await start(settings, clock)
    try:
        await stop.wait()
    finally:
        await server.close()


@dataclass(frozen=True, slots=True)
class StatusServer:
    """A running front. ``port`` is the one it listens on."""

    port: int
    _server: asyncio.Server
    _listener: Listener
    _pulse: Pulse
    _database: DatabaseThread
    _background: tuple[asyncio.Task[None], ...]

    async def beat(self) -> None:
        """Looks for changes now instead of within a second."""
        await self._pulse.beat()

    async def close(self) -> None:
        """Takes no new connections, finishes what was asked, ends."""
        self._server.close()
        self._listener.closing = True
        loop = asyncio.get_running_loop()
        end = loop.time() + CLOSE_SECONDS
        while self._listener.connections and loop.time() < end:
            self._listener.tick()
            await asyncio.sleep(0.01)
        for connection in list(self._listener.connections):
            connection.abort()
        for task in self._background:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._server.wait_closed()
        await self._database.close()


async def start(settings: StatusSettings, clock: Clock) -> StatusServer:
    """Starts a front in the running loop and returns when it listens; the database has been asked once by then.

    Raises as ``serve``.
    """
    database = DatabaseThread(Repository(settings.database_url))
    authorities = Authorities(settings.responder_keys, clock)
    pulse = Pulse(database, authorities)
    ocsp = OcspAnswers(settings, clock, authorities, database, pulse)
    crls = CrlAnswers(settings, clock, authorities, database, pulse)
    listener = Listener(Front(settings, authorities, pulse, ocsp, crls), settings.limits, clock)
    await pulse.beat()
    try:
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(listener), settings.host, settings.port, backlog=1024, reuse_address=True
        )
    except OSError:
        await database.close()
        raise
    background = (asyncio.create_task(pulse.run()), asyncio.create_task(_tick(listener)))
    return StatusServer(server.sockets[0].getsockname()[1], server, listener, pulse, database, background)


async def _tick(listener: Listener) -> None:
    while True:
        await asyncio.sleep(_TICK_SECONDS)
        listener.tick()
