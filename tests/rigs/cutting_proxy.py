"""A TCP proxy before PostgreSQL that cuts the connection at COMMIT: the client never learns what became of it (F8)."""

from __future__ import annotations

import contextlib
import enum
import socket
import threading
from types import TracebackType
from typing import Self

from tests.rigs.ports import LOOPBACK


class Cut(enum.Enum):
    """When the connection breaks: not at all, before the server hears the COMMIT, or after it has done it."""

    NEVER = "never"
    BEFORE = "before"
    AFTER = "after"


class CuttingProxy:
    """Forwards connections to a port on loopback.

    While ``cut`` says so, the COMMIT that follows the SQL words ``after`` on a connection breaks it.
    """

    def __init__(self, port: int, after: bytes) -> None:
        self.cut = Cut.NEVER
        self._after = after
        self._target = port
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection((LOOPBACK, self._target))
                is_mute = threading.Event()
                threading.Thread(target=self._upwards, args=(client, server, is_mute), daemon=True).start()
                threading.Thread(target=self._downwards, args=(client, server, is_mute), daemon=True).start()

    def _upwards(self, client: socket.socket, server: socket.socket, is_mute: threading.Event) -> None:
        sent = b""
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                sent += data
                if self.cut is not Cut.NEVER and b"COMMIT" in sent.partition(self._after)[2]:
                    if self.cut is Cut.BEFORE:
                        break
                    is_mute.set()
                server.sendall(data)
        _close(client, server)

    def _downwards(self, client: socket.socket, server: socket.socket, is_mute: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if is_mute.is_set():
                    break  # The server has committed and said so; nobody hears it.
                client.sendall(data)
        _close(client, server)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._listener.close()


def _close(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
