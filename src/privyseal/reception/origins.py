"""Whose page sent a form: ours, or a stranger's in the same browser (cross-site request forgery).

Fetch Metadata (W3C, Sec-Fetch-Site) is sent by every browser of today; Origin by older ones. Who sends neither is no
browser, and has REST.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from privyseal.actions.house import About, ServiceIdentity, attempt
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
    called = called_origin(request, desk.house.service)
    origins = request.headers.getlist("origin")
    return len(origins) == 1 and bool(called) and origins[0] == called


def called_origin(request: Request, service: ServiceIdentity) -> str:
    """Return which of the two origins that the pages are served at was called, or "": they are no friends of each other."""
    host = request.headers.get("host", "").lower()
    origins = (origin_of(url) for url in (service.base_url, service.administrator_url))
    return next((origin for origin in origins if origin.partition("://")[2] == host), "")


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address as a browser writes them (RFC 6454 6.2)."""
    parts = urlsplit(url)
    host = parts.netloc.lower()
    default = {"https": ":443", "http": ":80"}.get(parts.scheme, "")
    return f"{parts.scheme}://{host.removesuffix(default) if default else host}"
