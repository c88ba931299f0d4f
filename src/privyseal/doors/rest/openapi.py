"""The description of the REST API for programs: OpenAPI 3.1 at ``/api/v1/openapi.json``."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from starlette.routing import BaseRoute

from privyseal.doors.rest import (
    routes_administrators,
    routes_applications,
    routes_audit,
    routes_authorities,
    routes_certificates,
    routes_changes,
    routes_contacts,
    routes_decisions,
    routes_departments,
    routes_domains,
    routes_events,
    routes_lost_cards,
    routes_organizations,
    routes_provider,
    routes_questions,
    routes_requests,
    routes_reviews,
    routes_roles,
    routes_service,
    routes_sign_in,
    routes_sign_on,
    routes_vetting,
)
from privyseal.doors.rest.access import SCHEMES
from privyseal.doors.rest.documents import Problem

PREFIX = "/api/v1"
MODULES = (
    routes_service,
    routes_sign_in,
    routes_organizations,
    routes_domains,
    routes_requests,
    routes_roles,
    routes_decisions,
    routes_departments,
    routes_questions,
    routes_certificates,
    routes_changes,
    routes_contacts,
    routes_events,
    routes_administrators,
    routes_lost_cards,
    routes_sign_on,
    routes_reviews,
    routes_audit,
    routes_authorities,
    routes_provider,
    routes_applications,
    routes_vetting,
)

DESCRIPTION = """Ask for certificates, decide on requests, look up and revoke certificates, read the audit log.

Bodies are JSON in UTF-8, at most 128 KiB, and unknown fields are refused. Times are RFC 3339 in UTC. Every refusal is a
problem document (RFC 9457) with a `kind` for programs and a `detail` for people. A call with a body may carry an
`Idempotency-Key` of 1 to 128 visible ASCII characters: the same call sent again under it is answered again
(`Idempotency-Replayed: true`) and done once. 503 and 429 say in `Retry-After` when to try again; nothing was done then."""


@cache
def _included() -> tuple[BaseRoute, ...]:
    """What is known of every route, found out once in a process: the models of a route's parameters take longer than its first answer."""
    router = APIRouter()
    for module in MODULES:
        router.include_router(module.router, prefix=PREFIX)
    return tuple(router.routes)


def add_routes(app: FastAPI) -> None:
    """Add every route of the REST API and its description."""
    app.router.routes.extend(_included())

    @app.get(f"{PREFIX}/openapi.json", include_in_schema=False)
    def show_openapi() -> JSONResponse:
        return JSONResponse(describe(app))


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of the REST routes of an application; it is computed once per application."""
    if not app.openapi_schema:
        routes = [route for route in app.routes if getattr(route, "path", PREFIX).startswith(PREFIX)]
        document = get_openapi(title="Privyseal", version=version("privyseal"), description=DESCRIPTION, routes=routes)
        components = document.setdefault("components", {})
        components["securitySchemes"] = SCHEMES
        schemas = components.setdefault("schemas", {})
        schemas[Problem.__name__] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        app.openapi_schema = document
    return app.openapi_schema


def documented_application() -> FastAPI:
    """Return an application that can be described and not called."""
    app = FastAPI(openapi_url=None)
    add_routes(app)
    return app
