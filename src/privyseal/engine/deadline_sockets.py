"""Sockets for talking to servers that are not trusted: every step shares one deadline and one budget of bytes.

Dripping bytes buys a server no time, and sending for ever no memory. They connect to addresses that somebody has resolved and
checked, never to names. Called by the guarded fetches of this room, which say what an overstepped bound means to people.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer


class TooLongError(http.client.HTTPException):
    """More bytes arrived than any honest answer has."""


@dataclass(slots=True)
class Budget:
    """What one exchange may take: until ``deadline`` of the monotonic clock, and ``room`` bytes received."""

    deadline: float
    room: int

    def remaining(self) -> float:
        """Return the seconds that are left; raises TimeoutError when there are none."""
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        return remaining

    def take(self, count: int) -> None:
        """Note received bytes; raises TooLongError."""
        self.room -= count
        if self.room < 0:
            raise TooLongError


class DeadlineSocket(socket.socket):
    """A plain socket under a Budget."""

    def __init__(self, family: int, budget: Budget) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self._budget = budget

    def connect_within(self, address: str, port: int, *, shares: int) -> None:
        """Connect within an equal share of the time that is left; raises OSError, TimeoutError among them."""
        self.settimeout(self._budget.remaining() / shares)
        self.connect((address, port))

    def sendall(self, data: ReadableBuffer, flags: int = 0, /) -> None:
        """Send as socket.sendall does, before the deadline."""
        self.settimeout(self._budget.remaining())
        super().sendall(data, flags)

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0, /) -> int:
        """Receive as socket.recv_into does, before the deadline and within the budget; http.client reads through here."""
        self.settimeout(self._budget.remaining())
        count = super().recv_into(buffer, nbytes, flags)
        self._budget.take(count)
        return count


class DeadlineTlsSocket(ssl.SSLSocket):
    """The same over TLS; ``bind_budget`` gives it its Budget, because the library makes it."""

    _budget: Budget | None = None

    def bind_budget(self, budget: Budget) -> None:
        """Put it under a Budget."""
        self._budget = budget

    def sendall(self, data: ReadableBuffer, flags: int = 0) -> None:
        """Send as ssl.SSLSocket.sendall does, before the deadline."""
        self._hurry()
        super().sendall(data, flags)

    def recv_into(self, buffer: WriteableBuffer, nbytes: int | None = None, flags: int = 0) -> int:
        """Receive as ssl.SSLSocket.recv_into does, before the deadline and within the budget."""
        self._hurry()
        count = super().recv_into(buffer, nbytes, flags)
        if self._budget is not None:
            self._budget.take(count)
        return count

    def _hurry(self) -> None:
        if self._budget is not None:
            self.settimeout(self._budget.remaining())


def connect_to_one(addresses: Sequence[str], port: int, budget: Budget) -> tuple[DeadlineSocket, str]:
    """Return a connection to the first address that accepts one; raises the last OSError."""
    failure: OSError = OSError("no address")
    for index, address in enumerate(addresses):
        sock = DeadlineSocket(socket.AF_INET6 if ":" in address else socket.AF_INET, budget)
        try:
            # A silent first address must not eat the time of the others.
            sock.connect_within(address, port, shares=len(addresses) - index)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock, address
    raise failure


def start_tls(sock: DeadlineSocket, context: ssl.SSLContext, host: str, budget: Budget) -> DeadlineTlsSocket:
    """Return the connection after the handshake; raises OSError, ssl.SSLError among them.

    The server's certificate is verified for ``host`` as ``context`` says.
    """
    context.sslsocket_class = DeadlineTlsSocket
    wrapped: Any = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
    tls = cast("DeadlineTlsSocket", wrapped)
    try:
        tls.bind_budget(budget)
        tls.settimeout(budget.remaining())
        tls.do_handshake()  # The time-out is one for the whole handshake.
    except BaseException:
        tls.close()
        raise
    return tls
