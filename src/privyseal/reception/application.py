"""The application that answers all pages: routes from the sites' tables, and what happens around every page.

1. the language is chosen, and what was sent is read within its bounds
2. the visitor is recognized, and the page's access row is enforced
3. the page answers in a thread, because it reads the database
4. an error of ours becomes a page with its status: what happened, why, what to do
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from privyseal.engine.private_keys import PrivateKeyFound
from privyseal.look import words
from privyseal.look.assets import FOREVER, PREFIX, assets
from privyseal.look.forms import Form
from privyseal.look.frame import Frame, Link
from privyseal.look.rendering import Renderer
from privyseal.look.sentences import told
from privyseal.look.words import gettext
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.administrator import Permission
from privyseal.model.errors import NotFound, PrivysealError, TooManyRequests, Unavailable
from privyseal.reception.audiences import audience_of, site_of
from privyseal.reception.context import EntranceContext
from privyseal.reception.desk import Desk, desk_of
from privyseal.reception.forms import SentForm, read_form
from privyseal.reception.kept import INTERRUPTED, MARK, address_of, keep, keeper_of, kept_for
from privyseal.reception.limits import AnonymousLimit
from privyseal.reception.origins import require_same_origin
from privyseal.reception.page_policy import page_policy
from privyseal.reception.site import Access, Audience, Method, Page, Site, SiteContext, Visit
from privyseal.reception.sources import source_of
from privyseal.reception.statuses import STATUS
from privyseal.reception.visitors import Visitor, require_visitor

R = TypeVar("R")
_log = structlog.get_logger("privyseal.pages")

SMALLEST_COMPRESSED = 1024
WAYS = {"sign-in-needed": "sign-in", "step-up-needed": "step-up", "reading-only": "sign-in"}
KEPT = words.mark("What you typed is kept for ten minutes and stands in the form again, except phrases, signatures and files.")


def make_pages(
    sites: Sequence[Site],
    entrance: EntranceContext,
    *,
    stopping: threading.Event,
    demonstration: Callable[[], Mapping[str, str] | None] | None = None,
) -> Starlette:
    """Return the application of these sites and of the assets; a template is compiled when it is first needed.

    ``app.state.compile`` compiles all of them, for when nobody waits. ``stopping`` is set when the process is to end;
    ``demonstration`` as in SiteContext.
    """
    renderer = Renderer({site.name: site.templates for site in sites})
    desk = Desk(entrance, AnonymousLimit(entrance.house.clock))
    context = SiteContext(entrance, renderer, desk.limit, stopping, demonstration, {site.name: site.frame for site in sites})
    routes = [Route(f"{PREFIX}/{{digest}}/{{name}}", _show_asset, methods=["GET"])]
    by_path: dict[str, dict[str, tuple[Site, Page]]] = {}
    for site in sites:
        for page in site.pages:
            by_path.setdefault(page.path, {})[page.method.value] = (site, page)
    routes += [Route(path, _answering(context, found), methods=sorted(found)) for path, found in by_path.items()]
    application = Starlette(routes=routes, middleware=[Middleware(GZipMiddleware, minimum_size=SMALLEST_COMPRESSED, compresslevel=5)])
    application.state.desk = desk
    application.state.compile = renderer.check
    application.add_exception_handler(HTTPException, _framework_error(context, sites))
    return application


async def _show_asset(request: Request) -> Response:
    asset = assets().get(request.path_params["name"])
    if asset is None:
        raise HTTPException(404)
    data, encoding = asset.best(request.headers.get("accept-encoding", ""))
    # An old page may ask for what was replaced meanwhile: it gets the new content, and nothing may keep that under the old address.
    cache = FOREVER if asset.address == f"{PREFIX}/{request.path_params['digest']}/{asset.name}" else "no-cache"
    headers = {"Cache-Control": cache, "Vary": "Accept-Encoding", "Cross-Origin-Resource-Policy": "same-origin"}
    if encoding:
        headers["Content-Encoding"] = encoding
    return Response(data, media_type=asset.media_type, headers=headers)


def _answering(context: SiteContext, found: dict[str, tuple[Site, Page]]) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers all methods of one address."""

    async def answer(request: Request) -> Response:
        site, page = found.get(request.method) or found["GET"]
        request.scope["route"] = page  # What the counting of answers goes by.
        words.speak(words.choose_language(request.headers.get("accept-language", "")))
        try:
            guest = await _in_thread(_admit, page, request)
            request.state.visitor = guest
            if page.method is Method.POST:
                sent = await read_form(request, uploads=page.upload)
            else:
                sent = SentForm(await _in_thread(kept_for, request, page, guest)) if MARK in request.query_params else SentForm()
        except PrivysealError as error:
            form = _form_of(page, request, has_page="GET" in found)
            told_of, is_kept = await _keep(page, request, error, form)
            # Who is known stays known: a refusal is no reason to lose the way back to one's own pages.
            known: Visitor | None = getattr(request.state, "visitor", None)
            return await _in_thread(_turn_away, page, _visit(context, site, request, known, SentForm()), told_of, form, is_kept)
        return await _in_thread(_answer, page, _visit(context, site, request, guest, sent))

    async def answer_always(request: Request) -> Response:
        try:
            return await answer(request)
        except HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 - a bug of ours must not reach a person as a broken connection
            reference = context.entrance.house.random_bytes(6).hex()
            _log.error("page.failed", reference=reference, path=request.scope["route"].path, exc_info=error)
            visit = _visit(context, found[next(iter(found))][0], request, None, SentForm())
            return await _in_thread(_failed_page, visit, reference)

    return answer_always


