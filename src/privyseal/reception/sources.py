"""Where a call comes from, in the only forms that are kept."""

from __future__ import annotations

from starlette.requests import Request

from privyseal.reception.context import EntranceContext


def source_of(request: Request, context: EntranceContext) -> str:
    """Return the salted hash of the caller's address, the only form in which it is kept.

    ``X-Forwarded-For`` counts only from a configured proxy, and of it only the part that this proxy wrote: the last.
    """
    address = request.client.host if request.client else ""
    if address in context.trusted_proxies:
        address = request.headers.get("x-forwarded-for", address).split(",")[-1].strip()
    return context.house.personal_hash(address)[:32]
