"""E6: every page of a full database: its time, what a first view loads, the live queue.

There are 100,000 certificates, 1,000 pending requests and 10,000 departments.
Twenty clients open the pages, with a second to think between two, against the web application in a process of its own: all
pages in an order of their own, then the slowest of them again among others, until each of those was opened often enough for its
own 95th percentile. A page's time is from the request to its last byte. Figures: all pages together, those of the consoles (the 99th
percentile), and the slowest page. Lists are also opened by somebody whose roles reach over a tenth of the departments.
The reference is what the same application takes for an answer without database and template, asked by the same clients
between the pages: on a shared machine it tells how long everything waits. Floors: 50 ms, 60 KB of a first view without
pictures as a browser loads it, 2 s until the last of 100 open consoles hears.
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
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench.figure import Figure
from bench.full_database import APPLICANT, FullDatabase, fill_database
from bench.pages_service import SLUG, web_process
from privyseal.app import discover
from privyseal.reception.site import Method
from tests.rigs.ports import free_port
from tests.rigs.postgresql import PostgresServer
from tests.rigs.presence import find_program
from tests.rigs.service import ServiceRig, make_csr, make_key

FLOOR_SECONDS = 0.05
FLOOR_BYTES = 60 * 1024
FLOOR_LIVE_SECONDS = 2.0
CLIENTS, THINK_SECONDS = 20, 1.0
ALL_TIMES, SLOW_PAGES, SLOW_TIMES = 16, 20, 64
"""How often each page is opened, and of how many pages, slowest on the average, how often in all."""

OTHERS = 2
"""Pages that somebody opens between two of the slow ones: nobody opens these alone."""

CONSOLES = 100
BARE = "/healthz"
LEFT_OUT = re.compile(
    r".*(/export|/events|/finish|/files/.*|\.zip|/checkpoint"  # Downloads and streams.
    r"|/received|/done|/decided|/revoked|/invited|/chosen|/sent|/confirmed|/started"  # What follows an action, which leads there.
    r"|/sign|/taking|/\{serial\}/revocation|/reissue/check"  # Lead to the questions without answers; the last role is not taken.
    r"|/sign-in/certificate"  # The administrators' port.
    r"|/sign-in/provider"  # Leads to the OpenID Connect provider of an organization, which nobody here has.
    r"|/provider/organizations/\{slug\}/(rejection|resumption|closure)"  # Asked of organizations in another state.
    r"|/try/\{trial\}"  # The same page as an application's.
    r"|/account/passkeys/\{sha256\}"  # Of a passkey, which nobody here has.
    r"|/\{policy\}/file)"
)

OF_THE_PROVIDER = ("administrator", "change", "review", "sha256")
"""What the full database has of the provider's own beside an organization's."""

POSTGRESQL_PLACES = tuple(str(place) for place in Path("/usr/lib/postgresql").glob("*/bin"))


@dataclass(frozen=True, slots=True)
class Look:
    """A page as somebody opens it; ``words`` name it in a figure."""

    address: str
    header: str
    words: str


def run() -> Iterator[Figure]:
    """All figures on the embedded database, and on PostgreSQL where it is installed."""
    yield from measure("SQLite", "")
    if find_program("initdb", more_places=POSTGRESQL_PLACES) is not None:
        with PostgresServer() as server:
            yield from measure("PostgreSQL", server.create_database())


def measure(name: str, url: str) -> Iterator[Figure]:
    """The figures on one database."""
    with tempfile.TemporaryDirectory() as place, closing(ServiceRig(Path(place), url)) as rig:
        full = fill_database(rig)
        pages = looks(full)
        port = free_port()
        with web_process(rig, port):
            sizes = {look.words: first_view(port, look) for look in pages}
            times, bare = visit(port, pages)
            yield from _times(name, times, bare)
            yield _size(name, sizes)
            yield live(name, rig, port, full.widely, bare)


def looks(full: FullDatabase) -> list[Look]:
    """Every page that is looked at, with things that are there."""
    found = [Look(path.format_map(full.values), full.widely, path) for path in measured_paths(full.values)]
    lists, below = f"/o/{SLUG}/console", full.values["department"]
    more = [
        f"{lists}/certificates?text=host-5",
        f"{lists}/certificates?text={full.email}",
        f"{lists}/certificates?show=revoked",
        f"{lists}/certificates?show=expired",
        f"{lists}/requests?show=issued",
        f"{lists}/requests?show=issued&name=host-5",
        f"{lists}/requests?show=all&name=nothing",
        f"{lists}/audit?object={full.values['serial']}",
        f"{lists}/audit?action=approve-request",
        f"{lists}/audit?action=nothing",
        f"{lists}/certificates?show=all&before={full.older}",
        f"/o/{SLUG}/search?text=host-77.{SLUG}.test",
        f"/provider/organizations/{APPLICANT}",
        f"/provider/organizations/{APPLICANT}/vetting",
    ]
    scoped = [
        f"{lists}/",
        f"{lists}/requests",
        f"{lists}/requests?show=issued",
        f"{lists}/requests?show=issued&name=host-5",
        f"{lists}/counts",
        f"{lists}/certificates",
        f"{lists}/certificates?show=all",
        f"{lists}/certificates?show=expired",
        f"{lists}/certificates?text=host-5",
        f"{lists}/certificates/{full.values['serial']}",
        f"{lists}/departments",
        f"{lists}/departments/{below}",
        f"{lists}/administrators",
        f"{lists}/settings",
    ]
    found += [Look(address, full.widely, address) for address in more]
    return found + [Look(address, full.narrowly, f"{address} in a tenth of the departments") for address in scoped]


def measured_paths(names: Collection[str]) -> list[str]:
    """The paths of all pages that are looked at; ``names`` are what their addresses may name.

    Raises KeyError for a page that names something else: give the full database one of these, or leave the page out.
    """
    found = []
    for site in discover().sites:
        for page in site.pages:
            if page.method is Method.GET and not LEFT_OUT.fullmatch(page.path):
                if unknown := named_in(page.path) - set(names):
                    raise KeyError(f"{page.path} names {', '.join(unknown)}, of which bench/full_database.py makes none.")
                # The item of a vetting is open at the applicant's alone; the provider has changes, reviews and people of its own.
                path = page.path.replace("{slug}", APPLICANT) if "{item}" in page.path else page.path
                if path.startswith("/provider/"):
                    for name in OF_THE_PROVIDER:
                        path = path.replace(f"{{{name}}}", f"{{provider_{name}}}")
                found.append(path)
    return found


def named_in(path: str) -> set[str]:
    """What the address of a page asks for."""
    return {name for _, name, _, _ in string.Formatter().parse(path) if name}


def ask(connection: http.client.HTTPConnection, address: str, header: str) -> tuple[int, int, str, bytes]:
    """(status, bytes of the body as sent, encoding, body) of a page."""
    headers = {"Cookie": header, "Accept": "text/html", "Accept-Encoding": "br, gzip", "Sec-Fetch-Site": "same-origin"}
    connection.request("GET", address, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    return answer.status, len(body), answer.headers.get("Content-Encoding", ""), body


def first_view(port: int, look: Look) -> int:
    """Bytes that a browser loads at its first view: the page, its styles and its scripts, compressed as sent."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    status, size, encoding, body = ask(connection, look.address, look.header)
    assert status in {200, 303, 307}, (look.address, status, body[:500])
    text = (gzip.decompress(body) if encoding == "gzip" else body).decode()
    for asset in set(re.findall(r'(?:href|src)="(/assets/[^"]+\.(?:css|js))"', text)):
        status, more, _, _ = ask(connection, asset, look.header)
        assert status == 200, asset
        size += more
    connection.close()
    return size


