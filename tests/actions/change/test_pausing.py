"""A CA is paused by the signatures of two people of the provider, and goes on by two; what waited meanwhile is issued once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from privyseal.actions.approving import SignedApproval
from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.certificate.revoke_certificate import BySystem, revoke_certificate
from privyseal.actions.house import SWEEP_AFTER, About, perform
from privyseal.actions.request.approve_requests import approve_requests
from privyseal.issuer.desk import complete_batch
from privyseal.issuer.protocol import CompletedIntent
from privyseal.issuer.publisher import publish_due
from privyseal.jobs.sweep import Swept, sweep
from privyseal.model.actor import SYSTEM
from privyseal.model.administrator import Role
from privyseal.model.change import ChangeKind, ChangeState
from privyseal.model.errors import Conflict, NotPermitted, PrivysealError, Refused, Unavailable
from privyseal.model.identifiers import IntentId
from privyseal.model.request import RequestState
from privyseal.model.revocation import RevocationReason
from privyseal.model.unit import UnitTier
from privyseal.store import audit, authority_states, certificates, organizations, revocations, units
from privyseal.store.revocations import FULL
from tests.rigs.books import certificate_rows, check_books, rows
from tests.rigs.changes import answer, authority_change, propose, proposed, set_issuing, standing
from tests.rigs.crash_worker import CrashWorker, Cycle
from tests.rigs.service import AdministratorRig, ServiceRig, make_csr, make_key
from tests.rigs.trials import begin_trial

ORG = "resource-marketing"
NAMES = [f"www.{ORG}.test"]
POINTS = ("prepare.before-commit", "complete.after-signature", "complete.after-commit")


@pytest.fixture
def staff(service: ServiceRig) -> list[AdministratorRig]:
    """Two who operate the CAs."""
    return [service.administrator("", name, Role.PROVIDER_OPERATOR) for name in ("Olga Operator", "Otto Operator")]


def swept(service: ServiceRig) -> Swept:
    """The sweep, when whatever was left behind is old enough for it."""
    service.integrate()
    service.clock.advance(SWEEP_AFTER * 2)
    return sweep(service.house, lambda intent_ids: complete_batch(service.house, service.keys, intent_ids))


def said(service: ServiceRig) -> list[tuple[str, str]]:
    """What the provider's log has about the issuing CA being paused or going on."""
    with service.house.database.read(service.clock()) as tx:
        entries = [json.loads(entry) for entry in audit.of_objects(tx, "provider", ["issuing"])]
    return [(entry["outcome"], entry["reason"]) for entry in entries if entry["action"] == "change-authority"]


def is_paused(service: ServiceRig, authority: str = "issuing") -> bool:
    with service.house.database.read(service.clock()) as tx:
        return service.house.authorities[authority].id in authority_states.paused(tx)


def test_one_proposes_another_signs_and_then_it_is_paused(service: ServiceRig, staff: list[AdministratorRig]) -> None:
    change = authority_change(service, issues=False)
    first = propose(service, change, staff[0])
    assert (first.change.state, first.needed, is_paused(service)) == (ChangeState.OPEN, 2, False)
    with pytest.raises(Conflict) as error:
        answer(service, change, staff[0])
    assert (error.value.kind, is_paused(service)) == ("already-signed", False)
    assert answer(service, change, staff[1]).change.state is ChangeState.APPLIED
    assert is_paused(service)
    set_issuing(service, staff, issues=True)
    assert not is_paused(service)
    assert said(service) == [("done", "version 1: paused"), ("done", "version 2: goes on")]


def test_who_refuses_ends_it(service: ServiceRig, staff: list[AdministratorRig]) -> None:
    change = authority_change(service, issues=False)
    propose(service, change, staff[0])
    assert answer(service, change, staff[1], decision="refuse", reason="No need").change.state is ChangeState.REFUSED
    assert not is_paused(service)


