"""Where a new service listens: what its three addresses say, unless the operator says otherwise."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from privyseal.model.errors import Refused

LOOPBACK: Final = "127.0.0.1"
EVERY_INTERFACE: Final = "0.0.0.0"  # noqa: S104 - addresses that others are to reach were asked for

WEB_PORT, ADMINISTRATOR_PORT, STATUS_PORT = 8443, 8444, 8080
"""For an address without a port: 443 and 80 need rights that the service has no other use for, so something stands in front."""


@dataclass(frozen=True, slots=True)
class Listening:
    """The settings ``host`` and the three ports."""

    host: str
    web_port: int
    administrator_port: int
    status_port: int


def listening_of(base_url: str, administrator_url: str, status_url: str, host: str = "") -> Listening:
    """Return where to listen; ``host`` is the operator's choice, "" for none.

    Without one it is loopback if all three addresses are, else every interface. Raises Refused ``address`` for an address
    that is none, ``port`` when two of them mean the same port, ``host`` when it is no IP address.
    """
    base, administrator = _read(base_url, "https"), _read(administrator_url, "https")
    status = _read(status_url, "http")
    ports = (base.port or WEB_PORT, administrator.port or ADMINISTRATOR_PORT, status.port or STATUS_PORT)
    if len(set(ports)) < len(ports):
        given = ", ".join(str(port) for port in ports)
        raise Refused("port", f"The base, administrator and status addresses need ports of their own; these come to {given}.")
    if not host:
        host = LOOPBACK if all(_is_loopback(url.hostname or "") for url in (base, administrator, status)) else EVERY_INTERFACE
    try:
        ipaddress.ip_address(host)
    except ValueError as error:
        raise Refused("host", f"{host} is not an IP address of this machine, such as {LOOPBACK}, {EVERY_INTERFACE} or ::.") from error
    return Listening(host, *ports)


def _read(text: str, scheme: str) -> SplitResult:
    sentence = f"{text} is not an address like {scheme}://pki.example.test or {scheme}://pki.example.test:8443, with nothing behind."
    try:
        url = urlsplit(text)
        usable = url.scheme == scheme and bool(url.hostname) and url.port != 0
    except ValueError as error:
        raise Refused("address", sentence) from error
    if not usable or (url.path, url.query, url.fragment) != ("", "", "") or "@" in url.netloc:
        raise Refused("address", sentence)
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
