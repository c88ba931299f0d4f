"""The guarded GET behind the http method of domain validation: it may be sent anywhere, and goes almost nowhere.

Whoever registers a domain chooses where it resolves to, so the fetch is a way to make this machine connect for a
stranger (server-side request forgery). Guards: allowed ports and addresses only; connections go to the addresses that
were resolved and checked, never to the name; three redirects on the same host; 4 KiB; one deadline. Called by
engine/dcv.py, which resolves the name and judges the body. What gets lost: everything the server says but the body.
"""

from __future__ import annotations

import http.client
import ipaddress
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

from privyseal.engine.deadline_sockets import Budget, DeadlineSocket, TooLongError, connect_to_one
from privyseal.model.errors import Refused, Unavailable

MAXIMUM_BODY_BYTES: Final = 4 * 1024
MAXIMUM_REDIRECTS: Final = 3
_MAXIMUM_RESPONSE_BYTES: Final = 32 * 1024  # headers and body of one response together

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

# Addresses at which cloud hosts hand credentials to whoever asks from inside: AWS, Google, Azure and others; Alibaba;
# Azure's wire server; Oracle; AWS over IPv6. Only a policy that names the very address opens one.
_METADATA_ADDRESSES: Final = frozenset(
    ipaddress.ip_address(text) for text in ("169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254")
)
# RFC 1918, and RFC 4193 for IPv6: many customers of a private CA have their servers here.
_PRIVATE_NETWORKS: Final = tuple(ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
# These carry an IPv4 address inside, which a gateway could turn into a forbidden one: 6to4, Teredo, NAT64; and the
# site-local block of RFC 3879, which Python still calls global.
_TRANSLATED_NETWORKS: Final = tuple(
    ipaddress.ip_network(text) for text in ("2002::/16", "2001::/32", "64:ff9b::/96", "64:ff9b:1::/48", "fec0::/10")
)


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """Where the http method may connect to.

    ``ports``: the first is asked, a redirect may go to any of them. ``allow_private`` opens RFC 1918 and RFC 4193.
    ``allowed_networks`` opens exactly these, whatever they are (a metadata address only when named alone).
    ``timeout_seconds`` is the total for connecting, redirects and reading.
    """

    ports: tuple[int, ...] = (http.client.HTTP_PORT,)
    allow_private: bool = False
    allowed_networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    timeout_seconds: float = 10.0

    def refusal(self, address: str) -> str:
        """Return in one word why ``address`` may not be connected to, or an empty string if it may."""
        ip = ipaddress.ip_address(address)
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped  # RFC 4291 2.5.5.2: ::ffff:127.0.0.1 connects to 127.0.0.1
        opened = [network for network in self.allowed_networks if ip in network]
        if ip in _METADATA_ADDRESSES:
            return "" if any(network.num_addresses == 1 for network in opened) else "metadata"
        if opened:
            return ""
        if any(ip in network for network in _PRIVATE_NETWORKS):
            return "" if self.allow_private else "private"
        return _special_use(ip)

    def require_allowed(self, host: str, addresses: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of ``addresses`` that may be connected to; Refused ``dcv-address-refused`` if none may."""
        refusals = {address: self.refusal(address) for address in addresses}
        allowed = tuple(address for address in addresses if not refusals[address])
        if allowed:
            return allowed
        told = ", ".join(f"{address} ({word})" for address, word in refusals.items())
        sentence = (
            f"{host} resolves to {told}; Privyseal does not connect there. Use the DNS TXT method, or ask the provider "
            "to allow this network for domain validation."
        )
        raise Refused("dcv-address-refused", sentence, field="domain")


@dataclass(frozen=True, slots=True)
class FetchedToken:
    """``body`` as served (at most 4 KiB) and the ``address`` it came from."""

    body: bytes
    address: str


class TokenFetch:
    """One guarded GET with its redirects: one host, pinned addresses, one deadline that starts here.

    ``addresses`` are what the host resolved to; ``advice`` is the sentence that ends every refusal and says what to
    serve. No sentence repeats what the server said: with private addresses allowed, that would read the customer's
    inner network to whoever asks.
    """

    def __init__(self, host: str, addresses: tuple[str, ...], policy: FetchPolicy, *, advice: str) -> None:
        self._host = host
        self._addresses = policy.require_allowed(host, addresses)
        self._policy = policy
        self._advice = advice
        self._deadline = time.monotonic() + policy.timeout_seconds

    def fetch(self, start: str) -> FetchedToken:
        """GET ``start`` and return the body of the first answer with status 200.

        Raises Refused ``dcv-no-answer`` (no connection, another status), ``dcv-redirect-refused``,
        ``dcv-answer-too-large``, ``dcv-bad-answer`` (not HTTP) and Unavailable ``dcv-timeout``.
        """
        url = start
        for _ in range(MAXIMUM_REDIRECTS + 1):
            answer = self._get(url)
            if isinstance(answer, FetchedToken):
                return answer
            url = self._redirected(url, answer)
        raise self._refused("dcv-redirect-refused", f"{start} redirects more than {MAXIMUM_REDIRECTS} times.")

    def _get(self, url: str) -> FetchedToken | str:
        """Return the token, or the target of a redirect; every failure becomes a sentence."""
        try:
            status, answer = self._exchange(url)
        except TimeoutError as error:
            sentence = f"The server of {self._host} did not answer {url} within {self._policy.timeout_seconds:g} seconds. {self._advice}"
            raise Unavailable("dcv-timeout", sentence, retry_after_seconds=30) from error
        except OSError as error:
            reason = error.strerror or "the server hung up"
            raise self._refused("dcv-no-answer", f"{url} could not be fetched ({reason}).") from error
        except TooLongError as error:
            raise self._too_large(url) from error
        except (http.client.HTTPException, ValueError) as error:
            raise self._refused("dcv-bad-answer", f"What the server of {self._host} answered at {url} is not HTTP.") from error
        if status in _REDIRECTS:
            return answer if isinstance(answer, str) else ""
        if status != http.client.OK or isinstance(answer, str):
            raise self._refused("dcv-no-answer", f"The server of {self._host} answered {url} with status {status}.")
        if len(answer.body) > MAXIMUM_BODY_BYTES:
            raise self._too_large(url)
        return answer

    def _exchange(self, url: str) -> tuple[int, FetchedToken | str]:
        """Return the status and the Location header, if there is one, else what was served."""
        parts = urlsplit(url)
        port = _port(parts.port)
        sock, address = self._connect(port)
        connection = http.client.HTTPConnection(self._host, port)
        connection.sock = sock  # HTTPConnection resolves and connects by itself only while it has no socket
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", target, headers={"Connection": "close", "User-Agent": "Privyseal domain validation"})
            response = connection.getresponse()
            if response.status in _REDIRECTS:
                return response.status, response.headers.get("Location", "")
            return response.status, FetchedToken(response.read(MAXIMUM_BODY_BYTES + 1), address)
        finally:
            connection.close()

    def _connect(self, port: int) -> tuple[DeadlineSocket, str]:
        """Return a connection to the first pinned address that accepts one; raises the last OSError."""
        return connect_to_one(self._addresses, port, Budget(self._deadline, _MAXIMUM_RESPONSE_BYTES))

    def _redirected(self, url: str, location: str) -> str:
        """Return the absolute target of a redirect, or raise Refused unless it keeps host, scheme and allowed ports."""
        try:
            target = urljoin(url, location)
            parts = urlsplit(target)
            here = parts.scheme == "http" and (parts.hostname or "").rstrip(".") == self._host and parts.username is None
            allowed = here and _port(parts.port) in self._policy.ports
        except ValueError:  # urllib's word for a broken IPv6 literal or port
            target, allowed = "", False
        if location and allowed and all("!" <= character <= "~" for character in target):
            return target
        sentence = (
            f"{url} redirects elsewhere. Redirects are followed only within http://{self._host}, not to https and not to another host."
        )
        raise self._refused("dcv-redirect-refused", sentence)

    def _too_large(self, url: str) -> Refused:
        return self._refused(
            "dcv-answer-too-large", f"The answer at {url} is longer than {MAXIMUM_BODY_BYTES} bytes, so it cannot be the token."
        )

    def _refused(self, kind: str, sentence: str) -> Refused:
        return Refused(kind, f"{sentence} {self._advice}", field="domain")


def _port(port: int | None) -> int:
    return http.client.HTTP_PORT if port is None else port


def _special_use(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """Return the word for an address that is no ordinary host on the Internet (RFC 6890), or an empty string."""
    for word, applies in (
        ("unspecified", ip.is_unspecified),
        ("loopback", ip.is_loopback),
        ("link-local", ip.is_link_local),
        ("multicast", ip.is_multicast),
        ("translated", any(ip in network for network in _TRANSLATED_NETWORKS)),
        ("reserved", ip.is_reserved or not ip.is_global),
    ):
        if applies:
            return word
    return ""
