"""A site without templates: the smallest pages that use the whole reception, on a whole service, answering JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from privyseal.actions.session.prove_by_passkey import PasskeyAnswer
from privyseal.cli.web_server import with_certificate
from privyseal.doors.rest.errors import install_problem_handlers
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.world import World
from privyseal.model.administrator import Permission
from privyseal.model.session import PROVIDER_AUDIENCE
from privyseal.reception import sign_in
from privyseal.reception.audiences import audience_of
from privyseal.reception.context import EntranceContext
from privyseal.reception.cookies import browser_cookie, session_cookie
from privyseal.reception.desk import Desk
from privyseal.reception.forms import read_form
from privyseal.reception.limits import AnonymousLimit
from privyseal.reception.origins import SAFE_METHODS, require_same_origin
from privyseal.reception.visitors import is_still_here, recognize, require_visitor
from privyseal.store import audit
from tests.doors.rest.rest_rig import DeskIssuer
from tests.rigs.app_client import AppClient
from tests.rigs.authenticator import Authenticator, base64url, unbase64url
from tests.rigs.service import AdministratorRig, ServiceRig

ORG = "resource-marketing"
OTHER = "hoffman-brandt"
PAGES = "https://localhost:8443"
ADMINISTRATORS = "https://localhost:8444"
OURS = {"Sec-Fetch-Site": "same-origin"}
Json = dict[str, Any]


def _begin(request: Request) -> Response:
    audience = audience_of(request)
    begun = sign_in.begin(request, audience)
    links = {purpose: sign_in.certificate_address(request, begun, purpose) for purpose in (sign_in.SIGN_IN, sign_in.STEP_UP)}
    ended = recognize(request, audience).ended
    answer = JSONResponse({**links, "ended": ended.value if ended else None})
    sign_in.keep(answer, begun)
    return answer


def _challenge(request: Request) -> Response:
    begun = sign_in.begin(request, audience_of(request))
    answer = JSONResponse({"challenge": sign_in.new_challenge(request, begun).hex()})
    sign_in.keep(answer, begun)
    return answer


def _certificate(request: Request) -> Response:
    query = request.query_params
    place = sign_in.hand_over(request, query.get("audience", ""), query.get("state", ""), query.get("purpose", sign_in.SIGN_IN))
    return Response(status_code=303, headers={"Location": place})


def _finish(request: Request) -> Response:
    started = sign_in.sign_in_by_code(request, audience_of(request), request.query_params.get("code", ""))
    answer = JSONResponse({"session": started.session.id})
    sign_in.let_in(answer, started)
    return answer


def _finish_step_up(request: Request) -> Response:
    sign_in.step_up_by_code(request, require_visitor(request, audience_of(request)), request.query_params.get("code", ""))
    return JSONResponse({})


def _passkey(request: Request, sent: Json) -> Response:
    answer = PasskeyAnswer(unbase64url(sent["challenge"]), sent["assertion"])
    if sent.get("step_up"):
        sign_in.step_up_by_passkey(request, require_visitor(request, audience_of(request)), answer)
        return JSONResponse({})
    started = sign_in.sign_in_by_passkey(request, audience_of(request), answer)
    shown = JSONResponse({"session": started.session.id})
    sign_in.let_in(shown, started)
    return shown


def _home(request: Request) -> Response:
    guest = require_visitor(request, audience_of(request))
    rights = sorted(permission.value for permission in guest.actor.permissions)
    return JSONResponse({"person": guest.administrator.name, "session": guest.session.id, "rights": rights})


def _live(request: Request) -> Response:
    guest = require_visitor(request, audience_of(request), in_use=False)
    return JSONResponse({"here": is_still_here(request, guest)})


def _tokens(request: Request) -> Response:
    require_visitor(request, audience_of(request), Permission.MANAGE_TOKENS)
    return JSONResponse({})


def _danger(request: Request) -> Response:
    require_visitor(request, audience_of(request), step_up=True)
    return JSONResponse({})


def _sessions(request: Request) -> Response:
    guest = require_visitor(request, audience_of(request))
    found = sign_in.own_sessions(request, guest)
    return JSONResponse([{"id": item.id, "agent": item.agent, "source": item.source} for item in found])


def _leave(request: Request) -> Response:
    require_same_origin(request, request.app.state.desk)
    guest = require_visitor(request, audience_of(request))
    answer = JSONResponse({})
    if "session" in request.query_params:
        sign_in.end_one(request, guest, request.query_params["session"])
    else:
        sign_in.sign_out(request, answer, guest, everywhere="everywhere" in request.query_params)
    return answer


SITE: dict[str, Callable[[Request], Response]] = {
    "sign-in": _begin,
    "sign-in/challenge": _challenge,
    "sign-in/finish": _finish,
    "step-up/finish": _finish_step_up,
    "home": _home,
    "live": _live,
    "tokens": _tokens,
    "danger": _danger,
    "sessions": _sessions,
    "leave": _leave,
}


def _add_pages(app: FastAPI) -> None:
    for place in ("/o/{org}", "/provider"):
        for name, answer in SITE.items():
            app.add_api_route(f"{place}/{name}", answer, methods=["POST" if name == "leave" else "GET"])
        app.add_api_route(f"{place}/passkey", _post_passkey, methods=["POST"])
        app.add_api_route(f"{place}/form", _post_form, methods=["GET", "POST", "PUT"])
        app.add_api_route(f"{place}/upload", _post_upload, methods=["POST"])
    app.add_api_route("/sign-in/certificate", _certificate)


async def _post_passkey(request: Request) -> Response:
    form = await read_form(request)
    return await run_in_threadpool(_passkey, request, {name: form.text(name) for name in form.values})


async def _post_form(request: Request) -> Response:
    if request.method not in SAFE_METHODS:
        require_same_origin(request, request.app.state.desk)
    form = await read_form(request)
    return JSONResponse({"values": form.values, "files": {name: file.name for name, file in form.files.items()}})


async def _post_upload(request: Request) -> Response:
    form = await read_form(request, uploads=True)
    files = {name: [file.name, file.content.hex()] for name, file in form.files.items()}
    return JSONResponse({"values": form.values, "files": files})


@dataclass(slots=True)
class ReceptionRig:
    """The pages of a service in this process, called over ASGI."""

    service: ServiceRig
    app: FastAPI = field(init=False)

    def __post_init__(self) -> None:
        context = EntranceContext(
            house=self.service.house,
            issuer=DeskIssuer(self.service),
            world=World.seen_by(DnsLookup((("127.0.0.1", 9),), timeout_seconds=2)),
            vkey=self.service.log_key.vkey,
            trusted_proxies=("10.9.9.9",),
        )
        self.app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        self.app.state.rest = context
        self.app.state.desk = Desk(context, AnonymousLimit(self.service.clock, burst=100_000))
        install_problem_handlers(self.app)
        _add_pages(self.app)

    def browser(self) -> Browser:
        """A browser of its own cookies, at nobody's hand yet."""
        return Browser(self)

    def signed_in(self, person: AdministratorRig, browser: Browser | None = None) -> Browser:
        """A browser in which this person has signed in with the Administrator ID."""
        browser = browser or self.browser()
        answer = browser.sign_in(person)
        assert answer.status_code == 200, answer.text
        return browser

    def log(self, slug: str = ORG) -> list[tuple[str, str, str, str]]:
        """(action, outcome, reason, kind of actor) of an organization's log, or of the provider's for ""."""
        with self.service.house.database.read(self.service.clock()) as tx:
            rows = tx.execute(audit.entries.select().order_by(audit.entries.c.sequence)).all()
        log = f"o-{slug}" if slug else "provider"
        entries = [json.loads(row.entry) for row in rows if row.log == log]
        return [(entry["action"], entry["outcome"], entry["reason"], entry["actor"]["kind"]) for entry in entries]


