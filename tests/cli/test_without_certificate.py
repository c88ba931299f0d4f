"""The administrators' port without a certificate: one page that says what is missing, and nothing else of the service."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from privyseal.app import discover
from privyseal.cli.web_application import make_application
from privyseal.doors.rest.openapi import describe, documented_application
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.world import World
from privyseal.look.assets import PREFIX, assets
from privyseal.reception.certificates import CERTIFICATE_PATH
from privyseal.reception.context import EntranceContext
from privyseal.store import audit
from tests.doors.rest.rest_rig import API, ORG, RestRig
from tests.doors.rest.served import Served, serving
from tests.pages.portal.portal_rig import Document, require_well_made
from tests.rigs.service import AdministratorRig, ServiceRig

ROOMS = discover()
HEALTH = ("/healthz", "/readyz", "/metrics")
NOWHERE = ("/", "//", "/x", "/api", "/api/", f"{API}/openapi.json", f"{API}/%2e%2e/healthz", "/o/", "/O/x/", "/assets", "/status/x", "*")
HEADING = "Cannot verify administrator's identity"


@dataclass(frozen=True, slots=True)
class Port:
    """Both ports of a whole service."""

    service: ServiceRig
    served: Served
    fox: AdministratorRig

    def call(self, method: str, path: str, body: str = "", **headers: str) -> Answer:
        """What the administrators' port answers without a certificate, on a new connection."""
        return send(self.served.connect(self.served.server.administrator_port), method, path, body, headers)


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one call."""

    status: int
    headers: http.client.HTTPMessage
    text: str


def send(connection: http.client.HTTPConnection, method: str, path: str, body: str = "", headers: dict[str, str] | None = None) -> Answer:
    connection.request(method, path, body or None, headers or {})
    with connection.getresponse() as response:
        return Answer(response.status, response.headers, response.read().decode())


@pytest.fixture
def port(service: ServiceRig, tmp_path: Path) -> Iterator[Port]:
    """A service with every door and every site."""
    service.create_organization()
    fox = service.administrator(ORG, "Fox Mulder")
    rest = RestRig(service)
    context = EntranceContext(
        house=service.house,
        issuer=rest.issuer,
        world=World.seen_by(DnsLookup((("127.0.0.1", 9),), timeout_seconds=1)),
        vkey=service.log_key.vkey,
        trusted_proxies=(),
    )
    rest.app = make_application(context, ROOMS.doors, ROOMS.sites)
    with serving(rest, tmp_path) as served:
        yield Port(service, served, fox)


def routes() -> Iterator[tuple[str, str]]:
    """Method and address of everything that there is, with something in each blank, and of some that are nothing."""
    for path, operations in describe(documented_application())["paths"].items():
        yield from ((method.upper(), filled(path)) for method in operations)
    for site in ROOMS.sites:
        yield from ((page.method.value, filled(page.path)) for page in site.pages)
    yield from (("GET", path) for path in (*HEALTH, *NOWHERE))
    yield from ((method, f"{API}/service") for method in ("HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"))


def filled(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "x", path.replace("{org}", ORG))


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
def test_nothing_is_reached_without_a_certificate(port: Port) -> None:
    wanted = list(routes())
    assert len(wanted) > 140
    connection = port.served.connect(port.served.server.administrator_port)
    for method, path in wanted:
        port.service.clock.advance(timedelta(seconds=1))  # For the limit of strangers.
        answer = send(connection, method, path)
        assert answer.status == 401, (method, path, answer.status, answer.text[:500])
        if method == "HEAD":
            assert answer.text == ""
        elif path.startswith("/api/"):
            assert json.loads(answer.text)["kind"] == "certificate-missing", (method, path)
        else:
            assert f"<h1>{HEADING}</h1>" in answer.text, (method, path, answer.text[:500])
        assert "set-cookie" not in answer.headers
    # A body is not read, and its sender not kept waiting for that.
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert port.call("POST", f"/o/{ORG}/sign-in/passkey", body="a=b" * 1000, **form).status == 401


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
def test_the_page_says_what_is_missing_and_leads_on(port: Port) -> None:
    base_url = port.service.house.service.base_url
    state = "0" * 64
    for path, way in (
        (f"{CERTIFICATE_PATH}?audience={ORG}&state={state}&purpose=sign-in", f"/o/{ORG}/sign-in"),
        (f"{CERTIFICATE_PATH}?audience=provider&state={state}", "/provider/sign-in"),
        (f"/o/{ORG}/console/", f"/o/{ORG}/sign-in"),
        ("/provider/", "/provider/sign-in"),
        ("/", "/"),
        (f"{CERTIFICATE_PATH}?audience=%22%3E%3Cscript%3E", "/"),
        ("/o/%22%3E%3Cscript%3E/console/", "/"),
        (f"/o/{ORG}/console/?audience=hoffman-brandt", f"/o/{ORG}/sign-in"),
    ):
        answer = port.call("GET", path)
        assert (answer.status, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        page = Document(answer.text)
        require_well_made(page)
        assert f"{base_url}{way}" in page.links, (path, page.links)
        assert {link.removeprefix(base_url) for link in page.links if not link.startswith(("#", "/assets", "mailto:"))} <= {way, "/", ""}, (
            page.links
        )
        for words in (".p12", "passkey", "choose the certificate when the browser asks"):
            assert words in page.text
    german = port.call("GET", "/provider/", **{"Accept-Language": "de"})
    assert '<html lang="de"' in german.text
    for asset in assets().values():
        assert port.call("GET", asset.address).status == 200
    assert port.call("GET", f"{PREFIX}/0/../../healthz").status == 404


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
def test_a_program_gets_a_problem(port: Port) -> None:
    answer = port.call("GET", f"{API}/organizations/{ORG}/units")
    assert (answer.status, answer.headers["content-type"]) == (401, "application/problem+json")
    problem = json.loads(answer.text)
    assert problem.keys() == {"type", "title", "status", "detail", "kind"}
    assert problem["type"] == "urn:privyseal:problem:certificate-missing"
    assert "Administrator ID" in problem["detail"]
    token = port.call("GET", f"{API}/organizations/{ORG}/units", Authorization="Bearer pst_x")
    assert json.loads(token.text)["kind"] == "certificate-missing", "a token opens nothing here"
    assert send(port.served.administrator(port.fox), "GET", f"{API}/organizations/{ORG}/units").status == 200
    assert send(port.served.administrator(port.fox), "GET", "/healthz").text == "alive\n"


def refusals(service: ServiceRig, log: str) -> list[str]:
    """Actions refused for want of a certificate in one log."""
    with service.house.database.read(service.clock()) as tx:
        rows = tx.execute(audit.entries.select().where(audit.entries.c.log == log)).all()
    entries = [json.loads(row.entry) for row in rows]
    return [f"{entry['action']} {entry['outcome']}" for entry in entries if entry["reason"] == "certificate-missing"]


def test_it_is_recorded_and_limited_like_other_refused_sign_ins(port: Port) -> None:
    # Refusals are counted by the minute of the clock; calls are given back two a second, so a slow machine makes more than it needs.
    now = port.service.clock()
    port.service.clock.advance(timedelta(seconds=60 - now.second, microseconds=-now.microsecond))
    port.call("GET", f"{CERTIFICATE_PATH}?audience={ORG}&state={'0' * 64}")
    port.call("GET", f"/o/{ORG}/console/requests")
    port.call("GET", f"{API}/service")
    port.call("GET", "/o/nobody/console/")
    assert refusals(port.service, f"o-{ORG}") == ["sign-in refused"] * 2
    assert refusals(port.service, "provider") == ["sign-in refused"] * 2
    connection = port.served.connect(port.served.server.administrator_port)
    found = [send(connection, "GET", path) for _ in range(60) for path in ("/", f"{API}/service")]
    assert {answer.status for answer in found} == {401, 429}
    # Which of the last calls is let through depends on when they come.
    limited = [answer for answer in found if answer.status == 429]
    assert all(answer.headers["retry-after"] for answer in limited)
    assert {json.loads(answer.text)["kind"] for answer in limited if "json" in answer.headers["content-type"]} == {"rate"}
    assert len(refusals(port.service, "provider")) <= 30, "the rest of a minute is counted"
    port.service.clock.advance(timedelta(minutes=1))
    assert send(connection, "GET", "/").status == 401
