"""Fetching the certificate that a server shows, for a stranger who names it: guarded like the token fetch of domain validation.

Connections go to the resolved and checked addresses, never to the name; only the handshake is made, nothing is sent.
"""

from __future__ import annotations

import re
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Final

from privyseal.engine.deadline_sockets import Budget, connect_to_one, start_tls
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.token_fetch import FetchPolicy
from privyseal.model.errors import Refused, Unavailable

HTTPS_PORT: Final = 443
TIMEOUT_SECONDS: Final = 5.0
MAXIMUM_TRIES: Final = 2
TLS_PORTS: Final = frozenset({443, 465, 636, 853, 990, 993, 995, 5061, 8443, 9443})
"""Ports on which TLS begins at once; others would let a stranger probe a network from here."""

MAXIMUM_FETCHES: Final = 4
"""How many servers one process looks at at the same time: a silent one holds a thread for many seconds, and all pages share them."""

SLOTS: Final = threading.BoundedSemaphore(MAXIMUM_FETCHES)
_PORT: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
_HOST: Final = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*\.?"
)


@dataclass(frozen=True, slots=True)
class Server:
    """A host name and a port."""

    host: str
    port: int


def read_server(text: str) -> Server:
    """Return the server of ``HOST`` or ``HOST:PORT``; an https address is cut down to it. Raises Refused ``server``."""
    bare = text.strip().removeprefix("https://").partition("/")[0]
    host, colon, port = bare.partition(":")
    if not _HOST.fullmatch(host) or (colon and not _PORT.fullmatch(port)):
        raise Refused("server", "A server is named by its host name, with a port if it is not 443.", field="server")
    return Server(host.lower().rstrip("."), int(port) if colon else HTTPS_PORT)


def fetch_certificate(server: Server, lookup: DnsLookup, policy: FetchPolicy) -> bytes:
    """Return the DER of the certificate that the server shows.

    Raises Refused ``server``, ``server-port``, ``server-address`` or ``server-silent``, Unavailable of the lookup or, when
    as many servers as may be are being looked at, ``server-busy``.
    """
    # Whoever waited here would hold the thread that the limit is to save.
    if not SLOTS.acquire(blocking=False):
        sentence = "Too many servers are being looked at. Try again in a few seconds, or paste the certificate."
        raise Unavailable("server-busy", sentence, retry_after_seconds=10)
    try:
        return _fetched(server, lookup, policy)
    finally:
        SLOTS.release()


def _fetched(server: Server, lookup: DnsLookup, policy: FetchPolicy) -> bytes:
    if server.port not in TLS_PORTS:
        ports = ", ".join(str(port) for port in sorted(TLS_PORTS))
        raise Refused("server-port", f"Only servers at one of the ports {ports} are looked at.", field="server")
    try:
        resolved = lookup.addresses(server.host)
    except Refused as error:
        raise Refused("server", f"{server.host} is no host name.", field="server") from error
    allowed = [address for address in resolved if not policy.refusal(address)]
    if not allowed:
        raise Refused("server-address", f"{server.host} has no address that this service may connect to.", field="server")
    for address in allowed[:MAXIMUM_TRIES]:
        der = _shown_at(address, server)
        if der is not None:
            return der
    sentence = f"{server.host} did not show a certificate at port {server.port} within {TIMEOUT_SECONDS:g} seconds."
    raise Refused("server-silent", sentence, field="server")


def _shown_at(address: str, server: Server) -> bytes | None:
    # Connection and handshake share one deadline. Whatever the server shows is looked at; judging it is the reader's business.
    budget = Budget(time.monotonic() + TIMEOUT_SECONDS, room=0)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        plain, _ = connect_to_one([address], server.port, budget)
        with plain, start_tls(plain, context, server.host, budget) as tls:
            return tls.getpeercert(binary_form=True)
    except (OSError, ValueError):
        return None
