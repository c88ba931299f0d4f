"""REST: JSON over https for programs and for `seal`; OpenAPI at ``/api/v1/openapi.json``, problems as RFC 9457.

``routes_*.py`` hold the routes of one noun each. Nothing is decided here: bodies are parsed, the caller is
authenticated, an action is called, its result is shown.
"""

from __future__ import annotations

from fastapi import FastAPI

from privyseal.doors import Door, DoorContext
from privyseal.doors.rest import (
    routes_administrators,
    routes_audit,
    routes_certificates,
    routes_decisions,
    routes_events,
    routes_organizations,
    routes_provider,
    routes_requests,
    routes_service,
)
from privyseal.doors.rest.authentication import Authenticator
from privyseal.doors.rest.errors import install_problem_handlers
from privyseal.doors.rest.idempotency import IdempotencyMiddleware
from privyseal.doors.rest.limits import AnonymousLimit

PREFIX = "/api/v1"


def mount(app: FastAPI, context: DoorContext) -> None:
    """Add the routes, the problem handlers and the idempotency keys."""
    authenticator = Authenticator(context, AnonymousLimit(context.house.clock))
    app.state.rest = context
    app.state.authenticator = authenticator
    install_problem_handlers(app)
    app.add_middleware(IdempotencyMiddleware, context=context, prefix=PREFIX)
    modules = (
        routes_service,
        routes_requests,
        routes_decisions,
        routes_certificates,
        routes_organizations,
        routes_administrators,
        routes_audit,
        routes_events,
        routes_provider,
    )
    for module in modules:
        app.include_router(module.router, prefix=PREFIX)


DOOR = Door("rest", mount)
