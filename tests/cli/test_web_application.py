"""Around the doors: headers on every answer, health, numbers without names."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from privyseal.actions.failing import Failures
from privyseal.cli.web_application import make_application
from privyseal.doors import DoorContext
from privyseal.doors.rest import DOOR
from privyseal.jobs.deliveries import Deliveries, RetryPlan
from privyseal.model.administrator import Role
from privyseal.store import outbox
from privyseal.store.outbox import OutboxRow
from tests.doors.rest.rest_rig import API, ORG, RestRig
from tests.rigs.app_client import AppClient
from tests.rigs.changes import set_issuing
from tests.rigs.service import ServiceRig, ServiceTemplate

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.fixture
def service(tmp_path: Path, sqlite_template: ServiceTemplate) -> Iterator[ServiceRig]:
    """On the embedded database alone: nothing here depends on it."""
    rig = ServiceRig(tmp_path, template=sqlite_template)
    yield rig
    rig.close()


@pytest.fixture
def rest(service: ServiceRig) -> RestRig:
    return RestRig(service)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", f"{API}/service", f"{API}/nothing", "/nothing", f"{API}/openapi.json"])
def test_headers_of_every_answer(rest: RestRig, path: str) -> None:
    answer = rest.anonymous().get(path)
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "server" not in answer.headers
    assert "strict-transport-security" not in answer.headers, "localhost has other programs"


def test_a_public_address_asks_for_https_for_good(rest: RestRig) -> None:
    context: DoorContext = rest.app.state.rest
    for base_url, expected in (("https://pki.example.test", True), ("https://[::1]:8443", False), ("https://127.0.0.1", False)):
        identity = dataclasses.replace(context.house.service, base_url=base_url)
        public = dataclasses.replace(context, house=dataclasses.replace(context.house, service=identity))
        answer = AppClient(make_application(public, [DOOR])).get("/healthz")
        assert ("strict-transport-security" in answer.headers) is expected


def test_readiness_names_what_is_missing(rest: RestRig) -> None:
    client = rest.anonymous()
    rest.service.integrate()
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "database": "ready", "issuer": "ready"})
    rest.issuer.is_away = True
    away = client.get("/readyz")
    assert (away.status_code, away.json()["issuer"]) == (503, "issuer")
    assert int(away.headers["retry-after"]) > 0
    assert client.get("/healthz").status_code == 200
    rest.issuer.is_away = False
    rest.service.create_organization()
    rest.service.clock.advance(timedelta(minutes=2))
    assert client.get("/readyz").json()["database"] == "audit-stale"


def test_numbers_name_routes_and_nobody(rest: RestRig) -> None:
    rest.service.create_organization()
    client = rest.anonymous()
    client.get(f"{API}/organizations/{ORG}")
    client.get(f"{API}/organizations/{ORG}/units")
    client.get("/some/where")
    client.request("BREW", f"{API}/service")
    text = client.get("/metrics").text
    assert 'privyseal_http_requests_total{method="GET",route="/organizations/{org}",status="200"} 1.0' in text
    assert 'privyseal_http_requests_total{method="GET",route="/organizations/{org}/units",status="401"} 1.0' in text
    assert 'route="none",status="404"} 1.0' in text
    assert 'method="other"' in text
    assert "privyseal_audit_waiting_seconds" in text
    assert ORG not in text
    assert "BREW" not in text


def test_numbers_of_letters_jobs_and_the_root_crl(rest: RestRig) -> None:
    def shown() -> dict[str, float]:
        lines = rest.anonymous().get("/metrics").text.splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))}

    house = rest.service.house
    numbers = shown()
    assert numbers["privyseal_letters_undelivered"] == numbers["privyseal_periodic_jobs_failing"] == 0
    assert timedelta(days=390) < datetime.fromtimestamp(numbers["privyseal_root_crl_next_update_seconds"], UTC) - house.clock()
    assert (numbers['privyseal_ca_paused{ca="issuing"}'], numbers['privyseal_ca_paused{ca="root"}']) == (0, 0)
    people = [rest.service.administrator("", name, Role.PROVIDER_OPERATOR) for name in ("Olga Operator", "Otto Operator")]
    set_issuing(rest.service, people, issues=False)
    assert (shown()['privyseal_ca_paused{ca="issuing"}'], shown()['privyseal_ca_paused{ca="test-issuing"}']) == (1, 0)
    heard = 'privyseal_deliveries_total{listener="notices.received",outcome="again"}'
    before = numbers.get(heard, 0)
    row_id = house.id("fact", house.clock())
    with house.database.write(house.clock()) as tx:
        outbox.insert(tx, [(row_id, "request-received", "notices.received", {})])

    def away(_row: OutboxRow, _message_id: str) -> bool:
        raise ConnectionRefusedError

    Deliveries(house, {"notices.received": away}, RetryPlan()).hear(row_id, 1)
    Failures(house).failed("sweep", ConnectionRefusedError())
    numbers = shown()
    assert (numbers["privyseal_letters_undelivered"], numbers[heard] - before) == (1, 1)
    assert numbers["privyseal_periodic_jobs_failing"] == 1
    assert "privyseal_rescued_jobs_total" in numbers
