"""REST: JSON over https for programs and for `seal`; OpenAPI at ``/api/v1/openapi.json``, problems as RFC 9457.

``routes_*.py`` hold the routes of one noun each. Nothing is decided here: bodies are parsed, the caller is
authenticated, an action is called, its result is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from privyseal.doors import Door, DoorContext

if TYPE_CHECKING:
    from fastapi import FastAPI


def mount(app: FastAPI, context: DoorContext) -> None:
    """Add the routes and what happens around them."""
    # Imported here: the models of all bodies and documents take half a second, for which no page waits.
    from privyseal.doors.rest.mounting import mount_routes  # noqa: PLC0415

    mount_routes(app, context)


DOOR = Door("rest", "/api/", mount)
