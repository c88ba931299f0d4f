"""TLS connections to the server under check: one that looks at what is sent, one that judges as clients do."""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from privyseal_agent.errors import Refused, Unreachable, UsageError

TIMEOUT_SECONDS: Final = 10.0
HTTPS_PORT: Final = 443

_HOST = re.compile(r"[^\s/@:\[\]]+")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens; ``host`` is a name or an IP address without brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Served:
    """What the server sent: certificates in DER, leaf first; ``protocol`` such as TLSv1.3; the handshake's milliseconds."""

    chain_der: tuple[bytes, ...]
    protocol: str
    handshake_ms: int


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why OpenSSL turned the chain down: its verification code (x509_vfy.h) and words."""

    code: int
    message: str


def parse_endpoint(text: str) -> Endpoint:
    """Return the endpoint of ``HOST``, ``HOST:PORT`` or ``[IPV6]:PORT``, port 443 by default; raises UsageError ``endpoint``."""
    host, port = text, str(HTTPS_PORT)
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        port = rest.removeprefix(":") or port
        usable = bool(bracket) and (not rest or rest.startswith(":")) and is_address(host)
    elif is_address(text):
        usable = True
    else:
        if ":" in text:
            host, _, port = text.partition(":")
        usable = _HOST.fullmatch(host) is not None
    if not (usable and port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise UsageError("endpoint", f'"{text}" is not a server. Write HOST, HOST:PORT or [IPV6]:PORT, such as www.example.test:443.')
    return Endpoint(host, int(port))


def is_address(host: str) -> bool:
    """Tell whether this is an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def look(endpoint: Endpoint, name: str, timeout: float = TIMEOUT_SECONDS) -> Served:
    """Return what the server sends to a client that asks for ``name``, whatever it is worth.

    Raises Unreachable ``unreachable``, and Refused ``no-tls`` when the handshake does not come to an end.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # Nothing is sent over this connection; it fetches what is judged here.
    with _connected(endpoint, timeout) as connection:
        started = time.monotonic()
        try:
            with context.wrap_socket(connection, server_hostname=name) as secured:
                elapsed = time.monotonic() - started
                return Served(_sent_chain(secured), secured.version() or "", max(1, round(elapsed * 1000)))
        except (OSError, ValueError) as error:
            sentence = f"{endpoint} accepts connections, but the TLS handshake fails ({_reason(error)}). Is TLS switched on at this port?"
            raise Refused("no-tls", sentence) from error


def judge(endpoint: Endpoint, name: str, roots_pem: str | None, *, with_name: bool, timeout: float = TIMEOUT_SECONDS) -> Rejection | None:
    """Return why OpenSSL, as a client that trusts ``roots_pem`` (None: the system), turns the server down, or None.

    It applies what this package does not: name constraints, key usage, critical extensions, weak algorithms. Raises
    Unreachable and Refused as :func:`look` does.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = with_name
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # Whatever the person gives as root is where trust begins.
    if roots_pem is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(cadata=roots_pem)
    with _connected(endpoint, timeout) as connection:
        try:
            with context.wrap_socket(connection, server_hostname=name):
                return None
        except ssl.SSLCertVerificationError as error:
            return Rejection(error.verify_code, error.verify_message)
        except (OSError, ValueError) as error:
            raise Refused("no-tls", f"The second TLS handshake with {endpoint} fails ({_reason(error)}).") from error


@contextmanager
def _connected(endpoint: Endpoint, timeout: float) -> Iterator[socket.socket]:
    try:
        connection = socket.create_connection((endpoint.host, endpoint.port), timeout)
    except (OSError, UnicodeError) as error:
        sentence = f"{endpoint} cannot be reached ({_reason(error)}). Check the name, the port and the firewall."
        raise Unreachable("unreachable", sentence) from error
    with connection:
        yield connection


def _sent_chain(secured: ssl.SSLSocket) -> tuple[bytes, ...]:
    # Python 3.13 made this public. Before, only the inner object has it, and its certificates encode themselves.
    public = getattr(secured, "get_unverified_chain", None)
    if public is not None:
        return tuple(public())
    inner = secured._sslobj  # type: ignore[attr-defined]  # noqa: SLF001
    return tuple(ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in inner.get_unverified_chain() or ())


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return getattr(error, "strerror", None) or str(error)
