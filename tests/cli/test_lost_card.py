"""A lost card on a running service: what was signed in with it dies within a minute, at the pages, over mutual TLS and in open streams."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from privyseal.actions.house import About, perform
from privyseal.actions.session.start_session import start_session
from privyseal.app import discover
from privyseal.cli.web_application import make_application
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.world import World
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.administrator import Role
from privyseal.model.fact import FactKind
from privyseal.model.session import IdentityProof
from privyseal.reception.context import EntranceContext
from privyseal.reception.cookies import session_cookie
from privyseal.store import outbox
from tests.doors.rest.rest_rig import API, ORG, RestRig
from tests.doors.rest.served import Served, ask, serving
from tests.rigs.service import AdministratorRig, ServiceRig, ServiceTemplate, hashes_hex

ROOMS = discover()
PROMISED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Running:
    service: ServiceRig
    served: Served
    fox: AdministratorRig
    walter: AdministratorRig

    def page(self, method: str, path: str, body: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Status, address it leads to, and text, for a browser without a session."""
        connection = self.served.anybody()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        connection.request(method, path, urlencode(body) if body else None, headers)
        with connection.getresponse() as response:
            return response.status, response.headers.get("location", ""), response.read().decode()


@pytest.fixture
def running(tmp_path: Path, sqlite_template: ServiceTemplate) -> Iterator[Running]:
    service = ServiceRig(tmp_path, template=sqlite_template)
    service.listeners[FactKind.LOST_CARD_REPORTED] = ("notices.lost-card-code",)
    service.create_organization()
    fox = service.administrator(ORG, "Fox Mulder")
    walter = service.administrator("", "Walter Skinner", Role.PROVIDER_ADMINISTRATOR)
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
        yield Running(service, served, fox, walter)
    service.close()


def test_every_session_dies_within_a_minute(running: Running) -> None:
    """Takes as long as an open stream may live on: streams ask every 20 seconds."""
    service, fox = running.service, running.fox
    status, place, _ = running.page("POST", f"/o/{ORG}/lost-card", {"whose": "Fox Mulder"})
    assert (status, place) == (303, f"/o/{ORG}/lost-card?sent=1")
    with service.house.database.read(service.clock()) as tx:
        [row] = tx.execute(sa.select(outbox.outbox.c.payload).where(outbox.outbox.c.fact == FactKind.LOST_CARD_REPORTED.value))
        code = str(row.payload["code"])
    assert code in running.page("GET", f"/o/{ORG}/lost-card/confirm?code={code}")[2]
    assert running.page("POST", f"/o/{ORG}/lost-card/confirm", {"code": code})[0] == 303

    over_tls = running.served.administrator(fox)
    assert ask(over_tls, f"{API}/organizations/{ORG}/units")[0] == 200
    proof = IdentityProof(ORG, fox.administrator.id, hashes_hex(fox.certificate_der))
    stranger = Actor(ActorKind.REQUESTER, "anonymous", source="a" * 32)
    started = perform(service.house, stranger, About("sign-in", ORG, "administrator", "fox"), start_session, proof, "Browser/1")
    console = running.served.anybody()
    cookie = {"Cookie": f"{session_cookie(ORG)}={started.token}"}
    assert ask(console, f"/o/{ORG}/console/", **cookie)[0] == 200
    stream = running.served.administrator(fox)
    stream.timeout = PROMISED_SECONDS
    stream.request("GET", f"{API}/organizations/{ORG}/events")
    events = stream.getresponse()
    assert events.status == 200
    events.readline()

    desk = running.served.administrator(running.walter)
    status, waiting = ask(desk, f"{API}/provider/lost-cards")
    [found] = waiting["items"]
    assert (status, found["name"]) == (200, "Fox Mulder")
    revoked_at = time.monotonic()
    body = json.dumps({"end": "revoked", "note": "Called 555 0100."})
    desk.request("POST", f"{API}/provider/lost-cards/{found['id']}/conclusion", body, {"Content-Type": "application/json"})
    with desk.getresponse() as response:
        assert (response.status, json.load(response)["revoked"]) == (200, 1)
    assert ask(over_tls, f"{API}/organizations/{ORG}/units")[1]["kind"] == "credential-unusable"
    status, _ = ask(console, f"/o/{ORG}/console/", **cookie)
    assert status in {302, 303, 401}
    assert time.monotonic() - revoked_at < 5
    while events.readline():
        assert time.monotonic() - revoked_at < PROMISED_SECONDS
    assert time.monotonic() - revoked_at < PROMISED_SECONDS
    events.close()


def test_the_pages_say_the_same_of_anybody(running: Running) -> None:
    known, unknown = (running.page("POST", f"/o/{ORG}/lost-card", {"whose": whose}) for whose in ("Fox Mulder", "Nobody Here"))
    assert known == unknown
    assert running.page("POST", f"/o/{ORG}/lost-card", {"whose": ""})[0] == 422
    status, _, text = running.page("POST", f"/o/{ORG}/lost-card/confirm", {"code": "a" * 52})
    assert status == 422
    assert "unknown here" in text
    assert running.page("POST", f"/o/{ORG}/lost-card/confirm", {"code": "<script>"})[0] == 422
    assert running.page("GET", "/o/nobody/lost-card")[0] == 404
    assert running.page("GET", "/provider/lost-cards")[0] in {303, 401}
    assert re.search(r'href="/o/[a-z-]+/lost-card"', running.page("GET", f"/o/{ORG}/sign-in")[2])
