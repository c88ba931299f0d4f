"""Serves the web process's application on two https ports: one for everybody, one that asks for an Administrator ID.

A proxy that ends TLS itself gets a third listener of its own (``Front``, reception/fronts.py).

Both speak TLS themselves (facts/stack section 6). The administrators' port trusts only the administrators' CA, speaks
TLS 1.3 alone and gives out no session tickets: a resumed session would come in without its certificate being looked
at. A browser that has no certificate gets through the handshake, and then to one page alone (``OnlyWithCertificate``).
Which certificate still counts is decided from the database at every request, because a connection outlives a
revocation.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import shutil
import socket
import ssl
import threading
import weakref
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from privyseal.actions.house import House
from privyseal.cli.web_application import make_application
from privyseal.model.errors import Unavailable
from privyseal.reception.certificates import OnlyWithCertificate
from privyseal.reception.fronts import BehindProxy

__all__ = ["ClientCertificateProtocol", "Front", "WebServer", "administrator_context", "make_application", "portal_context", "serve_web"]

MAXIMUM_HEAD = 64 * 1024
HEAD_SECONDS = 20.0
GRACE_SECONDS = 10
MAXIMUM_CONNECTIONS = 1000
KEEP_ALIVE_SECONDS = 30
HANDSHAKE_SECONDS = 5.0
GOODBYE_SECONDS = 1.0


class ClientCertificateProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose requests carry the verified client certificate in the ASGI ``tls`` extension.

    It also closes a connection that sends no complete request head within 20 s, or one larger than 64 KiB: the parser
    itself has neither limit.
    """

    _head_bytes = 0
    _in_head = True
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn narrows it the same way
        """Remember the certificate of this connection."""
        super().connection_made(transport)
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        der = tls.getpeercert(binary_form=True) if tls is not None else None
        self.app = with_certificate(self.app, {"client_cert_der": der, "tls_version": tls.version() if tls is not None else None})
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Parse, unless the head has become too large."""
        super().data_received(data)
        if self._in_head and self.parser is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAXIMUM_HEAD:
                self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        """The head is complete; what follows is the application's business."""
        self._in_head = False
        self._stop_timer()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is complete; another head may follow."""
        self._in_head = True
        self._head_bytes = 0
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer with the connection."""
        self._stop_timer()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self.timeout_keep_alive_handler)

    def on_message_begin(self) -> None:
        """A head begins on a connection that was kept alive."""
        if self._head_timer is None:
            self._expect_head()
        super().on_message_begin()

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def with_certificate(app: Any, tls: Mapping[str, object]) -> ASGIApp:  # noqa: ANN401 - uvicorn's and Starlette's ASGI types differ
    """Return an application whose requests carry the ASGI ``tls`` extension of their connection."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        extensions: MutableMapping[str, object] = scope.setdefault("extensions", {})
        extensions["tls"] = tls
        await app(scope, receive, send)

    return call


def portal_context(certificate_file: Path, key_file: Path) -> ssl.SSLContext:
    """Return TLS 1.2 and later for everybody (A48); raises Unavailable ``tls``."""
    return _context(certificate_file, key_file, ssl.TLSVersion.TLSv1_2)


def administrator_context(certificate_file: Path, key_file: Path, administrators_ca_pem: str) -> ssl.SSLContext:
    """Return TLS 1.3 with a client certificate of the administrators' CA or none at all; raises Unavailable ``tls``.

    A certificate of any other CA ends the handshake with an alert: OpenSSL gives up unless a callback says otherwise, and
    Python's ``ssl`` has no such callback, nor a way to tell browsers which CA is meant (RFC 8446 4.2.4).
    """
    context = _context(certificate_file, key_file, ssl.TLSVersion.TLSv1_3)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=administrators_ca_pem)
    context.num_tickets = 0
    return context


def _context(certificate_file: Path, key_file: Path, minimum: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = minimum
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate_file, key_file)
    except OSError as error:  # ssl.SSLError is one
        sentence = f"The TLS certificate {certificate_file} and its key {key_file} cannot be used: {error.strerror or error.args[-1]}."
        raise Unavailable("tls", sentence) from error
    return context


class _Server(uvicorn.Server):
    """One listener of the process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._known: weakref.WeakSet[ClientCertificateProtocol] = weakref.WeakSet()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process: it has two servers and one end."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen with time limits for TLS itself, which uvicorn leaves at a minute and half a minute.

        A client that neither finishes its handshake nor says good-bye would hold a connection, and the end, that long.
        """
        loop = asyncio.get_running_loop()
        await self.lifespan.startup()

        def protocol() -> ClientCertificateProtocol:
            made = ClientCertificateProtocol(self.config, self.server_state, self.lifespan.state)
            self._known.add(made)
            return made

        self.servers = [
            await loop.create_server(
                protocol,
                sock=listener,
                ssl=self.config.ssl,
                backlog=self.config.backlog,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
                ssl_shutdown_timeout=GOODBYE_SECONDS,
            )
            for listener in sockets or ()
        ]
        self.started = True

    async def handshakes_end(self) -> None:
        """Return when no connection is in its handshake any more: those are nobody's yet, and the loop must not end under them."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HANDSHAKE_SECONDS + 0.5):
                while not all(protocol.transport is not None for protocol in list(self._known)):
                    gc.collect()  # A failed handshake tells nobody; its ring of objects is forgotten only here.
                    await asyncio.sleep(0.25)


