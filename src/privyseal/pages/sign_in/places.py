"""Addresses of these pages, and the way back to where somebody came from."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from starlette.responses import Response

from privyseal.model.session import PROVIDER_AUDIENCE
from privyseal.reception.audiences import site_of
from privyseal.reception.site import Visit

MAXIMUM_WAY: Final = 500
_DOTS: Final = frozenset({".", ".."})
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
    is_text = len(wanted) <= MAXIMUM_WAY and wanted.isascii() and wanted.isprintable() and not set(wanted) & set("\\ ")
    return wanted if is_text and _is_within(wanted, f"{site_of(audience)}/") else console_of(audience)


def _is_within(wanted: str, site: str) -> bool:
    """Tell whether a browser stays below ``site``: it takes ``..`` away, also when that is written in percents (WHATWG URL 4.5)."""
    path = unquote(wanted.partition("?")[0].partition("#")[0])
    return path.startswith(site) and "//" not in path and "\\" not in path and not _DOTS & set(path.split("/"))


def _cookie(visit: Visit) -> str:
    return f"__Host-privyseal-way-{audience_of_visit(visit)}"


def asked_way(visit: Visit) -> str:
    """Return where this call wants to go on to, by its form or its address, not looked at yet; for a code what is remembered."""
    if visit.request.url.path.endswith("/finish"):
        return kept_way(visit)
    # One character more than a way may have, so that none is cut into another one.
    return visit.form.value("next") or visit.query("next", MAXIMUM_WAY + 1)


def keep_way(visit: Visit, answer: Response, wanted: str) -> None:
    """Remember where to go after a certificate was shown at the other port; the address there does not carry it."""
    answer.set_cookie(_cookie(visit), way_back(visit, wanted), max_age=WAY_SECONDS, path="/", secure=True, httponly=True, samesite="lax")


def kept_way(visit: Visit) -> str:
    """Return what ``keep_way`` remembered, or the console."""
    return way_back(visit, visit.request.cookies.get(_cookie(visit), ""))