def visit(port: int, pages: Sequence[Look]) -> tuple[dict[str, list[float]], list[float]]:
    """Seconds by page, and of the bare answers, as all clients together saw them."""
    times: dict[str, list[float]] = defaultdict(list)
    bare: list[float] = []
    _round(port, pages, ALL_TIMES, times, bare)
    slow = sorted(pages, key=lambda look: -statistics.fmean(times[look.words]))[:SLOW_PAGES]
    closely: dict[str, list[float]] = defaultdict(list)
    _round(port, slow, SLOW_TIMES - ALL_TIMES, closely, bare, among=pages)
    named = {look.words for look in slow}
    return {words: found + closely[words] if words in named else found for words, found in times.items()}, bare


def _round(
    port: int, pages: Sequence[Look], quantity: int, times: dict[str, list[float]], bare: list[float], *, among: Sequence[Look] = ()
) -> None:
    """Open each of these pages so often, each client an equal part of them; between two of them ``OTHERS`` pages from ``among``."""
    chance = random.Random(quantity)
    todo = [look for _ in range(quantity) for look in chance.sample(pages, len(pages))]
    if among:
        todo = [look for wanted in todo for look in (wanted, *chance.sample(among, OTHERS))]

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        time.sleep(random.Random(number).random() * THINK_SECONDS)
        ask(connection, BARE, "")
        for look in todo[number::CLIENTS]:
            for address, kept in ((look.address, times[look.words]), (BARE, bare)):
                began = time.perf_counter()
                ask(connection, address, look.header)
                kept.append(time.perf_counter() - began)
            time.sleep(THINK_SECONDS)
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def percentile(values: Sequence[float], which: int = 95) -> float:
    """The 95th, or another one."""
    return statistics.quantiles(values, n=100)[which - 1] if len(values) > 1 else values[0]


def _times(name: str, times: Mapping[str, Sequence[float]], bare: Sequence[float]) -> Iterator[Figure]:
    # The slowest were opened more often than the others, and would weigh more in what is said of all.
    first = {words: found[:ALL_TIMES] for words, found in times.items()}
    consoles = {words: found for words, found in first.items() if "/console" in words or words.startswith("/provider")}
    slowest = max((words for words in times if len(times[words]) > ALL_TIMES), key=lambda words: percentile(times[words]))
    for what, found, which in (
        (f"p95 of {len(first)} pages, {name}", [seconds for some in first.values() for seconds in some], 95),
        (f"p99 of {len(consoles)} pages of the consoles, {name}", [seconds for some in consoles.values() for seconds in some], 99),
        (f"p95 of the slowest, {_shortly(slowest)}, {name}", times[slowest], 95),
    ):
        value, reference = percentile(found, which) * 1000, percentile(bare, which) * 1000
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


def _shortly(words: str) -> str:
    """A page without its long ids."""
    return re.sub(r"[0-9a-f]{20,}", "...", words)


def _size(name: str, sizes: dict[str, int]) -> Figure:
    largest = max(sizes, key=lambda words: sizes[words])
    return Figure(
        figure="E6",
        what=f"first view of the largest page, {_shortly(largest)}, {name}",
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
