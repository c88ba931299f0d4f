"""The page on which the contact of a request confirms its address: one form, no JavaScript, one POST.

Mail scanners open every link of a letter, so opening the page changes nothing; only the button does. The code may come
with the link (``?code=``) and is then filled in already.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs

from fastapi import FastAPI, Path, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from privyseal.actions.house import About, perform
from privyseal.actions.request.confirm_request import confirm_request
from privyseal.doors import AnonymousLimit, Door, DoorContext, source_of
from privyseal.doors.confirmation.page import STYLE, done_page, form_page, is_code
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.errors import Conflict, NotFound, PrivysealError, TooManyRequests, Unavailable
from privyseal.model.identifiers import RequestId
from privyseal.store import organizations

ADDRESS = "/o/{org}/confirm/{request_id}"
STYLE_ADDRESS = "/o/confirmation.css"
MAXIMUM_FORM = 4096
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

_STATUS: tuple[tuple[type[PrivysealError], int], ...] = ((NotFound, 404), (Conflict, 409), (TooManyRequests, 429), (Unavailable, 503))

Slug = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,40}$")]
RequestPath = Annotated[str, Path(pattern=r"^req-[0-9a-f]{32}$")]


def mount(app: FastAPI, context: DoorContext) -> None:
    """Add the page and its style sheet."""
    limit = AnonymousLimit(context.house.clock)

    @app.get(ADDRESS, include_in_schema=False)
    def show(org: Slug, request_id: RequestPath, code: Annotated[str, Query(max_length=200)] = "") -> HTMLResponse:  # noqa: ARG001 - parts of the address
        return _page(form_page(code if is_code(code) else ""))

    @app.post(ADDRESS, include_in_schema=False)
    async def confirm(org: Slug, request_id: RequestPath, request: Request) -> HTMLResponse:
        code = _code_of(await _form(request))
        if not is_code(code):
            sentence = "The code has 52 letters and digits. Copy it from the newest mail."
            return _page(form_page("", error=sentence), 422)
        try:
            name = await run_in_threadpool(_confirm, context, limit, request, org, request_id, code)
        except PrivysealError as error:
            status = next((number for kind, number in _STATUS if isinstance(error, kind)), 422)
            page = _page(form_page(code, error=error.sentence), status)
            if isinstance(error, TooManyRequests | Unavailable):
                page.headers["Retry-After"] = str(error.retry_after_seconds)
            return page
        return _page(done_page(name))

    @app.get(STYLE_ADDRESS, include_in_schema=False)
    def style() -> Response:
        return Response(STYLE, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})


def _confirm(context: DoorContext, limit: AnonymousLimit, request: Request, org: str, request_id: str, code: str) -> str:
    """Confirm, and return the name of the organization; raises PrivysealError."""
    house = context.house
    source = source_of(request, context)
    limit.take(source)
    actor = Actor(ActorKind.REQUESTER, "anonymous", source=source)
    about = About("confirm-request", org, "request", request_id)
    perform(house, actor, about, confirm_request, org, RequestId(request_id), code)
    with house.database.read(house.clock()) as tx:
        return organizations.require(tx, org).name


async def _form(request: Request) -> str:
    """Return the body of a form, or nothing when it is too large or no text."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAXIMUM_FORM:
            return ""
    return body.decode("ascii", "replace")


def _code_of(form: str) -> str:
    try:
        values = parse_qs(form, max_num_fields=10).get("code", [])
    except ValueError:
        return ""
    return values[0].strip().lower() if len(values) == 1 else ""


def _page(text: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(text, status, headers={"Content-Security-Policy": POLICY})


DOOR = Door("confirmation", mount)
