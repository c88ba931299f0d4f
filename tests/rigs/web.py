"""A tiny web server on 127.0.0.1 that sends exactly the bytes a test wants, honest or not."""

from __future__ import annotations

import email
import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import BinaryIO, Self

from privyseal.engine.token_fetch import FetchPolicy
from tests.rigs.ports import LOOPBACK

Answer = Callable[[str], bytes | Iterator[bytes]]
"""Takes the path; the bytes of the whole response, or its pieces one by one (a generator may sleep between them)."""


def reply(body: bytes, *, status: str = "200 OK", headers: tuple[str, ...] = ()) -> Answer:
    """An ordinary answer with its length."""
    head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers))
    return lambda _: head.encode("latin-1") + b"\r\n\r\n" + body


def only(path: str, body: bytes) -> Answer:
    """A server that has one file."""
    found, missing = reply(body), reply(b"", status="404 Not Found")
    return lambda asked: (found if asked == path else missing)(asked)


def echo(path: str) -> bytes:
    """A server that says back what it is asked."""
    return b"HTTP/1.0 200 OK\r\n\r\n" + path.rpartition("/")[2].encode()


def loopback_policy(port: int, *, timeout_seconds: float = 5.0) -> FetchPolicy:
    """A policy that lets the fetch reach this rig and nothing else."""
    return FetchPolicy(ports=(port,), allowed_networks=(ipaddress.ip_network("127.0.0.0/8"),), timeout_seconds=timeout_seconds)


LONGEST_LINE = 65_536
SILENCE_SECONDS = 10.0
_TLS_HANDSHAKE = b"\x16"
_REQUEST_LINE = re.compile(rb"[A-Z]+ ([!-~]+) HTTP/1\.[01]\r\n")


def _head(lines: BinaryIO) -> Iterator[bytes]:
    """The header lines; they end at an empty one, and where the other side hangs up."""
    while (line := lines.readline(LONGEST_LINE)) not in {b"\r\n", b""}:
        yield line


class WebServer:
    """Use it as a context manager; ``answer`` may be changed while it runs, ``requests`` are (Host, path) in order."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[tuple[str, str]] = []
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # A close alone does not wake the thread from accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(SILENCE_SECONDS)
            with connection, connection.makefile("rb") as lines:
                try:
                    self._converse(connection, lines)
                except (ConnectionError, TimeoutError):
                    continue  # the other side has heard enough, or says nothing

    def _converse(self, connection: socket.socket, lines: BinaryIO) -> None:
        if connection.recv(1, socket.MSG_PEEK) == _TLS_HANDSHAKE:
            return
        line = _REQUEST_LINE.fullmatch(lines.readline(LONGEST_LINE))
        if line is None:
            return  # no HTTP
        path = line[1].decode("ascii")
        headers = email.message_from_bytes(b"".join(_head(lines)))
        host = str(headers["Host"])
        self.requests.append((host, path))
        answer = self.answer(path)
        for piece in (answer,) if isinstance(answer, bytes) else answer:
            connection.sendall(piece)
