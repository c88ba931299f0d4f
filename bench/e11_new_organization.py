"""E11: a new organization from the application to its first certificate, driven by a script against real processes.

Everything goes the way that people take, over TLS, by REST: application, letter, confirmation, take-up, a record in a real DNS and
its look-up, the checklist by one person of the provider and the conclusion by another one, order, policy, the first administrator by
the mailed link, request, signed approval, pick-up. Letters are waited for at a mail server. The reference is the second certificate
of the same organization in the same minute, from the request to the certificate: what the way costs when all is set up. Floor: 60 s.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure
from tests.rigs.live_people import Caller, LiveOrganization, LiveProvider
from tests.rigs.live_service import LiveService, text_of
from tests.rigs.postgresql import PostgresServer
from tests.rigs.presence import find_program
from tests.rigs.service import make_csr, make_key

FLOOR_SECONDS = 60.0
SLUG, DOMAIN = "newcomer", "newcomer.test"
POSTGRESQL_PLACES = tuple(str(place) for place in Path("/usr/lib/postgresql").glob("*/bin"))
APPLICATION = {
    "name": "Newcomer GmbH",
    "registration_number": "HRB 4711",
    "country": "DE",
    "state_or_province": "Bayern",
    "locality": "Augsburg",
    "address": "Domplatz 1, 86152 Augsburg",
    "telephone": "+49 821 555 0100",
    "slug": SLUG,
    "domains": [DOMAIN],
    "corporate_name": "Helen Brandt",
    "corporate_email": f"helen@{DOMAIN}",
    "administrator_name": "Ada Admin",
    "administrator_email": f"ada@{DOMAIN}",
}


def run() -> Iterator[Figure]:
    """The way on either database."""
    yield measure("SQLite", "")
    if find_program("initdb", more_places=POSTGRESQL_PLACES) is not None:
        with PostgresServer() as server:
            yield measure("PostgreSQL", server.create_database())


def measure(name: str, url: str) -> Figure:
    """The figure on one database; the provider's two people are there before."""
    with tempfile.TemporaryDirectory() as place, LiveService(Path(place), [DOMAIN], url) as service:
        provider = LiveProvider(service)
        assert provider.administrator.id != provider.second.id
        began = time.perf_counter()
        organization = found(service, provider)
        organization.issue(make_csr([f"www.{DOMAIN}"], make_key()))
        value = time.perf_counter() - began
        began = time.perf_counter()
        organization.issue(make_csr([f"mail.{DOMAIN}"], make_key()))
        reference = time.perf_counter() - began
    return Figure(
        figure="E11",
        what=f"application to first certificate, {name}",
        value=round(value, 2),
        unit="s",
        reference="the second certificate of the same organization",
        reference_value=round(reference, 2),
        ratio=round(reference / value, 3),
        n=1,
        ok=value <= FLOOR_SECONDS,
    )


def found(service: LiveService, provider: LiveProvider) -> LiveOrganization:
    """From the application to the first administrator."""
    anybody, pat = Caller(service), provider.administrator.rest
    sent = anybody.post("/applications", APPLICATION)
    letter = text_of(service.wait_for_letter(f"helen@{DOMAIN}", "confirm", seconds=30))
    code = re.search(r"code=([a-z2-7]{52})", letter)
    assert code is not None, letter
    anybody.post(f"/applications/{sent['id']}/confirmation", {"code": code[1]})
    pat.post(f"/provider/applications/{sent['id']}/take-up", {"slug": SLUG})
    path = f"/provider/organizations/{SLUG}"
    record = pat.post(f"{path}/domains", {"name": DOMAIN})["dns_record"]
    service.dns.add(DOMAIN, record["name"], record["type"], f'"{record["value"]}"')
    pat.post(f"{path}/domains/{DOMAIN}/validation", {"method": "dns-txt"})
    provider.vet(SLUG)
    pat.post(f"{path}/orders", {"quantity": 5, "purchase_order": "PO 1"})
    pat.post(f"{path}/policies", {})
    ada = provider.let_in(f"ada@{DOMAIN}")
    token = ada.rest.post(f"/organizations/{SLUG}/tokens", {"name": "bench", "scopes": ["read", "submit"], "days": 1})["token"]
    return LiveOrganization(service, SLUG, DOMAIN, ada, Caller(service, token=token), service.directory)