@dataclass(frozen=True, slots=True)
class Front:
    """Where a proxy that ends TLS hands calls in: a Unix socket that ``group`` may open ("": this user alone), or a port with TLS."""

    secret: bytes
    house: House
    socket: Path | None = None
    group: str = ""
    port: int | None = None


class WebServer:
    """The listeners of one process; the sockets are open when this is made. Port 0 takes a free one.

    ``front`` is a third one for a proxy. Raises Unavailable ``port`` when an address is taken, ``tls`` when certificate or key
    cannot be used, ``front`` for a group that does not exist.
    """

    def __init__(
        self,
        application: Starlette,
        *,
        host: str,
        web_port: int,
        administrator_port: int,
        certificate_file: Path,
        key_file: Path,
        administrators_ca_pem: str,
        front: Front | None = None,
    ) -> None:
        self._application = application
        self._front = front
        self._contexts = (
            portal_context(certificate_file, key_file),
            administrator_context(certificate_file, key_file, administrators_ca_pem),
        )
        self._sockets = [_listen(host, web_port)]
        try:
            self._sockets.append(_listen(host, administrator_port))
            if front is not None:
                self._sockets.append(_listen_for(front, host))
        except Unavailable:
            for listener in self._sockets:
                listener.close()
            raise
        self.web_port, self.administrator_port = (int(listener.getsockname()[1]) for listener in self._sockets[:2])
        self.front_port = int(self._sockets[2].getsockname()[1]) if front is not None and front.socket is None else 0

    def run(self, stop: threading.Event) -> None:
        """Serve until ``stop`` is set, then let calls that are under way end for up to ten seconds."""
        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        try:
            runner.run(self._serve(stop))
        finally:
            # A client that begins a handshake at this very moment keeps the loop busy; the process ends all the same.
            with contextlib.suppress(OSError):
                runner.close()

    async def _serve(self, stop: threading.Event) -> None:
        servers = [_Server(self._configuration(context, application)) for context, application in self._served()]
        tasks = [asyncio.create_task(server.serve([listener])) for server, listener in zip(servers, self._sockets, strict=True)]
        told = asyncio.create_task(_told(stop))
        await asyncio.wait([told, *tasks], return_when=asyncio.FIRST_COMPLETED)
        self._application.state.stopping.set()
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks)
        for server in servers:
            await server.handshakes_end()
        told.cancel()

    def _served(self) -> list[tuple[ssl.SSLContext | None, ASGIApp]]:
        """Return what each socket serves, in their order."""
        everybody, administrators = self._contexts
        only = OnlyWithCertificate(self._application)
        front = self._front
        if front is None:
            return [(everybody, self._application), (administrators, only)]

        behind = BehindProxy(only, front.house, front.secret)
        return [(everybody, self._application), (administrators, only), (everybody if front.socket is None else None, behind)]

    def _configuration(self, context: ssl.SSLContext | None, application: ASGIApp) -> uvicorn.Config:
        return uvicorn.Config(
            application,
            http=ClientCertificateProtocol,
            ws="none",
            lifespan="off",
            ssl_context_factory=None if context is None else lambda _config, _default: context,
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            log_level="warning",
            limit_concurrency=MAXIMUM_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )


async def _told(stop: threading.Event) -> None:
    while not stop.is_set():  # noqa: ASYNC110 - the event is a thread's, which asyncio cannot wait for
        await asyncio.sleep(0.1)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise Unavailable(
            "port", f"Port {port} of {host} cannot be listened on: {error.strerror}. Choose another in the settings."
        ) from error


def _listen_for(front: Front, host: str) -> socket.socket:
    if front.socket is None:
        return _listen(host, front.port or 0)
    path = front.socket
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        if front.group:
            shutil.chown(path, group=front.group)
        path.chmod(0o660 if front.group else 0o600)
        listener.listen(512)
    except (OSError, LookupError) as error:
        reason = error.strerror if isinstance(error, OSError) else "there is no such group"
        raise Unavailable("front", f"The socket {path} for the proxy in front cannot be made: {reason}.") from error
    return listener


def serve_web(
    application: Starlette,
    *,
    host: str,
    web_port: int,
    administrator_port: int,
    certificate_file: Path,
    key_file: Path,
    administrators_ca_pem: str,
    stop: threading.Event,
    front: Front | None = None,
) -> None:
    """Run both listeners in this process until ``stop`` is set; raises Unavailable ``port`` or ``tls``."""
    server = WebServer(
        application,
        host=host,
        web_port=web_port,
        administrator_port=administrator_port,
        certificate_file=certificate_file,
        key_file=key_file,
        administrators_ca_pem=administrators_ca_pem,
        front=front,
    )
    server.run(stop)
