"""Who may open a page: each route carries its row, and the row itself is what lets people in.

``@page(Permission.READ)`` stands below ``@router.get(...)``; ``router`` comes from :func:`page_router`, which asks
:func:`admit` before every route. A route without a row lets nobody in, and ``unguarded_routes`` names it to a test.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.requests import Request

from privyseal.model.administrator import Permission
from privyseal.reception.desk import desk_of
from privyseal.reception.origins import SAFE_METHODS, require_same_origin
from privyseal.reception.sources import source_of
from privyseal.reception.visitors import audience_of, require_visitor

_Page = TypeVar("_Page")
_ROW: Final = "__privyseal_access__"

NOT_PAGES: Final = ("/api/", "/healthz", "/readyz", "/metrics")
"""Addresses of programs: REST says its own access in OpenAPI, the others have nothing of anybody."""


class Open(enum.Enum):
    """Pages that ask for no right."""

    PUBLIC = "public"
    SUBSCRIBER = "subscriber"
    SIGNED_IN = "signed-in"


PUBLIC: Final = Open.PUBLIC
"""Anybody."""
SUBSCRIBER: Final = Open.SUBSCRIBER
"""Anybody; what is done there asks for the challenge phrase."""
SIGNED_IN: Final = Open.SIGNED_IN
"""Every administrator of the audience, whatever his role: his own sessions, signing out."""


@dataclass(frozen=True, slots=True)
class AccessRow:
    """Who may open a page; ``step_up`` when the credential must have been shown within five minutes."""

    who: Permission | Open
    step_up: bool


def page(who: Permission | Open, *, step_up: bool = False) -> Callable[[_Page], _Page]:
    """Give a route's function, or an application that is mounted, its row."""

    def mark(target: _Page) -> _Page:
        setattr(target, _ROW, AccessRow(who, step_up))
        return target

    return mark


def row_of(target: object) -> AccessRow | None:
    """Return the row of a route's function or mounted application."""
    row = getattr(target, _ROW, None)
    return row if isinstance(row, AccessRow) else None


def admit(request: Request) -> None:
    """Let the caller of a page in or raise; whoever is signed in is at ``request.state.visitor`` then (``CurrentVisitor``).

    What changes something must come from a page of ours, and from strangers not too often. Raises NotPermitted,
    Unauthenticated, TooManyRequests, BadRequest ``cookies``, Unavailable.
    """
    row = row_of(request.scope.get("endpoint"))
    if row is None:
        raise LookupError(f"the page {request.scope.get('path')} has no access row")
    desk = desk_of(request)
    changes = request.method not in SAFE_METHODS
    if changes and row.who in {PUBLIC, SUBSCRIBER}:
        desk.limit.take(source_of(request, desk.context))
    if changes:
        require_same_origin(request, desk)
    if row.who in {PUBLIC, SUBSCRIBER}:
        return
    permission = row.who if isinstance(row.who, Permission) else None
    request.state.visitor = require_visitor(request, audience_of(request), permission, step_up=row.step_up)


def page_router(prefix: str = "") -> APIRouter:
    """Return a router whose every route asks ``admit`` first and stays out of the OpenAPI document."""
    return APIRouter(prefix=prefix, dependencies=[Depends(admit)], include_in_schema=False)


def unguarded_routes(app: FastAPI) -> list[str]:
    """Return what is wrong with the access of the application's routes; empty when each has its row and keeps to it."""
    wrong = []
    for route in iter_route_contexts(app.routes):
        path = route.path or ""
        if path.startswith(NOT_PAGES):
            continue
        target: Any = route.endpoint if route.endpoint is not None else getattr(route.original_route, "app", None)
        row = row_of(target)
        if row is None:
            wrong.append(f"{path}: no access row")
        elif row.who is not PUBLIC and not _asks(route.original_route, route):
            wrong.append(f"{path}: {row.who.value} is never asked for, because the route is not one of a page_router")
    return wrong


def _asks(original: object, effective: Any) -> bool:  # noqa: ANN401 - FastAPI's route, wherever it was included
    if not isinstance(original, APIRoute):
        return False
    return any(dependency.call is admit for dependency in effective.dependant.dependencies)
