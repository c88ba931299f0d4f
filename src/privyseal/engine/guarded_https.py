"""One guarded exchange over https with a server that an organization named: its OpenID Connect provider.

Whoever names a server makes this machine connect there (server-side request forgery), so the guards are those of the http
method of domain validation: allowed ports and addresses only, connections to the addresses that were resolved and checked,
one deadline, a bounded answer. Besides: always TLS with a certificate for that name, and no redirect is followed, because
none of the documents of OpenID Connect has one. What gets lost: everything the server says but status, media type and body.
"""

from __future__ import annotations

import functools
import http.client
import ipaddress
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit

from privyseal.engine.deadline_sockets import Budget, TooLongError, connect_to_one, start_tls
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.token_fetch import FetchPolicy
from privyseal.model.errors import PrivysealError, Refused, Unavailable

MAXIMUM_ANSWER: Final = 256 * 1024
"""Bytes of one answer with its head: the largest sets of keys have about 30 KiB."""

MAXIMUM_ADDRESS: Final = 1000
_AGAIN_SECONDS: Final = 30
_DEFAULT_PORT: Final = 443


@dataclass(frozen=True, slots=True)
class HttpsPolicy:
    """``fetch`` says where a connection may go and how long all of it may take; ``anchors_pem`` are CAs beside those of the system."""

    fetch: FetchPolicy = field(default_factory=lambda: FetchPolicy(ports=(_DEFAULT_PORT,), timeout_seconds=5.0))
    anchors_pem: str = ""


@dataclass(frozen=True, slots=True)
class HttpsAnswer:
    """What a server answered; ``media_type`` without parameters, in lower case."""

    status: int
    media_type: str
    body: bytes


class Turns:
    """How many exchanges run at once: a server that is slow on purpose holds few threads, and those of others go on."""

    def __init__(self, together: int = 8, of_one_host: int = 3) -> None:
        self._together = together
        self._of_one_host = of_one_host
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()

    @contextmanager
    def taken(self, host: str) -> Iterator[None]:
        """Hold a turn; raises Unavailable ``sign-on-busy`` instead of waiting for one."""
        with self._lock:
            if self._running.total() >= self._together or self._running[host] >= self._of_one_host:
                raise Unavailable("sign-on-busy", f"Several people wait for {host} already. Try again in a few seconds.")
            self._running[host] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[host] -= 1
                self._running += Counter()  # Hosts that nobody waits for are forgotten.


@dataclass(frozen=True, slots=True)
class GuardedHttps:
    """Exchanges under a policy; every name is looked up anew for each of them.

    Raises Refused ``sign-on-address`` for an address of another form, ``sign-on-guarded`` for a server that may not be connected
    to, ``sign-on-answer`` for what is no answer of HTTP or too long; Unavailable ``sign-on-busy``, and ``sign-on-away`` for a server
    that is not reached, is slow, or shows a certificate that does not hold.
    """

    lookup: DnsLookup
    policy: HttpsPolicy
    turns: Turns = field(default_factory=Turns)

    def exchange(self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> HttpsAnswer:
        """Send one request and return the whole answer."""
        parts = self.require_address(url)
        with self.turns.taken(parts.hostname or ""):
            return self._exchange(method, parts, headers or {}, body)

    def _exchange(self, method: str, parts: SplitResult, headers: Mapping[str, str], body: bytes | None) -> HttpsAnswer:
        host, port = parts.hostname or "", parts.port or _DEFAULT_PORT
        budget = Budget(time.monotonic() + self.policy.fetch.timeout_seconds, MAXIMUM_ANSWER)
        addresses = self._addresses(host)
        try:
            sock, _ = connect_to_one(addresses, port, budget)
            with start_tls(sock, _context(self.policy.anchors_pem), host, budget) as tls:
                connection = http.client.HTTPConnection(host, port)
                connection.sock = tls  # HTTPConnection resolves and connects by itself only while it has no socket
                target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                connection.request(method, target, body, {"Connection": "close", "User-Agent": "Privyseal", **headers})
                response = connection.getresponse()
                media_type = (response.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
                return HttpsAnswer(response.status, media_type, response.read())
        except ssl.SSLCertVerificationError as error:
            sentence = f"The certificate that {host} shows does not hold: {error.verify_message}."
            raise Unavailable("sign-on-away", sentence, retry_after_seconds=_AGAIN_SECONDS) from error
        except TimeoutError as error:
            sentence = f"{host} did not answer within {self.policy.fetch.timeout_seconds:g} seconds. Try again later."
            raise Unavailable("sign-on-away", sentence, retry_after_seconds=_AGAIN_SECONDS) from error
        except OSError as error:
            raise Unavailable(
                "sign-on-away", f"{host} could not be reached. Try again later.", retry_after_seconds=_AGAIN_SECONDS
            ) from error
        except TooLongError as error:
            raise Refused("sign-on-answer", f"{host} answered with more than {MAXIMUM_ANSWER // 1024} KiB.") from error
        except (http.client.HTTPException, ValueError) as error:
            raise Refused("sign-on-answer", f"What {host} answered is not HTTP.") from error

    def require_address(self, url: str) -> SplitResult:
        """Return the parts of an https address at an allowed port; raises Refused ``sign-on-address``."""
        sentence = "The address begins with https:// and has a host and a path, nothing before an @, and no # part."
        try:
            parts = urlsplit(url)
            port = _DEFAULT_PORT if parts.port is None else parts.port
        except ValueError as error:
            raise Refused("sign-on-address", sentence) from error
        is_plain = len(url) <= MAXIMUM_ADDRESS and all("!" <= character <= "~" for character in url) and "\\" not in url
        if not is_plain or parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or parts.fragment or "#" in url:
            raise Refused("sign-on-address", sentence)
        if port not in self.policy.fetch.ports:
            allowed = ", ".join(str(number) for number in self.policy.fetch.ports)
            raise Refused("sign-on-address", f"This service connects to {allowed} alone, not to port {port}.")
        return parts

    def _addresses(self, host: str) -> tuple[str, ...]:
        """Return the allowed addresses of a host."""
        try:
            addresses: tuple[str, ...] = (str(ipaddress.ip_address(host)),)
        except ValueError:
            try:
                addresses = self.lookup.addresses(host)
            except Unavailable as error:
                raise Unavailable(
                    "sign-on-away", f"{host} could not be looked up. Try again later.", retry_after_seconds=_AGAIN_SECONDS
                ) from error
            except PrivysealError as error:
                raise Refused("sign-on-address", f"{host} cannot be looked up in the DNS.") from error
        if not addresses:
            raise Unavailable("sign-on-away", f"{host} has no address in the DNS. Try again later.", retry_after_seconds=_AGAIN_SECONDS)
        allowed = tuple(address for address in addresses if not self.policy.fetch.refusal(address))
        if not allowed:
            # Which address it was is not told: this must not read somebody's inner network out.
            raise Refused("sign-on-guarded", f"{host} lies where this service does not connect to: inside of a private network.")
        return allowed


@functools.cache
def _context(anchors_pem: str) -> ssl.SSLContext:
    """Return the TLS side of a client that trusts the CAs of the system and these."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if anchors_pem:
        context.load_verify_locations(cadata=anchors_pem)
    return context