def test_what_was_signed_once_does_not_hold_twice(service: ServiceRig, staff: list[AdministratorRig]) -> None:
    pause = set_issuing(service, staff, issues=False)
    set_issuing(service, staff, issues=True)
    with pytest.raises(Conflict):
        propose(service, pause, staff[0])
    with pytest.raises(Conflict):
        answer(service, pause, staff[1])
    assert not is_paused(service)


def test_of_two_proposals_the_faster_one_overtakes(service: ServiceRig, staff: list[AdministratorRig]) -> None:
    pair = [authority_change(service, issues=False, reason=reason) for reason in ("One", "Two")]
    for change in pair:
        propose(service, change, staff[0])
    answer(service, pair[1], staff[1])
    assert standing(service, pair[0]).state is ChangeState.OVERTAKEN
    with service.house.database.read(service.clock()) as tx:
        known = authority_states.newest(tx, service.house.issuing.id)
    assert known is not None
    assert (known[0].version, known[0].reason, known[1]) == (1, "Two", pair[1].id)


def test_nobody_of_an_organization_pauses_anything(service: ServiceRig, fox: AdministratorRig, staff: list[AdministratorRig]) -> None:
    with pytest.raises(Refused) as error:
        propose(service, authority_change(service, issues=False), fox)
    assert error.value.kind == "change-kind"
    change = authority_change(service, issues=False)
    propose(service, change, staff[0])
    for slug in ("", ORG):
        with pytest.raises(PrivysealError):
            answer(service, change, fox, slug=slug, organization="provider")
    assert not is_paused(service)


def test_who_does_not_operate_pauses_nothing(service: ServiceRig, staff: list[AdministratorRig]) -> None:
    change = authority_change(service, issues=False)
    propose(service, change, staff[0])
    for role in (Role.PROVIDER_VETTER, Role.PROVIDER_AUDITOR):
        other = service.administrator("", f"Some {role.value}", role)
        with pytest.raises(NotPermitted):
            propose(service, authority_change(service, issues=False), other)
        with pytest.raises(NotPermitted):
            answer(service, change, other)
    assert not is_paused(service)


def test_what_cannot_be_paused_or_alters_nothing_is_refused(service: ServiceRig, staff: list[AdministratorRig]) -> None:
    for authority, kind in (
        ("administrators", "authority-not-paused"),
        ("root", "authority-not-paused"),
        ("test-root", "authority-not-paused"),
    ):
        with pytest.raises(Refused) as error:
            propose(service, authority_change(service, authority=authority, issues=False), staff[0])
        assert error.value.kind == kind
    value = {"authority": "nobody", "version": 1, "issues": False, "reason": "So"}
    for subject, differing in (
        ("nobody", {}),
        ("issuing", {"authority": "test-issuing"}),
        ("issuing", {"authority": "issuing", "version": 2}),
    ):
        with pytest.raises(Refused) as error:
            propose(service, proposed(ChangeKind.AUTHORITY, subject, 0, 2, value | differing), staff[0])
        assert error.value.kind == "authority-state"
    with pytest.raises(Conflict, match="is not paused") as unchanged:
        propose(service, authority_change(service, issues=True), staff[0])
    assert unchanged.value.kind == "authority-unchanged"
    set_issuing(service, staff, issues=False)
    with pytest.raises(Conflict, match="paused already"):
        propose(service, authority_change(service, issues=False), staff[0])


