"""E6s: how long it takes to sign in, over real TLS: at the pages with a certificate or a passkey, and with a signature as a card does it.

The first is what a browser does: the sign-in page, the administrators' port with its own full handshake, back with the code,
and the first page that is shown. The second as well: the sign-in page, the challenge, the answer of the authenticator, the first page.
The third is what ``seal`` does with a card: challenge, signature, token, first answer.
Each sign-in has connections of its own. The reference is one full handshake with an answer without database, taken between the sign-ins, so
that a busy machine slows both. The client shares the processor with the server. Floor: 300 ms for the 95th percentile.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from bench.figure import Figure
from privyseal.app import discover
from privyseal.cli.web_application import make_application
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.world import World
from privyseal.model.statement import utc_text
from privyseal.reception.context import EntranceContext
from privyseal_wire.statements import SignIn
from tests.doors.rest.rest_rig import API, ORG, RestRig
from tests.doors.rest.served import Served, serving
from tests.rigs.passkeys import PasskeyHolder, holder
from tests.rigs.postgresql import PostgresServer
from tests.rigs.presence import find_program
from tests.rigs.service import AdministratorRig, ServiceRig

FLOOR_SECONDS = 0.3
ROUNDS = 150
PERCENTILE = 95
POSTGRESQL_PLACES = tuple(str(place) for place in Path("/usr/lib/postgresql").glob("*/bin"))
SECRET = "s" * 52


def run() -> Iterator[Figure]:
    """All ways in, on either database."""
    yield from measure("SQLite", "")
    if find_program("initdb", more_places=POSTGRESQL_PLACES) is not None:
        with PostgresServer() as server:
            yield from measure("PostgreSQL", server.create_database())


def measure(name: str, url: str) -> Iterator[Figure]:
    """The figures on one database."""
    with tempfile.TemporaryDirectory() as place, closing(ServiceRig(Path(place), url)) as rig:
        rig.create_organization(ORG)
        fox = rig.administrator(ORG, "Fox Mulder")
        paula = holder(rig, ORG, by=fox)
        rest = RestRig(rig)
        rooms = discover()
        context = EntranceContext(rig.house, rest.issuer, World.seen_by(DnsLookup((("127.0.0.1", 9),))), rig.log_key.vkey, ())
        rest.app = make_application(context, rooms.doors, rooms.sites)
        with serving(rest, Path(place)) as served:
            identity = served.identity("fox", fox.certificate_der, fox.key)
            ways: dict[str, Callable[[], None]] = {
                "with a certificate": lambda: by_certificate(served, identity),
                "with a passkey": lambda: by_passkey(served, paula),
                "with a signature": lambda: by_signature(served, rig, fox),
            }
            for words, way in ways.items():
                yield _figure(f"sign-in {words}, 95th percentile, {name}", way, served, rig)


def _figure(what: str, way: Callable[[], None], served: Served, rig: ServiceRig) -> Figure:
    times, bare = [], []
    for _ in range(5):
        way()
    for _ in range(ROUNDS):
        times.append(_seconds(way))
        bare.append(_seconds(lambda: _bare(served)))
        rig.clock.advance(timedelta(seconds=5))  # For the limit of strangers: nobody signs in 150 times a minute.
    value, reference = (statistics.quantiles(found, n=100)[PERCENTILE - 1] for found in (times, bare))
    return Figure(
        figure="E6s",
        what=what,
        value=value * 1000,
        unit="ms",
        reference="one handshake and a bare answer",
        reference_value=reference * 1000,
        ratio=reference / value,
        n=ROUNDS,
        ok=value <= FLOOR_SECONDS,
    )


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _bare(served: Served) -> None:
    with closing(http.client.HTTPSConnection("localhost", served.server.web_port, context=served.context())) as connection:
        assert _call(connection, "GET", "/healthz")[0] == 200


def by_certificate(served: Served, identity: tuple[Path, Path]) -> None:
    """From the sign-in page to the first page of the console."""
    with (
        closing(http.client.HTTPSConnection("localhost", served.server.web_port, context=served.context())) as pages,
        closing(http.client.HTTPSConnection("localhost", served.server.administrator_port, context=served.context(identity))) as port,
    ):
        status, headers, text = _call(pages, "GET", f"/o/{ORG}/sign-in")
        assert status == 200
        cookie = headers["set-cookie"].partition(";")[0]
        address = text.partition("/sign-in/certificate?")[2].partition('"')[0].replace("&amp;", "&")
        status, headers, _ = _call(port, "GET", f"/sign-in/certificate?{address}")
        assert status == 303
        back = urlsplit(headers["location"])
        status, headers, _ = _call(pages, "GET", f"{back.path}?{back.query}", Cookie=cookie)
        assert status == 303
        _open_console(pages, headers)


def by_passkey(served: Served, paula: PasskeyHolder) -> None:
    """From the sign-in page to the first page of the console; what the authenticator computes is in it."""
    with closing(http.client.HTTPSConnection("localhost", served.server.web_port, context=served.context())) as pages:
        status, headers, _ = _call(pages, "GET", f"/o/{ORG}/sign-in")
        assert status == 200
        cookie = headers["set-cookie"].partition(";")[0]
        status, _, options = _send(pages, f"/o/{ORG}/sign-in/challenge", {"a": ""}, cookie)
        assert status == 200, options
        answer = {"answer": paula.device.get(options), "challenge": json.loads(options)["challenge"], "next": ""}
        status, headers, text = _send(pages, f"/o/{ORG}/sign-in/passkey", answer, cookie)
        assert status == 303, text
        _open_console(pages, headers)


def _open_console(pages: http.client.HTTPSConnection, headers: http.client.HTTPMessage) -> None:
    """The first page, with the session that an answer began."""
    session = next(
        value.partition(";")[0] for name, value in headers.items() if name == "set-cookie" and ORG in value and "browser" not in value
    )
    assert _call(pages, "GET", f"/o/{ORG}/console/", Cookie=session)[0] == 200


def by_signature(served: Served, rig: ServiceRig, fox: AdministratorRig) -> None:
    """From the challenge to the first answer."""
    with closing(http.client.HTTPSConnection("localhost", served.server.web_port, context=served.context())) as connection:
        body = {"audience": ORG, "program_sha256": hashlib.sha256(SECRET.encode()).hexdigest()}
        challenge = _post(connection, f"{API}/sign-in/challenge", body)["challenge"]
        expires = utc_text(rig.clock() + timedelta(minutes=4))
        statement = SignIn(service=rig.settings.service_id, organization=ORG, expires=expires, challenge=challenge)
        signature = base64.b64encode(rig.sign(statement.to_bytes(), fox)).decode()
        token = _post(connection, f"{API}/sign-in", {"audience": ORG, "program": SECRET, "signature": signature})["token"]
        assert _call(connection, "GET", f"{API}/organizations/{ORG}/units", Authorization=f"Bearer {token}")[0] == 200


def _post(connection: http.client.HTTPSConnection, path: str, body: dict[str, str]) -> dict[str, str]:
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    with connection.getresponse() as response:
        text = response.read()
        assert response.status in {200, 201}, text
        found: dict[str, str] = json.loads(text)
        return found


def _send(
    connection: http.client.HTTPSConnection, path: str, form: dict[str, str], cookie: str
) -> tuple[int, http.client.HTTPMessage, str]:
    """A form, as a page of ours sends it."""
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin", "Cookie": cookie}
    connection.request("POST", path, urlencode(form), kind)
    with connection.getresponse() as response:
        return response.status, response.headers, response.read().decode()


def _call(connection: http.client.HTTPSConnection, method: str, path: str, **headers: str) -> tuple[int, http.client.HTTPMessage, str]:
    connection.request(method, path, headers=headers)
    with connection.getresponse() as response:
        return response.status, response.headers, response.read().decode()
