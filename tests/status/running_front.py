"""A status front in a thread of the test, a clock that can be turned, and a client that sends exactly these bytes."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self, TypeVar

import uvloop

from privyseal.status.server import StatusServer, start
from privyseal.status.settings import StatusSettings
from tests.rigs.ports import wait_until

Result = TypeVar("Result")


class TurnableClock:
    """The computer's clock, ahead by ``ahead``."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class RunningFront:
    """Serves in a thread from construction until ``close``."""

    def __init__(self, settings: StatusSettings, clock: TurnableClock | None = None) -> None:
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="front")
        self._thread.start()
        try:
            self._server: StatusServer = self._run(start(settings, clock or TurnableClock()))
        except BaseException:
            self._end()
            raise
        self.port = self._server.port

    def beat(self) -> None:
        """What the front does once a second anyway."""
        self._run(self._server.beat())

    def client(self) -> Client:
        """A new connection."""
        return Client(self.port)

    def ask(self, data: bytes) -> Reply:
        """The answer to one request on a connection of its own."""
        with self.client() as client:
            client.send(data)
            return client.read(head_only=data.startswith(b"HEAD "))

    def get(self, path: str, *fields: str) -> Reply:
        """The answer to a GET."""
        return self.ask(request("GET", path, *fields))

    def post_ocsp(self, ca: str, body: bytes) -> Reply:
        """The answer to an OCSP request by POST."""
        return self.ask(request("POST", f"/ocsp/{ca}", "Content-Type: application/ocsp-request", body=body))

    def wait_for_connections(self, count: int, *, seconds: float = 8.0) -> None:
        """Returns when the front has only so many connections, this question's own included."""
        line = f"privyseal_status_connections {count}\n"
        wait_until(lambda: line in self.get("/metrics").body.decode(), seconds=seconds, what=f"{count} connections are left", pause=0.1)

    def close(self) -> None:
        """Stops the front as SIGTERM does."""
        self._run(self._server.close())
        self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(15)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def request(method: str, path: str, *fields: str, body: bytes = b"") -> bytes:
    """A request as curl would send it."""
    lines = [f"{method} {path} HTTP/1.1", "Host: status.example.test", *fields]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer, taken apart. Field names are in lower case."""

    status: int
    fields: dict[str, str]
    body: bytes


class Client:
    """One connection to the front."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self, *, head_only: bool = False) -> Reply:
        """The next answer; raises EOFError if the connection ended instead."""
        line = self._file.readline()
        if not line:
            raise EOFError
        status = int(line.split()[1])
        fields = {}
        while (line := self._file.readline()) != b"\r\n":
            name, _, value = line.decode("latin-1").partition(":")
            assert name.lower() not in fields
            fields[name.lower()] = value.strip()
        body = b""
        if not head_only and status not in {100, 304}:
            body = self._file.read(int(fields["content-length"]))
            if len(body) != int(fields["content-length"]):
                raise EOFError
        return Reply(status, fields, body)

    def is_ended(self) -> bool:
        """Whether the server has ended the connection (waits for it)."""
        return self._file.read(1) == b""

    def close(self) -> None:
        self._file.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