def test_while_it_is_paused_nobody_approves_and_no_unit_is_used(
    service: ServiceRig, fox: AdministratorRig, staff: list[AdministratorRig]
) -> None:
    set_issuing(service, staff, issues=False)
    request = service.submit(ORG, make_csr(NAMES, make_key()))
    with pytest.raises(Unavailable) as error:
        service.approve(request, fox)
    assert error.value.kind == "authority-paused"
    many = [SignedApproval(request.id, service.sign(service.approval_content(request, fox), fox))]
    with pytest.raises(Unavailable, match="paused"):
        perform(service.house, fox.actor, About("approve-request", ORG, "request", "many"), approve_requests, ORG, many)
    with service.house.database.read(service.clock()) as tx:
        organization = organizations.require(tx, ORG)
        balance = units.balance(tx, organization.id, UnitTier.STANDARD)
        refused = [json.loads(entry) for entry in audit.of_objects(tx, f"o-{ORG}", [request.id])]
    assert balance.reserved == balance.used == 0
    assert service.request(request).state is RequestState.PENDING
    assert [entry["reason"] for entry in refused if entry["action"] == "approve-request"] == ["authority-paused"]
    set_issuing(service, staff, issues=True)
    service.approve(request, fox)
    assert [done.ok for done in service.prepare_and_complete(request.id)] == [True]


def test_what_was_approved_before_waits_and_is_issued_once(
    service: ServiceRig, fox: AdministratorRig, staff: list[AdministratorRig]
) -> None:
    """The approval came before the pause, the preparation after it: nothing is prepared until the CA goes on."""
    request = service.submit(ORG, make_csr(NAMES, make_key()))
    service.approve(request, fox)
    set_issuing(service, staff, issues=False)
    assert service.prepare_and_complete(request.id) == []
    for _ in range(3):
        assert swept(service).prepared == 0
    assert service.request(request).state is RequestState.APPROVED
    set_issuing(service, staff, issues=True)
    assert swept(service).prepared == 1
    assert swept(service).prepared == 0
    assert service.request(request).state is RequestState.ISSUED
    publish_due(service.house, service.keys)
    service.integrate()
    check_books(service)


def test_what_was_prepared_before_is_not_signed_and_is_issued_once(
    service: ServiceRig, fox: AdministratorRig, staff: list[AdministratorRig]
) -> None:
    """Paused between preparation and signature: the issuer refuses, the serial is given up, the approval counts on."""
    request = service.submit(ORG, make_csr(NAMES, make_key()))
    service.approve(request, fox)
    about = About("prepare-certificate", "", "request", "batch")
    intents = [intent.id for intent in perform(service.house, SYSTEM, about, prepare_certificates, [request.id]).intents]
    set_issuing(service, staff, issues=False)
    for _ in range(2):
        [result] = complete_batch(service.house, service.keys, intents).values()
        assert (result.ok, result.kind) == (False, "authority-paused")
    found = swept(service)
    assert (found.abandoned, found.prepared) == (1, 0)
    for _ in range(4):
        assert swept(service).prepared == 0
    assert (service.request(request).state, service.certificate_of(request)) == (RequestState.APPROVED, None)
    set_issuing(service, staff, issues=True)
    assert swept(service).prepared == 1
    assert service.request(request).state is RequestState.ISSUED
    publish_due(service.house, service.keys)
    service.integrate()
    check_books(service)


def test_revoking_and_publishing_go_on(service: ServiceRig, fox: AdministratorRig, staff: list[AdministratorRig]) -> None:
    certificate = service.issue(ORG, fox, NAMES)
    publish_due(service.house, service.keys)
    set_issuing(service, staff, issues=False)
    about = About("revoke-certificate", ORG, "certificate", certificate.serial_hex)
    why = BySystem(RevocationReason.KEY_COMPROMISE)
    perform(service.house, SYSTEM, about, revoke_certificate, ORG, certificate.serial_hex, why)
    with service.house.database.read(service.clock()) as tx:
        before = revocations.newest_crl(tx, service.house.issuing.id, FULL)
    assert publish_due(service.house, service.keys) > 0
    with service.house.database.read(service.clock()) as tx:
        after = revocations.newest_crl(tx, service.house.issuing.id, FULL)
        revoked = certificates.by_serial(tx, certificate.organization_id, certificate.serial_hex) if certificate.organization_id else None
    assert before is not None
    assert after is not None
    assert after.number > before.number
    assert revoked is not None
    assert revoked.revoked_at is not None


