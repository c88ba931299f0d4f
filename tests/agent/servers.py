"""Real servers of the tests: a TLS server that serves one chain, and an http server that gives out CRLs and the like."""

from __future__ import annotations

import contextlib
import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from tests.agent.authority import Holder, write_files

LOOPBACK = "127.0.0.1"


@contextlib.contextmanager
def tls_server(folder: Path, holder: Holder) -> Iterator[int]:
    """A server on 127.0.0.1 that completes TLS handshakes with this chain and closes; gives its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*write_files(folder, holder))
    with listening(lambda connection: _greet(context, connection)) as port:
        yield port


@contextlib.contextmanager
def listening(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    """A listener on 127.0.0.1 that hands every connection to ``handle`` and closes it afterwards; gives its port."""
    listener = socket.create_server((LOOPBACK, 0))
    stopping = threading.Event()

    def accept() -> None:
        while not stopping.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                handle(connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stopping.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=10)


class StatusFront:
    """An http server with bodies by path, changed while it runs; ``posted`` has the bodies that were sent to it."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.posted: list[bytes] = []
        front = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                front.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
                del format, args

            def _answer(self) -> None:
                body = front.bodies.get(self.path)
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

        self._server = http.server.ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://{LOOPBACK}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _greet(context: ssl.SSLContext, connection: socket.socket) -> None:
    with context.wrap_socket(connection, server_side=True) as secured, contextlib.suppress(OSError):
        secured.unwrap()
