"""Free ports on 127.0.0.1 and waiting until somebody listens there."""

from __future__ import annotations

import errno
import itertools
import os
import socket
import time
from collections.abc import Callable

LOOPBACK = "127.0.0.1"


_FIRST, _EACH, _WORKERS = 18_000, 1_000, 14
"""Below what the system gives to connections that go out: there the next one takes a free port before its server does."""

_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw13").removeprefix("gw")) % _WORKERS
_numbers = itertools.count(os.getpid())


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on, free for UDP as well (DNS servers want both).

    Each worker has ports of its own, and gives none a second time before all the others, so that nobody takes one before it is
    used. Raises OSError when all are taken.
    """
    for _ in range(_EACH):
        port = _FIRST + _WORKER * _EACH + next(_numbers) % _EACH
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram,
        ):
            try:
                stream.bind((LOOPBACK, port))
                datagram.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise OSError(errno.EADDRINUSE, f"Each of the {_EACH} ports of this worker is taken")


def answers(port: int, host: str = LOOPBACK) -> bool:
    """Whether a TCP connection to the port is accepted now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str, pause: float = 0.02) -> None:
    """Returns as soon as the condition holds; raises TimeoutError with ``what`` after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"After {seconds:g} s still not: {what}")
        time.sleep(pause)