def test_each_ca_is_paused_for_itself(service: ServiceRig, fox: AdministratorRig, staff: list[AdministratorRig]) -> None:
    _, ann = begin_trial(service)
    trial: dict[str, Any] = {"policy": "test-server", "lifetime_days": 30}
    both = [
        service.submit(ORG, make_csr(NAMES, make_key())),
        service.submit("test-acme", make_csr(["www.test-acme.test"], make_key()), **trial),
    ]
    for request, who in zip(both, (fox, ann), strict=True):
        service.approve(request, who)
    set_issuing(service, staff, issues=False)
    assert [done.ok for done in service.prepare_and_complete(*[request.id for request in both])] == [True]
    assert [service.request(request).state for request in both] == [RequestState.APPROVED, RequestState.ISSUED]
    set_issuing(service, staff, issues=False, authority="test-issuing")
    set_issuing(service, staff, issues=True)
    assert swept(service).prepared == 1
    more = service.submit("test-acme", make_csr(["two.test-acme.test"], make_key()), **trial)
    with pytest.raises(Unavailable, match="paused"):
        service.approve(more, ann)


def test_paused_while_the_issuer_signs(service: ServiceRig, fox: AdministratorRig, staff: list[AdministratorRig]) -> None:
    """Whoever comes first, the certificate is issued once, before the pause or after it."""
    for number in range(3):
        request = service.submit(ORG, make_csr([f"host-{number}.{ORG}.test"], make_key()))
        service.approve(request, fox)
        about = About("prepare-certificate", "", "request", "batch")
        intents = [intent.id for intent in perform(service.house, SYSTEM, about, prepare_certificates, [request.id]).intents]
        change = authority_change(service, issues=False)
        propose(service, change, staff[0])
        begin, found = threading.Barrier(2), list[CompletedIntent]()

        def issue(wanted: list[IntentId] = intents, begin: threading.Barrier = begin, found: list[CompletedIntent] = found) -> None:
            begin.wait()
            found += complete_batch(service.house, service.keys, wanted).values()

        thread = threading.Thread(target=issue)
        thread.start()
        begin.wait()
        answer(service, change, staff[1])
        thread.join()
        assert [(done.ok, done.kind) for done in found] in ([(True, "")], [(False, "authority-paused")])
        assert swept(service).prepared == 0
        set_issuing(service, staff, issues=True)
        assert swept(service).prepared == (0 if found[0].ok else 1)
        assert service.request(request).state is RequestState.ISSUED
    publish_due(service.house, service.keys)
    service.integrate()
    check_books(service)


@pytest.fixture(scope="module")
def crash_worker() -> Iterator[CrashWorker]:
    """One fork server for both databases."""
    with CrashWorker() as worker:
        yield worker


def test_killed_while_it_goes_on(
    service: ServiceRig, fox: AdministratorRig, staff: list[AdministratorRig], crash_worker: CrashWorker
) -> None:
    """Whatever dies after the CA goes on, each request that waited ends in one certificate and one unit."""
    crash_worker.open(service, fox)
    waiting = []
    for number, point in enumerate(POINTS):
        request = service.submit(ORG, make_csr([f"host-{number}.{ORG}.test"], make_key()))
        service.approve(request, fox)
        set_issuing(service, staff, issues=False)
        assert swept(service).prepared == 0
        set_issuing(service, staff, issues=True)
        service.integrate()
        assert crash_worker.run(Cycle(number, failpoint=point, work="recover", offset=service.clock.offset)).is_killed
        service.clock.advance(SWEEP_AFTER * 4)
        service.integrate()
        swept(service)
        waiting.append(request)
    assert {service.request(request).state for request in waiting} == {RequestState.ISSUED}
    publish_due(service.house, service.keys)
    service.integrate()
    check_books(service)
    with service.house.database.read(service.clock()) as tx:
        assert len([row for row in rows(tx, certificate_rows) if row["request_id"]]) == len(waiting)
