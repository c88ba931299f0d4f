"""A server of one thread at an address of this machine: whoever takes what it accepts says what it does with a connection."""

from __future__ import annotations

import socket
import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

SILENCE_SECONDS = 10.0


class Listener(ABC):
    """Use it as a context manager. It listens from the beginning, and takes one connection after the other while it is entered."""

    def __init__(self, address: str, port: int) -> None:
        self.address = address
        self._listener = socket.create_server((address, port))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    @abstractmethod
    def converse(self, connection: socket.socket) -> None:
        """Answer one caller; it may raise OSError where he has heard enough, or says nothing."""

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
            with connection:
                try:
                    self.converse(connection)
                except OSError:
                    continue
