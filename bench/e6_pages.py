"""E6: every page with 100,000 certificates and 1,000 pending requests: its time, what a first view loads, the live queue.

Twenty clients open all pages that are looked at, in an order of their own, with a second to think between two, against the web
application in a process of its own. A page's time is from the request to its last byte, and the 95th percentile counts:
of all pages together, and of the slowest one. The reference is what the same application takes for an answer without
database and template, asked by the same clients between the pages: on a shared machine it tells how long everything waits.
Floors: 50 ms, 60 KB of a first view without pictures as a browser loads it, 2 s until the last of 100 open consoles hears.
"""

from __future__ import annotations

import gzip
import http.client
import json
import random
import re
import statistics
import string
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench.figure import Figure
from bench.pages_service import SLUG, cookie, web_process
from bench.status_process import free_port
from privyseal.actions.administrator.create_api_token import create_api_token
from privyseal.actions.house import About, perform
from privyseal.app import discover
from privyseal.model.administrator import Permission, Role
from privyseal.reception.site import Access, Method
from privyseal.store import certificates, requests
from tests.rigs.copies import Copies
from tests.rigs.postgresql import PostgresServer
from tests.rigs.presence import find_program
from tests.rigs.service import OPERATOR, ServiceRig, hashes_hex, make_csr, make_key

FLOOR_SECONDS = 0.05
FLOOR_BYTES = 60 * 1024
FLOOR_LIVE_SECONDS = 2.0
CERTIFICATES, PENDING = 100_000, 1_000
CLIENTS, THINK_SECONDS, ROUND_SECONDS = 20, 1.0, 60.0
CONSOLES = 100
BARE = "/healthz"
LEFT_OUT = re.compile(
    r".*(/export|/events|/finish|/files/.*|\.zip|/received|/done|/decided|/revoked|/invited|/chosen|/enroll/.*|/certificate"
    r"|/rejection|/resumption|/closure)"
)
"""Downloads and streams; what follows an action, or is asked of accounts in another state; what needs a draft, and is made of
the same parts as the pages beside it."""

POSTGRESQL_PLACES = tuple(str(place) for place in Path("/usr/lib/postgresql").glob("*/bin"))


def run() -> Iterator[Figure]:
    """All figures on the embedded database, and on PostgreSQL where it is installed."""
    yield from measure("SQLite", "")
    if find_program("initdb", more_places=POSTGRESQL_PLACES) is not None:
        with PostgresServer() as server:
            yield from measure("PostgreSQL", server.create_database())


def measure(name: str, url: str) -> Iterator[Figure]:
    """The figures on one database."""
    with tempfile.TemporaryDirectory() as place, closing(ServiceRig(Path(place), url)) as rig:
        rig.create_organization(SLUG, units=10)
        fox, vera = rig.administrator(SLUG), rig.administrator("", "Vera Vetter", Role.PROVIDER_ADMINISTRATOR)
        Copies(rig, fox).add(CERTIFICATES, PENDING)
        header = f"{cookie(rig, fox)}; {cookie(rig, vera)}"
        pages = addresses(rig, hashes_hex(fox.certificate_der), fox.administrator.id)
        port = free_port()
        with web_process(rig, port):
            sizes = {address: first_view(port, address, header) for address in pages}
            times, bare = visit(port, pages, header)
            yield from _times(name, times, bare)
            yield _size(name, sizes)
            yield live(name, rig, port, header, bare)


def addresses(rig: ServiceRig, fingerprint: str, administrator: str) -> list[str]:
    """Every page that is looked at, with a certificate, a request and a person that are there."""
    with rig.house.database.read(rig.clock()) as tx:
        pending = tx.execute(requests.requests.select().where(requests.requests.c.state == "pending").limit(1)).one()
        issued = tx.execute(
            certificates.certificates.select().where(certificates.certificates.c.organization_id.is_not(None)).limit(1)
        ).one()
    about = About("set-up", SLUG, "api-token", "new")
    token = perform(rig.house, OPERATOR, about, create_api_token, SLUG, "bench", (Permission.READ,), 30).token
    values = {
        "org": SLUG,
        "token": token.id,
        "slug": SLUG,
        "request": pending.id,
        "serial": issued.serial_hex,
        "administrator": administrator,
        "sha256": fingerprint,
    }
    found = [
        page.path.format_map(values)
        for site in discover().sites
        for page in site.pages
        if page.method is Method.GET
        and page.access is not Access.SUBSCRIBER
        and not LEFT_OUT.fullmatch(page.path)
        and named_in(page.path) <= values.keys()
    ]
    lists = f"/o/{SLUG}/console"
    older = f"{lists}/certificates?show=all&before={issued.id}"
    return [
        *found,
        f"{lists}/certificates?text=host-5",
        f"{lists}/certificates?text={issued.contact_email}",
        f"{lists}/certificates?show=revoked",
        f"{lists}/certificates?show=expired",
        f"{lists}/requests?show=issued",
        f"{lists}/requests?show=issued&name=host-5",
        f"{lists}/requests?show=all&name=nothing",
        f"{lists}/audit?object={issued.serial_hex}",
        f"{lists}/audit?action=approve-request",
        f"{lists}/audit?action=nothing",
        older,
        f"/o/{SLUG}/search?text=host-77.{SLUG}.test",
    ]