@dataclass(slots=True)
class Browser:
    """Cookies, and the two ports of the service; ``cookies`` is what is sent, by name."""

    rig: ReceptionRig
    cookies: dict[str, str] = field(default_factory=dict)
    agent: str = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"

    def get(self, path: str, **headers: str) -> Any:  # noqa: ANN401 - the response type of the test client's library
        """Open a page."""
        return self.send("GET", path, headers=headers)

    def post(self, path: str, *, headers: dict[str, str] | None = None, **content: Any) -> Any:  # noqa: ANN401 - the same
        """Send a form of our page."""
        return self.send("POST", path, headers=OURS if headers is None else headers, **content)

    def send(self, method: str, path: str, *, headers: dict[str, str], **content: Any) -> Any:  # noqa: ANN401 - the same
        """Send anything, and keep the cookies of the answer."""
        client = AppClient(self.rig.app, base_url=PAGES, follow_redirects=False, raise_server_exceptions=False)
        sent = {"User-Agent": self.agent, **({"Cookie": self.header()} if self.cookies else {}), **headers}
        answer = client.request(method, path, headers=sent, **content)
        for line in answer.headers.get_list("set-cookie"):
            pair, *attributes = (part.strip() for part in line.split(";"))
            name, _, value = pair.partition("=")
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(attributes), line
            assert not any(attribute.startswith("Domain") for attribute in attributes), line
            self.cookies.pop(name, None)
            if "Max-Age=0" not in attributes:
                self.cookies[name] = value
        return answer

    def header(self) -> str:
        """The Cookie header."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def show_certificate(self, link: str, person: AdministratorRig | None) -> Any:  # noqa: ANN401 - the same
        """Follow a link to the administrators' port with this person's certificate, or without one."""
        assert link.startswith(f"{ADMINISTRATORS}/"), link
        tls = {"client_cert_der": person.certificate_der} if person else {}
        client = AppClient(with_certificate(self.rig.app, tls), base_url=ADMINISTRATORS, follow_redirects=False)
        return client.get(link)

    def hand_over(self, person: AdministratorRig, org: str = ORG, purpose: str = "sign-in") -> str:
        """The way to the address with the one-time code, which is returned."""
        link = self.get(f"{site(org)}/sign-in").json()[purpose]
        answer = self.show_certificate(link, person)
        assert answer.status_code == 303, answer.text
        place: str = answer.headers["location"]
        assert place.startswith(f"{PAGES}{site(org)}/{purpose}/finish?code="), place
        return place.removeprefix(PAGES)

    def sign_in(self, person: AdministratorRig, org: str = "") -> Any:  # noqa: ANN401 - the same
        """The whole way with an Administrator ID."""
        return self.get(self.hand_over(person, org or person.organization or PROVIDER_AUDIENCE))

    def use_passkey(self, device: Authenticator, org: str = ORG, *, challenge: bytes = b"", step_up: bool = False, **how: Any) -> Any:  # noqa: ANN401 - the same
        """The whole way with a passkey."""
        challenge = challenge or bytes.fromhex(self.get(f"{site(org)}/sign-in/challenge").json()["challenge"])
        text = base64url(challenge)
        assertion = device.get(json.dumps({"challenge": text, "rpId": "localhost"}), **how)
        sent = {"challenge": text, "assertion": assertion, **({"step_up": "1"} if step_up else {})}
        return self.post(f"{site(org)}/passkey", data=sent)

    def token(self, org: str = ORG) -> str:
        """The token of the session in this browser."""
        return self.cookies[session_cookie(org)]

    def browser_token(self, org: str = ORG) -> str:
        """The token that a sign-in is tied to."""
        return self.cookies[browser_cookie(org)]


def site(org: str) -> str:
    """Where the pages of an audience lie."""
    return "/provider" if org == PROVIDER_AUDIENCE else f"/o/{org}"


def code_in(place: str) -> str:
    """The one-time code of an address."""
    return parse_qs(urlsplit(place).query)["code"][0]


def require_kind(answer: Any, status: int, kind: str) -> Json:  # noqa: ANN401 - the same
    """The problem of an answer."""
    assert (answer.status_code, answer.json().get("kind")) == (status, kind), answer.text
    problem: Json = answer.json()
    return problem
