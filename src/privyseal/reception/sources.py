"""Where a call comes from, in the only forms that are kept."""

from __future__ import annotations

from starlette.requests import Request

from privyseal.reception.context import EntranceContext


def source_of(request: Request, context: EntranceContext) -> str:
    """Return the salted hash of the caller's address, the only form in which it is kept.

    ``X-Forwarded-For`` counts only from a configured proxy, and of it only what this proxy wrote: the last part of the last
    line (RFC 9110 5.3). A proxy that adds a line leaves those of the client before it.
    """
    address = request.client.host if request.client else ""
    if address in context.trusted_proxies:
        lines = request.headers.getlist("x-forwarded-for")
        address = lines[-1].rpartition(",")[2].strip() if lines else address
    return context.house.personal_hash(address)[:32]
