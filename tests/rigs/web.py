"""A tiny web server on 127.0.0.1 that sends exactly the bytes a test wants, honest or not."""

from __future__ import annotations

import email
import ipaddress
import re
import socket
from collections.abc import Callable, Iterator
from typing import BinaryIO

from privyseal.engine.token_fetch import FetchPolicy
from tests.rigs.listener import Listener
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
_TLS_HANDSHAKE = b"\x16"
_REQUEST_LINE = re.compile(rb"[A-Z]+ ([!-~]+) HTTP/1\.[01]\r\n")


def _head(lines: BinaryIO) -> Iterator[bytes]:
    """The header lines; they end at an empty one, and where the other side hangs up."""
    while (line := lines.readline(LONGEST_LINE)) not in {b"\r\n", b""}:
        yield line


class WebServer(Listener):
    """``answer`` may be changed while it runs, ``requests`` are (Host, path) in order."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(LOOPBACK, 0)
        self.answer = answer
        self.requests: list[tuple[str, str]] = []

    def converse(self, connection: socket.socket) -> None:
        """Answer one request."""
        with connection.makefile("rb") as lines:
            self._answer(connection, lines)

    def _answer(self, connection: socket.socket, lines: BinaryIO) -> None:
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
