"""CAA is asked again at issue for policies of the public tier: real zones, a validating resolver, the real door, both databases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import dns.rdatatype
import pytest
import sqlalchemy as sa

from privyseal.actions.caa import look_up_requests
from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.house import About, perform
from privyseal.engine.dns_lookup import DnsAnswer, DnsLookup
from privyseal.engine.perspectives import Perspectives
from privyseal.issuer.desk import complete_batch
from privyseal.jobs.sweep import sweep
from privyseal.model.actor import SYSTEM
from privyseal.model.identifiers import IntentId, RequestId
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.request import Request
from privyseal.model.rules import Tier
from privyseal.store import requests
from privyseal.store.caa_checks import caa_checks
from privyseal.store.validations import certificate_validations
from tests.doors.rest.rest_rig import API, ORG, RestRig
from tests.rigs.knot import KnotServer
from tests.rigs.ports import LOOPBACK, free_port
from tests.rigs.service import AdministratorRig, ServiceRig
from tests.rigs.statements import heard
from tests.rigs.unbound import UnboundServer

ZONE = "resource-marketing.test"
WWW = f"www.{ZONE}"
ISSUER = "localhost"
PUBLIC = PolicyDraft(tier=Tier.PUBLIC, lifetimes_days=(90, 200))
DEAD = (LOOPBACK, 9)


@pytest.fixture(scope="module")
def knot() -> Iterator[KnotServer]:
    with KnotServer(["test", ZONE], signed=[ZONE]) as server:
        yield server


@pytest.fixture(scope="module")
def resolver(knot: KnotServer) -> Iterator[UnboundServer]:
    with UnboundServer(knot) as server:
        yield server


@dataclass(slots=True)
class Desk:
    """An organization under a public policy, its administrator, and the door."""

    service: ServiceRig
    rest: RestRig
    admin: AdministratorRig

    def submit(self, *names: str) -> str:
        """A request, received; its id."""
        body = self.rest.body(names or (WWW,), lifetime_days=90)
        answer = self.rest.token("submit").post(f"{API}/organizations/{ORG}/requests", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def approve(self, request_id: str) -> tuple[int, dict[str, Any]]:
        """Sign and hand in; status and answer."""
        client = self.rest.administrator(self.admin)
        signature = self.rest.approval(client, request_id, self.admin)
        answer = client.post(f"{API}/organizations/{ORG}/requests/{request_id}/approval", json={"signature": signature})
        return answer.status_code, answer.json()

    def request(self, request_id: str) -> dict[str, Any]:
        """The request as it stands."""
        answer = self.rest.administrator(self.admin).get(f"{API}/organizations/{ORG}/requests/{request_id}")
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def rows(self, table: sa.Table) -> list[Any]:
        """What stands in a table."""
        with self.service.house.database.read(self.service.clock()) as tx:
            return list(tx.execute(table.select()))

    def sweep(self, *resolvers: tuple[str, int]) -> int:
        """The sweep, whose perspective asks these resolvers; how many it prepared."""
        self.service.integrate()
        complete = lambda ids: complete_batch(self.service.house, self.service.keys, ids)  # noqa: E731 - what the issuer does
        return sweep(self.service.house, complete, perspectives=Perspectives(DnsLookup(resolvers, 2.0))).prepared


def desk_of(service: ServiceRig, *resolvers: tuple[str, int]) -> Desk:
    service.create_organization(policy=PUBLIC)
    admin = service.administrator(ORG)
    return Desk(service, RestRig(service, resolvers), admin)


@contextmanager
def published(knot: KnotServer, owner: str, value: str) -> Iterator[None]:
    knot.add(ZONE, owner, "CAA", value)
    try:
        yield
    finally:
        knot.remove(ZONE, owner, "CAA")


def test_nobody_forbids(service: ServiceRig, resolver: UnboundServer) -> None:
    desk = desk_of(service, resolver.address)
    status, answer = desk.approve(desk.submit(WWW, f"*.{ZONE}"))
    assert (status, answer["request"]["state"]) == (200, "issued"), answer
    [check] = desk.rows(caa_checks)
    seen = json.loads(check.evidence)["names"]
    assert set(seen) == {WWW, ZONE}
    assert (seen[WWW][0]["found_at"], seen[WWW][0]["records"]) == ("", [])
    assert seen[WWW][0]["resolver"] == f"{LOOPBACK}:{resolver.port}"
    assert len(desk.rows(certificate_validations)) == 1


@pytest.mark.parametrize(
    ("owner", "value", "name"),
    [
        (ZONE, '0 issue ";"', WWW),
        (WWW, '0 issue "other.test"', WWW),
        (ZONE, '0 issuewild ";"', f"*.{ZONE}"),
        (ZONE, f'0 issue "{ISSUER}; accounturi=https://localhost:8443/o/hoffman-brandt"', WWW),
        (ZONE, f'0 issue "{ISSUER}; validationmethods=http-01"', WWW),
        (ZONE, '128 tbs "unknown"', WWW),
    ],
)
def test_what_an_owner_forbids_fails_with_the_way_out(
    service: ServiceRig, knot: KnotServer, resolver: UnboundServer, owner: str, value: str, name: str
) -> None:
    desk = desk_of(service, resolver.address)
    request_id = desk.submit(name)
    with published(knot, owner, value):
        status, answer = desk.approve(request_id)
    assert (status, answer["request"]["state"]) == (200, "failed"), answer
    reason = answer["request"]["state_reason"]
    assert f"forbid this provider to certify {name}" in reason
    assert f"Whoever runs the DNS of {owner} permits it by" in reason
    # The owner does what the sentence says; nothing else is needed but the approval, which is another one a second later.
    service.clock.advance(timedelta(seconds=1))
    assert desk.approve(request_id)[1]["request"]["state"] == "issued"


@pytest.mark.parametrize(
    "value",
    [
        f'0 issue "{ISSUER}"',
        f'0 issue "{ISSUER}; accounturi=https://localhost:8443/o/{ORG}; validationmethods=ca-tbr-7"',
    ],
)
def test_an_owner_who_names_us_permits(service: ServiceRig, knot: KnotServer, resolver: UnboundServer, value: str) -> None:
    desk = desk_of(service, resolver.address)
    with published(knot, ZONE, value):
        assert desk.approve(desk.submit())[1]["request"]["state"] == "issued"


def test_a_dns_that_does_not_answer_keeps_the_request_waiting_and_says_so(service: ServiceRig, resolver: UnboundServer) -> None:
    desk = desk_of(service, (LOOPBACK, free_port()))
    request_id = desk.submit()
    status, answer = desk.approve(request_id)
    assert (status, answer["request"]["state"]) == (202, "approved"), answer
    assert "Nothing is issued before the CAA records in the DNS are known" in answer["request"]["state_reason"]
    service.clock.advance(timedelta(seconds=20))
    assert desk.sweep(resolver.address) == 0  # It was asked a moment ago.
    service.clock.advance(timedelta(seconds=50))
    assert desk.sweep(DEAD) == 0
    assert len(desk.rows(caa_checks)) == 2
    service.clock.advance(timedelta(seconds=70))
    assert desk.sweep(resolver.address) == 1
    assert desk.request(request_id)["state"] == "issued"


def test_bogus_dnssec_keeps_it_waiting_until_the_approval_ends(service: ServiceRig, knot: KnotServer) -> None:
    wrong = f"{ZONE}. DS 4711 13 2 {'ab' * 32}"
    with UnboundServer(knot, anchors=[wrong]) as distrusting:
        desk = desk_of(service, distrusting.address)
        request_id = desk.submit()
        status, answer = desk.approve(request_id)
        assert (status, answer["request"]["state"]) == (202, "approved"), answer
        assert "SERVFAIL" in answer["request"]["state_reason"]
        service.clock.advance(timedelta(hours=3))
        assert desk.sweep(distrusting.address) == 0
    found = desk.request(request_id)
    assert found["state"] == "failed"
    assert "approval expired" in found["state_reason"]


def test_the_private_tier_asks_nobody(service: ServiceRig) -> None:
    service.create_organization()
    admin = service.administrator(ORG)
    desk = Desk(service, RestRig(service, (DEAD,)), admin)
    assert desk.approve(desk.submit())[1]["request"]["state"] == "issued"
    assert desk.rows(caa_checks) == []


@dataclass(frozen=True, slots=True)
class CountingLookup(DnsLookup):
    """A look-up that keeps what it was asked."""

    asked: list[str] = field(default_factory=list)

    def ask(self, name: str, record_type: dns.rdatatype.RdataType) -> DnsAnswer:
        self.asked.append(name)
        return DnsLookup(self.resolvers, self.timeout_seconds).ask(name, record_type)


def approved_without_issuing(desk: Desk, *request_ids: str) -> list[RequestId]:
    """Approvals handed in while nobody looks anything up."""
    wanted = [RequestId(request_id) for request_id in request_ids]
    with desk.service.house.database.read(desk.service.clock()) as tx:
        found: list[Request] = list(requests.get_many(tx, wanted).values())
    for request in found:
        desk.service.approve(request, desk.admin)
    return wanted


def test_a_batch_asks_each_tree_once(service: ServiceRig, resolver: UnboundServer) -> None:
    desk = desk_of(service, resolver.address)
    request_ids = [desk.submit(f"a.{ZONE}"), desk.submit(f"b.{ZONE}", f"*.{ZONE}"), desk.submit(f"c.{ZONE}")]
    wanted = approved_without_issuing(desk, *request_ids)
    counting = CountingLookup((resolver.address,))
    assert look_up_requests(service.house, Perspectives(counting), wanted) == wanted
    assert sorted(counting.asked) == sorted([f"a.{ZONE}", f"b.{ZONE}", f"c.{ZONE}", ZONE, "test"])
    assert {row.request_id: set(json.loads(row.evidence)["names"]) for row in desk.rows(caa_checks)} == {
        request_ids[0]: {f"a.{ZONE}"},
        request_ids[1]: {f"b.{ZONE}", ZONE},
        request_ids[2]: {f"c.{ZONE}"},
    }


# ------------------------------------------------------------------------------------------- the issuer judges again


def prepared(desk: Desk, resolver: UnboundServer) -> list[IntentId]:
    """The intents of a request that everything before the issuer has let pass."""
    [request_id] = approved_without_issuing(desk, desk.submit())
    house = desk.service.house
    [ready] = look_up_requests(house, Perspectives(DnsLookup((resolver.address,))), [request_id])
    about = About("prepare-certificate", ORG, "request", request_id)
    return [intent.id for intent in perform(house, SYSTEM, about, prepare_certificates, [ready]).intents]


def judged(desk: Desk, intents: list[IntentId]) -> str:
    """What the issuer says."""
    [result] = complete_batch(desk.service.house, desk.service.keys, intents).values()
    return "issued" if result.ok else result.kind


def tamper(desk: Desk, **values: object) -> None:
    """Somebody who can write the database changes what is stored of the look-ups."""
    with desk.service.house.database.write(desk.service.clock()) as tx:
        tx.execute(caa_checks.update().values(**values))


def test_the_issuer_takes_what_it_judges_to_be_permitted(service: ServiceRig, resolver: UnboundServer) -> None:
    desk = desk_of(service, resolver.address)
    assert judged(desk, prepared(desk, resolver)) == "issued"


def test_the_issuer_reads_the_evidence_of_a_batch_once(service: ServiceRig, resolver: UnboundServer) -> None:
    desk = desk_of(service, resolver.address)
    wanted = approved_without_issuing(desk, *(desk.submit(f"{label}.{ZONE}") for label in ("a", "b", "c")))
    house = service.house
    ready = look_up_requests(house, Perspectives(DnsLookup((resolver.address,))), wanted)
    about = About("prepare-certificate", ORG, "request", "batch")
    intents = [intent.id for intent in perform(house, SYSTEM, about, prepare_certificates, ready).intents]
    assert len(intents) == 3
    with heard(house.database) as said:
        assert [result.ok for result in complete_batch(house, service.keys, intents).values()] == [True] * 3
    assert len([statement for statement in said if "FROM caa_checks" in statement and "SELECT" in statement]) == 1


def test_the_issuer_wants_the_evidence(service: ServiceRig, resolver: UnboundServer) -> None:
    desk = desk_of(service, resolver.address)
    intents = prepared(desk, resolver)
    with service.house.database.write(service.clock()) as tx:
        tx.execute(caa_checks.delete())
    assert judged(desk, intents) == "caa-unknown"


def test_the_issuer_wants_it_whole(service: ServiceRig, resolver: UnboundServer) -> None:
    desk = desk_of(service, resolver.address)
    intents = prepared(desk, resolver)
    tamper(desk, evidence='{"at": "2026-11-22T00:00:00+00:00", "names": {}}')
    assert judged(desk, intents) == "caa-unknown"


@pytest.mark.parametrize("hours", [9, -9])
def test_the_issuer_wants_it_fresh(service: ServiceRig, resolver: UnboundServer, hours: int) -> None:
    desk = desk_of(service, resolver.address)
    intents = prepared(desk, resolver)
    [row] = desk.rows(caa_checks)
    tamper(desk, at=row.at - timedelta(hours=hours))
    assert judged(desk, intents) == "caa-unknown"


def test_the_issuer_reads_what_the_evidence_says(service: ServiceRig, knot: KnotServer, resolver: UnboundServer) -> None:
    """An entrance that was taken over prepares what the owner forbids: its own evidence convicts it."""
    desk = desk_of(service, resolver.address)
    other = approved_without_issuing(desk, desk.submit(f"other.{ZONE}"))
    with published(knot, ZONE, '0 issue ";"'):
        assert look_up_requests(service.house, Perspectives(DnsLookup((resolver.address,))), other) == other
    [forbidding] = desk.rows(caa_checks)
    intents = prepared(desk, resolver)
    text = forbidding.evidence.replace(f"other.{ZONE}", WWW)
    tamper(desk, evidence=text, sha256=hashlib.sha256(text.encode()).hexdigest(), at=forbidding.at)
    assert judged(desk, intents) == "caa-forbids"
