"""Who may open which page: every route says it, and the reception keeps to it before any code of a page runs."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import Route

from privyseal.actions.house import About, perform
from privyseal.actions.session.start_session import start_session
from privyseal.app import discover
from privyseal.cli.web_application import make_application
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.world import World
from privyseal.look.assets import PREFIX
from privyseal.model.actor import ANONYMOUS
from privyseal.model.administrator import Permission, Role
from privyseal.model.session import PROVIDER_AUDIENCE, IdentityProof
from privyseal.reception.application import make_pages
from privyseal.reception.context import EntranceContext
from privyseal.reception.cookies import session_cookie
from privyseal.reception.site import Access, Audience, Method, Page
from tests.doors.rest.rest_rig import DeskIssuer
from tests.rigs.app_client import AppClient
from tests.rigs.service import AdministratorRig, ServiceRig, hashes_hex

ORG = "resource-marketing"
ROOMS = discover()
PAGES = [page for site in ROOMS.sites for page in site.pages]
GUARDED = [page for page in PAGES if page.access not in {Access.ANYBODY, Access.SUBSCRIBER}]
OURS = {"Sec-Fetch-Site": "same-origin"}
PROGRAMS = ("/api/", "/healthz", "/readyz", "/metrics")
"""REST says its own access in OpenAPI; the others have nothing of anybody."""

pytestmark = pytest.mark.timeout(120)
sqlite = pytest.mark.parametrize("service", ["sqlite"], indirect=True)


def entrance(service: ServiceRig) -> EntranceContext:
    return EntranceContext(
        house=service.house,
        issuer=DeskIssuer(service),
        world=World.seen_by(DnsLookup((("127.0.0.1", 9),), timeout_seconds=1)),
        vkey=service.log_key.vkey,
        trusted_proxies=(),
    )


def address(page: Page) -> str:
    return re.sub(r"\{[^}]+\}", "x", page.path.replace("{org}", ORG))


def session_of(service: ServiceRig, person: AdministratorRig) -> dict[str, str]:
    """The Cookie header of a person who has signed in."""
    audience = person.organization or PROVIDER_AUDIENCE
    proof = IdentityProof(audience, person.administrator.id, hashes_hex(person.certificate_der))
    about = About("sign-in", person.organization, "administrator", person.administrator.id)
    started = perform(service.house, ANONYMOUS, about, start_session, proof, "")
    return {"Cookie": f"{session_cookie(audience)}={started.token}"}


@sqlite
def test_every_route_outside_of_the_programs_is_a_page_with_its_access(service: ServiceRig) -> None:
    app = make_application(entrance(service), ROOMS.doors, ROOMS.sites)
    routes = [*iter_route_contexts(app.routes), *iter_route_contexts(app.state.doors.application().routes)]
    paths = {str(route.path) for route in routes}
    assert {path for path in paths if not path.startswith(PROGRAMS)} == set()
    pages = make_pages(ROOMS.sites, entrance(service), stopping=threading.Event())
    known = {(page.path, page.method.value) for page in PAGES}
    for route in pages.routes:
        assert isinstance(route, Route), route
        for method in (route.methods or set()) - {"HEAD"}:
            assert (route.path, method) in known or route.path.startswith(PREFIX), route.path


def test_every_page_says_who_may_open_it() -> None:
    assert [page.path for page in GUARDED if page.audience is Audience.NONE] == [], "nobody is signed in nowhere"
    addresses = [(page.path, page.method) for page in PAGES]
    assert len(set(addresses)) == len(addresses)
    assert len(GUARDED) >= 20


def is_turned_away(answer: Any) -> bool:  # noqa: ANN401 - the response type of the test client's library
    return answer.status_code == 401 or (answer.status_code == 303 and "/sign-in?next=" in answer.headers["location"])


@sqlite
def test_pages_let_in_whom_their_row_names_and_nobody_else(service: ServiceRig) -> None:
    fox = service.administrator(ORG, "Fox Mulder")
    reader = service.administrator(ORG, "Rita Reader", Role.READ_ONLY, by=fox)
    helen = service.administrator("hoffman-brandt", "Helen Brandt")
    vera = service.administrator("", "Vera Vetter", Role.PROVIDER_ADMINISTRATOR)
    app = make_application(entrance(service), (), ROOMS.sites)
    client = AppClient(app, base_url="https://localhost:8443", follow_redirects=False)
    foreign = [session_of(service, helen), session_of(service, vera)]
    own = session_of(service, reader)
    for page in GUARDED:
        strangers = [{}, foreign[0], *([foreign[1]] if page.audience is Audience.ORGANIZATION else [own])]
        for cookies in strangers:
            answer = client.request(page.method.value, address(page), headers={**OURS, **cookies})
            assert is_turned_away(answer), (page.method, page.path, answer.status_code, answer.text)
        if isinstance(page.access, Permission) and page.access is not Permission.READ and page.audience is Audience.ORGANIZATION:
            answer = client.request(page.method.value, address(page), headers={**OURS, **own})
            assert answer.status_code == 403, (page.method, page.path, answer.status_code)


@sqlite
def test_no_page_takes_a_form_of_a_foreign_page(service: ServiceRig) -> None:
    fox = service.administrator(ORG, "Fox Mulder")
    app = make_application(entrance(service), (), ROOMS.sites)
    client = AppClient(app, base_url="https://localhost:8443", follow_redirects=False)
    own = session_of(service, fox)
    posts = [page for page in PAGES if page.method is Method.POST]
    assert posts
    for page in posts:
        answer = client.post(address(page), headers={"Sec-Fetch-Site": "cross-site", **own})
        # Of so many calls of strangers the last ones are too many anyway.
        assert answer.status_code in {403, 429}, (page.path, answer.status_code)