async def _in_thread(work: Callable[..., R], *arguments: object) -> R:
    """Run in a thread that speaks the language of this call."""
    return await run_in_threadpool(contextvars.copy_context().run, work, *arguments)


def _admit(page: Page, request: Request) -> Visitor | None:
    """Return who is signed in, None where nobody has to be; raises what the page's row refuses.

    What changes something must come from a page of ours, and from strangers not too often.
    """
    desk = desk_of(request)
    is_open = page.access in {Access.ANYBODY, Access.SUBSCRIBER}
    if page.method is Method.POST:
        if is_open:
            desk.limit.take(source_of(request, desk.context))
        require_same_origin(request, desk)
    if is_open:
        return None
    permission = page.access if isinstance(page.access, Permission) else None
    return require_visitor(
        request,
        audience_of(request),
        permission,
        scoped=page.scoped,
        step_up=page.step_up,
        in_use=not page.by_itself,
        with_credential=page.needs_credential,
    )


def _answer(page: Page, visit: Visit) -> Response:
    try:
        return page.answer(visit)
    except PrivysealError as error:
        return _turn_away(page, visit, error)


def _visit(context: SiteContext, site: Site, request: Request, guest: Visitor | None, sent: SentForm) -> Visit:
    source = source_of(request, context.entrance)
    return Visit(
        context=context,
        site=site,
        request=request,
        slug=request.path_params.get("org", ""),
        source=source,
        actor=guest.actor if guest else Actor(ActorKind.REQUESTER, "anonymous", source=source),
        now=context.entrance.house.clock(),
        form=_filled(request, sent),
        files={name: file.content for name, file in sent.files.items()},
        file_names={name: file.name for name, file in sent.files.items()},
        guest=guest,
    )


def _filled(request: Request, sent: SentForm) -> Form:
    is_again = request.method == "GET" and bool(sent.values)
    return Form(sent.values, is_filled_again=is_again, was_interrupted=is_again and request.query_params.get(MARK) == INTERRUPTED)


def _form_of(page: Page, request: Request, *, has_page: bool) -> str:
    """Return the address of the form that was sent, or nothing."""
    if page.method is not Method.POST or not (page.form or has_page):
        return ""
    return page.form_path(request) + (f"?{request.url.query}" if request.url.query else "")


async def _keep(page: Page, request: Request, error: PrivysealError, form: str) -> tuple[PrivysealError, bool]:
    """Keep what was typed where the person comes back after a sign-in; return what to tell, and whether it is kept."""
    if not form or error.kind not in WAYS or page.audience is Audience.NONE or page.by_itself:
        return error, False
    try:
        keeper = await _in_thread(keeper_of, request, audience_of(request))
        if keeper is None:
            return error, False
        return error, await _in_thread(keep, request, keeper, form, await read_form(request, uploads=page.upload))
    except PrivateKeyFound as found:
        return found, False
    except PrivysealError:
        return error, False


def _turn_away(page: Page, visit: Visit, error: PrivysealError, form: str = "", is_kept: bool = False) -> Response:  # noqa: FBT001, FBT002 - passed by a thread
    """Lead to the sign-in where that helps, and show the error otherwise; ``form`` is the address of what was filled in, or ""."""
    way = WAYS.get(error.kind)
    if way is None or page.audience is Audience.NONE or page.by_itself:
        return refusal(visit, error, Link(form, gettext("Back to the form")) if form else None)
    place = f"{site_of(audience_of(visit.request))}/{way}"
    if page.method is Method.GET:
        return visit.go_to(f"{place}?{urlencode({'next': _path_of(visit.request)})}")
    wanted = urlencode({"next": address_of(form) if is_kept else form})
    words_of_link = gettext("Sign in") if way == "sign-in" else gettext("Show your credential again")
    return refusal(visit, error, Link(f"{place}?{wanted}" if form else place, words_of_link), KEPT if is_kept else "")


