"""Whose page sent a form: ours, or a stranger's in the same browser (cross-site request forgery).

Fetch Metadata (W3C, Sec-Fetch-Site) is sent by every browser of today; Origin by older ones. Who sends neither is no
browser, and has REST.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from privyseal.actions.house import About, attempt
from privyseal.model.errors import NotPermitted
from privyseal.reception.desk import Desk

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS: Final = frozenset({"same-origin", "none"})


def require_same_origin(request: Request, desk: Desk) -> None:
    """Raise NotPermitted ``cross-site``, recorded, unless a page of this very origin or the person himself sent this."""
    if not is_same_origin(request, desk):
        about = About("receive-form", "", "call", "cross-site")

        def refuse() -> None:
            sentence = "This form was not sent by a page of this service, so nothing was done. Open the page itself and send it from there."
            raise NotPermitted("cross-site", sentence)

        attempt(desk.house, desk.stranger(request), about, refuse)


def is_same_origin(request: Request, desk: Desk) -> bool:
    """Tell it from Sec-Fetch-Site, or without it from Origin, which must be exactly the origin that was called."""
    sites = request.headers.getlist("sec-fetch-site")
    if sites:
        return len(sites) == 1 and sites[0] in _OURS
    service = desk.house.service
    host = request.headers.get("host", "").lower()
    # Of the two addresses that the pages are served at, the one that was called: they are no friends of each other.
    called = {origin for url in (service.base_url, service.administrator_url) if (origin := origin_of(url)).partition("://")[2] == host}
    origins = request.headers.getlist("origin")
    return len(origins) == 1 and origins[0] in called


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address as a browser writes them (RFC 6454 6.2)."""
    parts = urlsplit(url)
    host = parts.netloc.lower()
    default = {"https": ":443", "http": ":80"}.get(parts.scheme, "")
    return f"{parts.scheme}://{host.removesuffix(default) if default else host}"
