"""I21: the unit balance never goes below zero, also under 50 parallel approvals of the last unit."""

from __future__ import annotations

from datetime import timedelta

from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.house import About, perform
from privyseal.model.actor import SYSTEM
from privyseal.model.unit import UnitTier
from privyseal.store import units
from tests.invariants.test_i20_one_unit_one_certificate import race
from tests.rigs.service import ServiceRig, make_csr, make_key

ORG = "resource-marketing"


def test_fifty_preparations_of_the_last_unit(service: ServiceRig) -> None:
    service.create_organization(units=5)
    admin = service.administrator(ORG)
    for number in range(4):
        service.issue(ORG, admin, [f"used{number}.resource-marketing.test"])
    key = make_key()
    waiting = [service.submit(ORG, make_csr([f"host{number}.resource-marketing.test"], key)) for number in range(50)]
    for request in waiting:
        service.approve(request, admin)
    service.integrate()

    def prepare(number: int) -> object:
        about = About("prepare-certificate", ORG, "request", waiting[number].id)
        return len(perform(service.house, SYSTEM, about, prepare_certificates, [waiting[number].id]).intents)

    results = race(*(lambda number=number: prepare(number) for number in range(50)))
    assert sorted(results, key=str) == [0] * 49 + [1]
    with service.house.database.read(service.clock()) as tx:
        organization_id = service.machine(ORG).organization_id
        assert organization_id is not None
        balance = units.balance(tx, organization_id, UnitTier.STANDARD)
    assert (balance.bought, balance.reserved, balance.used, balance.available) == (5, 1, 4, 0)
    states = sorted(service.request(request).state.value for request in waiting)
    assert states == ["failed"] * 49 + ["issuing"]


def test_a_failed_request_can_be_approved_again_after_an_order(service: ServiceRig) -> None:
    service.create_organization(units=5)
    admin = service.administrator(ORG)
    key = make_key()
    waiting = [service.submit(ORG, make_csr([f"host{number}.resource-marketing.test"], key)) for number in range(6)]
    for request in waiting:
        service.approve(request, admin)
    prepared = perform(service.house, SYSTEM, About("x", ORG, "x", "x"), prepare_certificates, [request.id for request in waiting])
    assert len(prepared.intents) == 5
    [(failed_id, refusal)] = prepared.failures
    assert refusal.kind == "no-units"
    failed = next(request for request in waiting if request.id == failed_id)
    assert service.request(failed).state.value == "failed"
    service.create_units(ORG, 1)
    service.clock.advance(timedelta(seconds=1))
    service.approve(service.request(failed), admin)
    assert [result.ok for result in service.prepare_and_complete(failed.id)] == [True]
