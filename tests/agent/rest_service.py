"""A stand-in for the other party: a real HTTPS server with two listeners whose answers a test sets path by path.

It is written from the REST reference alone and knows nothing of the service's code. The end-to-end tests with the real
service are the stories.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.agent import authority
from tests.agent.authority import Holder
from tests.agent.servers import LOOPBACK


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived; ``person`` is the common name of the client certificate, or empty."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    person: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever was sent
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; an iterable body is sent piece by piece until it ends, and then the connection is closed."""

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Reply = Mapping[str, Any] | bytes | Answer
Responder = Callable[[Seen], Reply]


def problem(status: int, kind: str, detail: str, **headers: str) -> Answer:
    """A problem document (RFC 9457) as the service writes it."""
    document = {"type": f"urn:privyseal:problem:{kind}", "title": kind, "status": status, "detail": detail, "kind": kind}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(document).encode(), {"Content-Type": "application/problem+json", **named})


class RestService:
    """Two HTTPS listeners on 127.0.0.1: ``base_url`` for all, ``administrator_url`` asking for a client certificate."""

    def __init__(self, folder: Path) -> None:
        self.root = authority.make_root("Service TLS Root")
        self.administrators_ca = authority.make_root("Administrators CA", key=authority.key_number(7))
        self.routes: dict[tuple[str, str], Reply | Responder | list[Reply]] = {}
        self.seen: list[Seen] = []
        self.root_file = authority.write_root(folder, self.root)
        files = authority.write_files(folder, authority.make_server(self.root, ("localhost", LOOPBACK)), "tls")
        self._servers = [_listen(self, self._context(files)), _listen(self, self._context(files, self.administrators_ca))]
        self.base_url, self.administrator_url = (f"https://localhost:{server.server_address[1]}" for server in self._servers)
        self._threads = [
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True) for server in self._servers
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close both listeners; a second call does nothing."""
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()
        self._servers.clear()
        self._threads.clear()

    def on(self, method: str, path: str, reply: Reply | Responder | list[Reply]) -> None:
        """Set the answer of a path below /api/v1; a list is answered one by one, its last one for ever."""
        self.routes[method, f"/api/v1{path}"] = reply

    def asked(self, method: str, path: str) -> list[Seen]:
        """Every request to a path below /api/v1 so far."""
        return [item for item in self.seen if (item.method, item.path) == (method, f"/api/v1{path}")]

    def answer(self, seen: Seen) -> Answer:
        """Return what is set for a request."""
        self.seen.append(seen)
        reply = self.routes.get((seen.method, seen.path), problem(404, "not-found", "There is no such thing."))
        if isinstance(reply, list):
            reply = reply.pop(0) if len(reply) > 1 else reply[0]
        if callable(reply):
            reply = reply(seen)
        if isinstance(reply, Answer):
            return reply
        if isinstance(reply, bytes):
            return Answer(200, reply, {"Content-Type": "application/octet-stream"})
        return Answer(200, json.dumps(reply).encode(), {"Content-Type": "application/json"})

    def _context(self, files: tuple[Path, Path], clients: Holder | None = None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        if clients is not None:
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=clients.pem.decode())
        return context


class _Server(http.server.ThreadingHTTPServer):
    """Does the handshake in the thread of the connection, and keeps quiet about clients that go away."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, service: RestService, context: ssl.SSLContext) -> None:
        self.service = service
        super().__init__((LOOPBACK, 0), _Handler)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: object, client_address: object) -> None:
        del request, client_address


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        del format, args

    def _serve(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        seen = Seen(
            self.command, url.path, parse_qs(url.query), {name.lower(): value for name, value in self.headers.items()}, body, self._person()
        )
        answer = self.server.service.answer(seen)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if isinstance(answer.body, bytes):
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
            return
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):
            for piece in answer.body:
                self.wfile.write(piece)
                self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

    def _person(self) -> str:
        assert isinstance(self.connection, ssl.SSLSocket)
        certificate = self.connection.getpeercert()
        subject: Any = (certificate or {}).get("subject", ())
        return next((str(pair[1]) for item in subject for pair in item if pair[0] == "commonName"), "")


def _listen(service: RestService, context: ssl.SSLContext) -> _Server:
    return _Server(service, context)
