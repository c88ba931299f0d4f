"""I20: a request consumes at most one unit, and exactly one certificate exists per approved request, whatever is retried."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from privyseal.actions.certificate.abandon_intents import abandon_intents
from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.house import SWEEP_AFTER, About, perform
from privyseal.actions.request.approve_request import approve_request
from privyseal.actions.request.reject_request import reject_request
from privyseal.issuer.desk import complete_batch
from privyseal.jobs.sweep import sweep
from privyseal.model.actor import SYSTEM
from privyseal.model.errors import PrivysealError
from privyseal.model.statement import utc_text
from privyseal.model.unit import UnitTier
from privyseal.store import certificates, units
from privyseal_wire.statements import Rejection
from tests.rigs.service import AdministratorRig, ServiceRig, make_csr, make_key

ORG = "resource-marketing"
ABOUT = About("test", ORG, "request", "x")


def used(service: ServiceRig) -> tuple[int, int]:
    with service.house.database.read(service.clock()) as tx:
        organization_id = service.machine(ORG).organization_id
        assert organization_id is not None
        balance = units.balance(tx, organization_id, UnitTier.STANDARD)
    return balance.reserved, balance.used


def count(service: ServiceRig, table: str, where: str = "1 = 1") -> int:
    with service.house.database.read(service.clock()) as tx:
        return int(tx.execute(sa.text(f"SELECT COUNT(*) FROM {table} WHERE {where}")).scalar_one())  # noqa: S608 - the test's own words


def test_everything_done_twice_makes_one_certificate(service: ServiceRig) -> None:
    service.create_organization()
    admin = service.administrator(ORG)
    csr = make_csr(["webtrust.resource-marketing.test"], make_key())
    request = service.submit(ORG, csr)
    assert service.submit(ORG, csr).id == request.id
    service.approve(request, admin)
    with pytest.raises(PrivysealError):
        service.approve(request, admin)
    first = perform(service.house, SYSTEM, ABOUT, prepare_certificates, [request.id])
    second = perform(service.house, SYSTEM, ABOUT, prepare_certificates, [request.id])
    assert (len(first.intents), len(second.intents)) == (1, 0)
    intent_id = first.intents[0].id
    assert complete_batch(service.house, service.keys, [intent_id])[intent_id].ok
    assert complete_batch(service.house, service.keys, [intent_id])[intent_id].ok
    assert count(service, "certificates") == 1
    assert used(service) == (0, 1)


def test_an_orphan_is_revoked_and_prepared_again_with_its_one_unit(service: ServiceRig) -> None:
    service.create_organization()
    admin = service.administrator(ORG)
    request = service.submit(ORG, make_csr(["webtrust.resource-marketing.test"], make_key()))
    service.approve(request, admin)
    orphan = perform(service.house, SYSTEM, ABOUT, prepare_certificates, [request.id]).intents[0]
    service.integrate()
    service.clock.advance(SWEEP_AFTER + timedelta(seconds=1))
    done: list[str] = []

    def complete(intent_ids: object) -> None:
        assert isinstance(intent_ids, list)
        done.extend(result.kind for result in complete_batch(service.house, service.keys, intent_ids).values() if result.ok)

    assert sweep(service.house, complete).abandoned == 1
    assert len(done) == 1
    certificate = service.certificate_of(request)
    assert certificate is not None
    assert certificate.serial_hex != orphan.serial_hex
    assert count(service, "revocations", f"serial_hex = '{orphan.serial_hex}'") == 1
    assert used(service) == (0, 1)
    late = complete_batch(service.house, service.keys, [orphan.id])[orphan.id]
    assert not late.ok
    assert count(service, "certificates") == 1


def test_an_intent_completed_meanwhile_is_not_abandoned(service: ServiceRig) -> None:
    service.create_organization()
    admin = service.administrator(ORG)
    certificate = service.issue(ORG, admin, ["webtrust.resource-marketing.test"])
    with service.house.database.write(service.clock()) as tx:
        [intent] = certificates.intents_of(tx, [certificate.intent_id]).values()
        assert abandon_intents(service.house, tx, SYSTEM, [intent]) == []
    assert count(service, "revocations") == 0


def race(*acts: Callable[[], object]) -> list[object]:
    barrier = threading.Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results[place] = act()
        except PrivysealError as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def rejection(service: ServiceRig, request_id: str, admin: AdministratorRig) -> bytes:
    statement = Rejection(
        service=service.settings.service_id,
        organization=ORG,
        request=request_id,
        approver=admin.administrator.id,
        reason="Not ours",
        expires=utc_text(service.clock() + timedelta(minutes=5)),
    )
    return service.sign(statement.to_bytes(), admin)


def test_two_administrators_at_once_get_one_truth(service: ServiceRig, long_run: bool) -> None:  # noqa: FBT001 - a fixture
    """P10: approve against approve and approve against reject, 200 races (5,000 in a long run): one outcome each."""
    races = 5_000 if long_run else 200
    service.create_organization(units=races)
    one = service.administrator(ORG)
    two = service.administrator(ORG, "Second Admin", by=one)
    key = make_key()
    for number in range(races):
        service.integrate()
        request = service.submit(ORG, make_csr([f"host{number}.resource-marketing.test"], key))
        first = service.sign(service.approval_content(request, one), one)
        acts: list[Callable[[], object]] = [partial(perform, service.house, one.actor, ABOUT, approve_request, ORG, request.id, first)]
        if number % 2:
            second = service.sign(service.approval_content(request, two), two)
            acts.append(partial(perform, service.house, two.actor, ABOUT, approve_request, ORG, request.id, second))
        else:
            refusal = rejection(service, request.id, two)
            acts.append(partial(perform, service.house, two.actor, ABOUT, reject_request, ORG, request.id, refusal))
        results = race(*acts)
        losers = [result for result in results if isinstance(result, PrivysealError)]
        assert len(losers) == 1, results
        assert losers[0].kind == "request-state"
        assert service.request(request).state.value in ({"approved"} if number % 2 else {"approved", "rejected"})
    assert count(service, "approvals") == races
