"""Whose pages are meant: an organization's or the provider's, as addresses say it."""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request

from privyseal.actions.house import House
from privyseal.model.errors import NotFound
from privyseal.model.session import PROVIDER_AUDIENCE, log_of
from privyseal.store import organizations

_SLUG: Final = re.compile(r"[a-z0-9-]{1,40}")


def audience_of(request: Request) -> str:
    """Return whose page was asked for, by its address; raises NotFound as ``audience_of_path``."""
    return audience_of_path(request.url.path)


def audience_of_path(path: str) -> str:
    """Return whose page lies at ``/o/SLUG/...`` or ``/provider/...``; raises NotFound for any other path."""
    parts = path.split("/")
    if parts[1:2] == ["provider"]:
        return PROVIDER_AUDIENCE
    if parts[1:2] == ["o"] and len(parts) > 2:
        return require_form(parts[2])
    raise _nothing()


def require_form(audience: str) -> str:
    """Return an audience that somebody wrote into an address when it has the form of one; raises NotFound."""
    if not _SLUG.fullmatch(audience):
        raise _nothing()
    return audience


def site_of(audience: str) -> str:
    """Return the path under which the pages of an audience lie."""
    return "/provider" if audience == PROVIDER_AUDIENCE else f"/o/{audience}"


def known_log(house: House, audience: str) -> str:
    """Return whose log a refusal goes into: only a log that exists is written to, else the provider's ("")."""
    if audience == PROVIDER_AUDIENCE or not _SLUG.fullmatch(audience):
        return ""
    with house.database.read(house.clock()) as tx:
        return log_of(audience) if organizations.by_slug(tx, audience) is not None else ""


def _nothing() -> NotFound:
    return NotFound("not-found", "There is nothing at this address.")
