"""The web process's application: the doors and the pages, and around them headers, counting and health."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from privyseal.actions.house import require_evidence
from privyseal.cli.late_doors import LateDoors
from privyseal.doors import Door, DoorContext
from privyseal.jobs.counters import DELIVERIES, PERIODIC_RUNS, RESCUED
from privyseal.model.errors import PrivysealError, Unavailable
from privyseal.reception.application import make_pages
from privyseal.reception.fronts import NotBehindProxy
from privyseal.reception.site import Site
from privyseal.store import audit, authority_states, outbox, revocations, task_failures
from privyseal.store.revocations import FULL

CONTENT_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
HSTS = "max-age=31536000; includeSubDomains"


def make_application(
    context: DoorContext,
    doors: Sequence[Door],
    sites: Sequence[Site] = (),
    demonstration: Callable[[], Mapping[str, str] | None] | None = None,
) -> Starlette:
    """Return the application that both ports serve: what no door knows is a page, or does not exist.

    ``app.state.stopping`` is an event that ends streams; serve_web sets it when the process is to end. ``app.state.doors``
    are the LateDoors. ``app.state.later`` are functions that load what else is loaded when it is first needed.
    """
    metrics = _Metrics(context)
    app = Starlette(
        routes=_health(context, metrics),
        # The first one is the outermost: what is answered by a middleware is counted and gets the headers too.
        middleware=[
            Middleware(_Headers, strict_transport=_is_public(context.house.service.base_url)),
            Middleware(_Counting, metrics=metrics),
            Middleware(NotBehindProxy, house=context.house),
        ],
    )
    app.router.redirect_slashes = False
    app.state.stopping = threading.Event()
    app.state.doors = LateDoors(doors, context, app.state)
    app.state.later = [app.state.doors.application]
    elsewhere: ASGIApp = app.state.doors
    if sites:
        pages = make_pages(sites, context, stopping=app.state.stopping, demonstration=demonstration)
        app.state.later.append(pages.state.compile)
        elsewhere = pages
    app.router.default = _Elsewhere(app.state.doors, elsewhere)
    return app


def _is_public(base_url: str) -> bool:
    """A browser that once learned HSTS for localhost would refuse every other program there."""
    host = urlsplit(base_url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")


class _Metrics:
    """The numbers of one application, in a registry of their own."""

    def __init__(self, context: DoorContext) -> None:
        self._house = context.house
        self.registry = CollectorRegistry()
        self.requests = Counter("privyseal_http_requests", "Answers by route.", ["method", "route", "status"], registry=self.registry)
        self.seconds = Histogram("privyseal_http_seconds", "Time to answer by route.", ["route"], registry=self.registry)
        self.audit_lag = Gauge(
            "privyseal_audit_waiting_seconds", "Age of the oldest entry that is not in its log's tree.", registry=self.registry
        )

        self.letters = Gauge(
            "privyseal_letters_undelivered", "Letters and other messages that failed at least once.", registry=self.registry
        )
        self.jobs = Gauge("privyseal_periodic_jobs_failing", "Periodic jobs that failed when they were tried last.", registry=self.registry)
        self.root_crl = Gauge("privyseal_root_crl_next_update_seconds", "When the root's CRL ends (Unix time).", registry=self.registry)
        self.paused = Gauge("privyseal_ca_paused", "1 while the CA is paused.", ["ca"], registry=self.registry)
        for counter in (DELIVERIES, PERIODIC_RUNS, RESCUED):
            # They belong to the process, which works too when the database is the embedded one.
            self.registry.register(counter)

    def text(self) -> bytes:
        """Return everything in Prometheus's text form; raises Unavailable."""
        now = self._house.clock()
        with self._house.database.read(now) as tx:
            oldest = audit.oldest_waiting(tx)
            self.letters.set(outbox.count_failing(tx))
            self.jobs.set(task_failures.count_failing(tx))
            root_crl = revocations.newest_crl(tx, self._house.authorities["root"].id, FULL)
            resting = authority_states.paused(tx)
        for authority in self._house.authorities.values():
            self.paused.labels(authority.slug).set(authority.id in resting)
        self.root_crl.set(0 if root_crl is None else root_crl.next_update.timestamp())
        self.audit_lag.set(0 if oldest is None else max(0.0, (now - oldest).total_seconds()))
        return generate_latest(self.registry)


def _health(context: DoorContext, metrics: _Metrics) -> list[Route]:
    async def show_liveness(_request: Request) -> Response:
        return PlainTextResponse("alive\n")

    def show_readiness(_request: Request) -> Response:
        found = {"database": _database(context), "issuer": _issuer(context)}
        ready = all(word == "ready" for word in found.values())
        return JSONResponse({"ready": ready, **found}, 200 if ready else 503, None if ready else {"Retry-After": "5"})

    def show_metrics(_request: Request) -> Response:
        try:
            return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)
        except Unavailable as error:
            return PlainTextResponse(f"{error.sentence}\n", 503, {"Retry-After": str(error.retry_after_seconds)})

    return [Route("/healthz", show_liveness), Route("/readyz", show_readiness), Route("/metrics", show_metrics)]


def _database(context: DoorContext) -> str:
    """Whether the database answers and its evidence allows signing, in one word."""
    try:
        with context.house.database.read(context.house.clock()) as tx:
            require_evidence(tx)
    except PrivysealError as error:
        return error.kind
    return "ready"


def _issuer(context: DoorContext) -> str:
    try:
        context.issuer.ping()
    except PrivysealError as error:
        return error.kind
    return "ready"


class _Elsewhere:
    """Passes on what is no question of health: to the doors what begins as theirs, and everything else to the pages."""

    def __init__(self, doors: LateDoors, pages: ASGIApp) -> None:
        self._doors = doors
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await (self._doors if self._doors.knows(scope["path"]) else self._pages)(scope, receive, send)


class _Headers:
    """Adds what every answer of the web process carries, unless the route said otherwise."""

    def __init__(self, app: ASGIApp, *, strict_transport: bool) -> None:
        self._app = app
        self._always = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Content-Security-Policy": CONTENT_POLICY,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
            "Cache-Control": "no-store",
        }
        if strict_transport:
            self._always["Strict-Transport-Security"] = HSTS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, adding headers to the answer."""

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._always.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_on)


class _Counting:
    """Counts answers and their time by route, never by address: an address may name an organization or a request."""

    def __init__(self, app: ASGIApp, metrics: _Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on and count."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        status = 500

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in {"GET", "POST", "DELETE", "HEAD"} else "other"
            self._metrics.requests.labels(method, route, str(status)).inc()
            self._metrics.seconds.labels(route).observe(time.monotonic() - began)
