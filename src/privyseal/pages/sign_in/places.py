"""Addresses of these pages, and the way back to where somebody came from."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from privyseal.model.session import PROVIDER_AUDIENCE
from privyseal.reception.audiences import site_of
from privyseal.reception.site import Visit

MAXIMUM_WAY: Final = 500
WAY_SECONDS: Final = 600


def audience_of_visit(visit: Visit) -> str:
    """Return whose pages these are; "" for the one page that belongs to nobody."""
    if visit.slug:
        return visit.slug
    return PROVIDER_AUDIENCE if visit.request.url.path.startswith("/provider") else ""


def place_of(audience: str) -> str:
    """Return the beginning of the addresses of an audience."""
    return site_of(audience) if audience else ""


def console_of(audience: str) -> str:
    """Return the first page behind the sign-in."""
    return "/provider/" if audience == PROVIDER_AUDIENCE else f"{site_of(audience)}/console/"


def way_back(visit: Visit, wanted: str) -> str:
    """Return ``wanted`` where it is a page of this audience, else the console: nobody is led to another site."""
    audience = audience_of_visit(visit)
    is_path = len(wanted) <= MAXIMUM_WAY and wanted.isascii() and wanted.isprintable() and not set(wanted) & set("\\ ")
    if is_path and wanted.startswith(f"{site_of(audience)}/") and "//" not in wanted.partition("?")[0]:
        return wanted
    return console_of(audience)


def _cookie(visit: Visit) -> str:
    return f"__Host-privyseal-way-{audience_of_visit(visit)}"


def keep_way(visit: Visit, answer: Response, wanted: str) -> None:
    """Remember where to go after a certificate was shown at the other port; the address there does not carry it."""
    answer.set_cookie(_cookie(visit), way_back(visit, wanted), max_age=WAY_SECONDS, path="/", secure=True, httponly=True, samesite="lax")


def kept_way(visit: Visit) -> str:
    """Return what ``keep_way`` remembered, or the console."""
    return way_back(visit, visit.request.cookies.get(_cookie(visit), ""))
