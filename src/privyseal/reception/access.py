"""That every route outside of REST says who may open it, and which do not.

The pages of a site say it in their table (``site.Page``), and the application that is made of the table enforces it. What is
mounted by other means is marked here. ``routes_without_access`` names to a test whatever says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias, TypeVar

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount

from privyseal.model.administrator import Permission
from privyseal.reception.site import Access

Row: TypeAlias = Permission | Access
_Target = TypeVar("_Target")
_ROWS: Final = "__privyseal_access__"

NOT_PAGES: Final = ("/api/", "/healthz", "/readyz", "/metrics")
"""Addresses of programs: REST says its own access in OpenAPI, the others have nothing of anybody."""


def open_to(rows: Row | Mapping[str, Row]) -> Callable[[_Target], _Target]:
    """Mark what answers a route with its row, or with one for each method."""

    def mark(target: _Target) -> _Target:
        setattr(target, _ROWS, rows)
        return target

    return mark


def rows_of(target: object) -> Row | Mapping[str, Row] | None:
    """Return what ``open_to`` said of the function or application that answers a route."""
    rows: Row | Mapping[str, Row] | None = getattr(target, _ROWS, None)
    return rows


def routes_without_access(routes: Sequence[BaseRoute]) -> list[str]:
    """Return "METHOD PATH" of every route of an application that says for no, or not for each method, who may open it."""
    return [f"{method} {path}" for path, method, row in access_table(routes) if row is None]


def access_table(routes: Sequence[BaseRoute]) -> Iterator[tuple[str, str, Row | None]]:
    """Yield (path, method, row) of every route outside of NOT_PAGES, mounted applications included."""
    for path, methods, target in _endpoints(routes, ""):
        if path.startswith(NOT_PAGES):
            continue
        rows = rows_of(target)
        for method in sorted(methods - {"HEAD"}):
            yield path, method, rows.get(method) if isinstance(rows, Mapping) else rows


def _endpoints(routes: Sequence[BaseRoute], prefix: str) -> Iterator[tuple[str, set[str], object]]:
    for route in iter_route_contexts(routes):
        path = prefix + (route.path or "")
        original = route.original_route
        if not isinstance(original, Mount):
            yield path, set(route.methods or {"GET"}), route.endpoint
        elif rows_of(original.app) is None and original.routes:
            yield from _endpoints(original.routes, path)
        else:
            yield path, {"GET"}, original.app