def named_in(path: str) -> set[str]:
    """What the address of a page asks for: a page of something that the full database has none of is left out."""
    return {name for _, name, _, _ in string.Formatter().parse(path) if name}


def ask(connection: http.client.HTTPConnection, address: str, header: str) -> tuple[int, int, str, bytes]:
    """(status, bytes of the body as sent, encoding, body) of a page."""
    headers = {"Cookie": header, "Accept": "text/html", "Accept-Encoding": "br, gzip", "Sec-Fetch-Site": "same-origin"}
    connection.request("GET", address, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    return answer.status, len(body), answer.headers.get("Content-Encoding", ""), body


def first_view(port: int, address: str, header: str) -> int:
    """Bytes that a browser loads at its first view: the page, its styles and its scripts, compressed as sent."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    status, size, encoding, body = ask(connection, address, header)
    assert status in {200, 303, 307}, (address, status, body[:500])
    text = (gzip.decompress(body) if encoding == "gzip" else body).decode()
    for asset in set(re.findall(r'(?:href|src)="(/assets/[^"]+\.(?:css|js))"', text)):
        status, more, _, _ = ask(connection, asset, header)
        assert status == 200, asset
        size += more
    connection.close()
    return size


def visit(port: int, pages: list[str], header: str) -> tuple[dict[str, list[float]], list[float]]:
    """Seconds by address, and of the bare answers, as all clients together saw them."""
    times: dict[str, list[float]] = defaultdict(list)
    bare: list[float] = []
    end = time.monotonic() + ROUND_SECONDS

    def client(number: int) -> None:
        order = random.Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        time.sleep(order.random() * THINK_SECONDS)
        ask(connection, BARE, header)
        while time.monotonic() < end:
            for address in order.sample(pages, len(pages)):
                for asked, kept in ((address, times[address]), (BARE, bare)):
                    began = time.perf_counter()
                    ask(connection, asked, header)
                    kept.append(time.perf_counter() - began)
                time.sleep(THINK_SECONDS)
                if time.monotonic() > end:
                    break
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, bare


def percentile(values: list[float]) -> float:
    """The 95th."""
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


def _times(name: str, times: dict[str, list[float]], bare: list[float]) -> Iterator[Figure]:
    every = [seconds for found in times.values() for seconds in found]
    slowest = max(times, key=lambda address: percentile(times[address]))
    path = re.sub(r"[0-9a-f]{20,}", "...", slowest)
    for what, found in ((f"p95 of {len(times)} pages, {name}", every), (f"p95 of the slowest, {path}, {name}", times[slowest])):
        value, reference = percentile(found) * 1000, percentile(bare) * 1000
        yield Figure(
            figure="E6",
            what=what,
            value=round(value, 1),
            unit="ms",
            reference="an answer without database and page",
            reference_value=round(reference, 1),
            ratio=round(reference / value, 3),
            n=len(found),
            ok=value <= FLOOR_SECONDS * 1000,
        )


def _size(name: str, sizes: dict[str, int]) -> Figure:
    largest = max(sizes, key=lambda address: sizes[address])
    path = re.sub(r"[0-9a-f]{20,}", "...", largest)
    return Figure(
        figure="E6",
        what=f"first view of the largest page, {path}, {name}",
        value=round(sizes[largest] / 1024, 1),
        unit="KB",
        reference="the limit",
        reference_value=FLOOR_BYTES / 1024,
        ratio=round(FLOOR_BYTES / sizes[largest], 2),
        n=len(sizes),
        ok=sizes[largest] <= FLOOR_BYTES,
    )


def live(name: str, rig: ServiceRig, port: int, header: str, bare: list[float]) -> Figure:
    """Seconds from a request's COMMIT until the last of the open consoles has heard of it."""
    heard: list[tuple[str, float]] = []
    opened = threading.Barrier(CONSOLES + 1)

    def follow() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", f"/o/{SLUG}/console/events", headers={"Cookie": header, "Accept": "text/event-stream"})
        answer = connection.getresponse()
        assert answer.status == 200, answer.status
        answer.fp.readline()
        opened.wait(60)
        while line := answer.fp.readline():
            if line.startswith(b"data:"):
                heard.append((json.loads(line[5:])["id"], time.perf_counter()))
                break
        connection.close()

    threads = [threading.Thread(target=follow, daemon=True) for _ in range(CONSOLES)]
    for thread in threads:
        thread.start()
    opened.wait(60)
    csr = make_csr([f"live.{SLUG}.test"], make_key())
    request = rig.submit(SLUG, csr)
    began = time.perf_counter()
    for thread in threads:
        thread.join(30)
    assert [name for name, _ in heard] == [request.id] * CONSOLES, f"{len(heard)} of {CONSOLES} consoles heard of the request"
    value, reference = max(seconds for _, seconds in heard) - began, percentile(bare)
    return Figure(
        figure="E6",
        what=f"a request seen by the last of {CONSOLES} open consoles, {name}",
        value=round(value, 2),
        unit="s",
        reference="an answer without database and page",
        reference_value=round(reference, 4),
        ratio=round(reference / value, 4),
        n=CONSOLES,
        ok=value <= FLOOR_LIVE_SECONDS,
    )
