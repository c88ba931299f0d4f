"""Where a call comes from, in the only forms that are kept."""

from __future__ import annotations

import ipaddress

from starlette.requests import Request

from privyseal.actions.house import House
from privyseal.reception.context import EntranceContext

ONE_CALLER_BITS = 64
"""Of an IPv6 address so many bits are one caller's: whoever has an access or a machine has all the addresses below (RFC 6177 2)."""


def source_of(request: Request, context: EntranceContext) -> str:
    """Return the salted hash of the caller's address, the only form in which it is kept.

    ``X-Forwarded-For`` counts only from a configured proxy, and of it only what this proxy wrote: the last part of the last
    line (RFC 9110 5.3). A proxy that adds a line leaves those of the client before it.
    """
    address = request.client.host if request.client else ""
    if address in context.trusted_proxies:
        lines = request.headers.getlist("x-forwarded-for")
        address = lines[-1].rpartition(",")[2].strip() if lines else address
    return hashed(context.house, address)


def hashed(house: House, address: str) -> str:
    """Return the salted hash of an address, of whoever is counted as one caller."""
    return house.personal_hash(_caller(address))[:32]


def _caller(address: str) -> str:
    """Return what is counted as one caller: an IPv4 address, of IPv6 the network that nobody shares; without the port of some proxies."""
    host = address.partition(":")[0] if address.count(":") == 1 else address.removeprefix("[").partition("]")[0]
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((int(ip), ONE_CALLER_BITS), strict=False))