def _path_of(request: Request) -> str:
    """Return path and query of this call, to come back to."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def refusal(visit: Visit, error: PrivysealError, way_on: Link | None = None, advice: str = "") -> Response:
    """Return the page of an error: its sentence, and the way on; ``advice`` is marked and translated here."""
    status, title = next(row for kind, row in STATUS.items() if isinstance(error, kind))
    if _asks_for_json(visit.request):
        answer: Response = JSONResponse({"kind": error.kind, "sentence": told(error.sentence)}, status)
    elif isinstance(error, PrivateKeyFound):
        answer = _refusal_page(visit, gettext("You sent a private key; nothing was kept"), "", status, way_on, _after_a_key(visit, error))
    else:
        heading = gettext("This page does not exist") if isinstance(error, NotFound) else gettext(title)
        answer = _refusal_page(visit, heading, error.sentence, status, way_on, {"advice": gettext(advice)} if advice else None)
    if isinstance(error, TooManyRequests | Unavailable):
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    return answer


def _after_a_key(visit: Visit, error: PrivateKeyFound) -> dict[str, Any]:
    """Return what whoever sent a private key has to know, and to do in this order."""
    if error.is_known:
        danger = gettext("No certificate is made for this key from now on.")
    else:
        danger = gettext("It is under a passphrase or damaged, so this service would not know it again: it is for you never to use it.")
    steps = (
        gettext("Make a new key and a new CSR on the server."),
        gettext("Hand in the CSR, and only the CSR."),
        gettext("Replace the old key wherever it is in use."),
    )
    # Only those of the organization of this address, and only their public pages.
    concerned = [(name, f"/o/{visit.slug}/certificates/{serial}") for name, serial in error.certificates] if visit.slug else []
    return {"danger": danger, "steps": steps, "concerned": concerned}


def _asks_for_json(request: Request) -> bool:
    """Tell whether a script of a page asked: a person's browser never names JSON."""
    return "application/json" in request.headers.get("accept", "")


def _refusal_page(
    visit: Visit, heading: str, sentence: str, status: int, way_on: Link | None = None, more: Mapping[str, Any] | None = None
) -> Response:
    values: dict[str, Any] = {"heading": heading, "sentence": sentence, "way_on": way_on, **(more or {})}
    try:
        return visit.show("kinds/refusal.html", values, status=status)
    except Exception:  # noqa: BLE001 - whatever ails the frame, the page that tells of an error needs none
        # The frame itself reads the organization, which may be what does not exist, or from the database that is away.
        return _plain_page(visit, values, status)


def _plain_page(visit: Visit, values: Mapping[str, Any], status: int) -> Response:
    """Return a page in a frame that belongs to nobody."""
    frame = Frame(name="Privyseal", purpose=gettext("Certificates"), home="/", demo=visit.context.is_demo)
    known = {"site": frame, "form": visit.form, "now": visit.now, "provider_contact": visit.provider_contact}
    text = visit.context.renderer.page("kinds/refusal.html", known | dict(values))
    policy = page_policy(visit.request, visit.house.service)
    return Response(text, status, {"Content-Security-Policy": policy}, "text/html; charset=utf-8")


def _failed_page(visit: Visit, reference: str) -> Response:
    sentence = gettext("The service made a mistake, which is recorded under the reference %(reference)s. Try again, or ask for help.")
    sentence %= {"reference": reference}
    if _asks_for_json(visit.request):
        return JSONResponse({"kind": "mistake", "sentence": sentence}, 500)
    return _refusal_page(visit, gettext("This did not work"), sentence, 500)


def _framework_error(context: SiteContext, sites: Sequence[Site]) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def show(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        words.speak(words.choose_language(request.headers.get("accept-language", "")))
        if status == 405:
            heading, sentence = gettext("Not possible here"), gettext("This address does not take what was sent. Go back and use the form.")
        else:
            heading, sentence = (
                gettext("This page does not exist"),
                gettext("There is nothing at this address. Check it, or go to the first page."),
            )
        if _asks_for_json(request):
            answer: Response = JSONResponse({"kind": "method" if status == 405 else "not-found", "sentence": sentence}, status)
        else:
            # No site has this address, so none lends its frame: a stranger is not shown the navigation of anybody.
            visit = _visit(context, sites[0], request, None, SentForm())
            answer = await _in_thread(_plain_page, visit, {"heading": heading, "sentence": sentence}, status)
        if isinstance(error, HTTPException):
            answer.headers.update(error.headers or {})  # RFC 9110 15.5.6: a refused method comes with those that are taken.
        return answer

    return show
