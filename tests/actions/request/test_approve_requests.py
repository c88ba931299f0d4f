"""Many approvals in one transaction: each is judged on its own, and what one alone could not do, many cannot either."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from privyseal.actions.administrator.revoke_credential import revoke_credential
from privyseal.actions.approving import Approved, SignedApproval
from privyseal.actions.house import About, perform
from privyseal.actions.request.approve_requests import approve_requests
from privyseal.model.administrator import Role
from privyseal.model.errors import NotFound, PrivysealError, Unavailable
from privyseal.model.identifiers import RequestId
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.request import Request
from privyseal.model.revocation import RevocationReason
from privyseal.store import requests
from tests.rigs.service import OPERATOR, AdministratorRig, ServiceRig, SubjectKey, make_csr, make_key

ORG = "resource-marketing"
ABOUT = About("approve-request", ORG, "organization", ORG)
NOWHERE = RequestId("req-" + "0" * 32)


def submit(service: ServiceRig, count: int, key: SubjectKey, contact_email: str = "dana@resource-marketing.test") -> list[Request]:
    service.integrate()
    return [service.submit(ORG, make_csr([f"host-{number}.{ORG}.test"], key), contact_email=contact_email) for number in range(count)]


def signed(service: ServiceRig, request: Request, admin: AdministratorRig, **life: int) -> SignedApproval:
    content = service.approval_content(request, admin, life=timedelta(**life) if life else timedelta(minutes=10))
    return SignedApproval(request.id, service.sign(content, admin))


def hand_in(service: ServiceRig, admin: AdministratorRig, items: Sequence[SignedApproval]) -> list[Approved | PrivysealError]:
    return perform(service.house, admin.actor, ABOUT, approve_requests, ORG, items)


def kinds(outcomes: Sequence[Approved | PrivysealError]) -> list[str]:
    return [outcome.kind if isinstance(outcome, PrivysealError) else "" for outcome in outcomes]


def states(service: ServiceRig, wanted: Sequence[Request]) -> list[str]:
    return [service.request(request).state.value for request in wanted]


def entries(service: ServiceRig, log: str = f"o-{ORG}") -> list[tuple[str, str, str, str]]:
    """(actor's kind, outcome, object, reason) of what a log says about approvals, oldest first."""
    with service.house.database.read(service.clock()) as tx:
        rows = tx.execute(sa.text("SELECT entry FROM audit_entries WHERE log = :log ORDER BY sequence"), {"log": log})
        written = [json.loads(bytes(row.entry)) for row in rows]
    return [
        (entry["actor"]["kind"], entry["outcome"], entry["object"]["id"], entry["reason"])
        for entry in written
        if entry["action"] == "approve-request"
    ]


def test_many_are_approved_at_once_and_become_certificates(service: ServiceRig) -> None:
    service.create_organization(units=20)
    admin = service.administrator(ORG)
    wanted = submit(service, 12, make_key())
    outcomes = hand_in(service, admin, [signed(service, request, admin) for request in wanted])
    assert outcomes == [Approved(request.id, 1, 1) for request in wanted]
    assert states(service, wanted) == ["approved"] * 12
    assert entries(service) == [("administrator", "done", request.id, "") for request in wanted]
    assert all(result.ok for result in service.prepare_and_complete(*(request.id for request in wanted)))
    assert states(service, wanted) == ["issued"] * 12


def test_one_that_is_refused_does_not_hurt_the_others(service: ServiceRig) -> None:
    service.create_organization(units=20)
    admin = service.administrator(ORG)
    good, other, old, last = submit(service, 4, make_key())
    [mine] = submit(service, 1, make_key(), admin.administrator.email)
    first = signed(service, good, admin)
    items = [
        first,
        SignedApproval(other.id, b"no signature"),
        SignedApproval(other.id, first.signature),
        SignedApproval(NOWHERE, first.signature),
        signed(service, old, admin, seconds=-1),
        signed(service, mine, admin),
        first,
        signed(service, good, admin, minutes=11),
        signed(service, last, admin),
    ]
    refused = [
        "",
        "cms-form",
        "approval-content",
        "not-found",
        "statement-expired",
        "own-request",
        "approval-replayed",
        "request-state",
        "",
    ]
    assert kinds(hand_in(service, admin, items)) == refused
    assert states(service, [good, other, old, mine, last]) == ["approved", "pending", "pending", "pending", "approved"]
    written = [("administrator", "done", good.id, ""), ("administrator", "done", last.id, "")]
    written += [
        ("administrator", "refused", item.request_id, kind)
        for item, kind in zip(items, refused, strict=True)
        if kind not in {"", "not-found"}
    ]
    assert entries(service) == written
    assert entries(service, "provider") == [("administrator", "refused", NOWHERE, "not-found")]
    with service.house.database.read(service.clock()) as tx:
        stored = requests.approvals_of(tx, [good.id, other.id, old.id, mine.id, last.id])
    assert [len(found) for found in stored.values()] == [1, 0, 0, 0, 1]
    service.clock.advance(timedelta(seconds=1))
    assert kinds(hand_in(service, admin, [first, items[-1]])) == ["approval-replayed"] * 2


def test_two_approvals_of_one_request_may_come_together(service: ServiceRig) -> None:
    service.create_organization(policy=PolicyDraft(approvals=2))
    one = service.administrator(ORG)
    two = service.administrator(ORG, "Second Admin", by=one)
    together, alone = submit(service, 2, make_key())
    items = [
        signed(service, together, one),
        signed(service, alone, one),
        signed(service, together, one, minutes=20),
        signed(service, together, two),
        signed(service, together, two, minutes=20),
    ]
    outcomes = hand_in(service, one, items)
    assert kinds(outcomes) == ["", "", "already-approved", "", "request-state"]
    assert outcomes[:2] == [Approved(together.id, 1, 2), Approved(alone.id, 1, 2)]
    assert outcomes[3] == Approved(together.id, 2, 2)
    assert states(service, [together, alone]) == ["approved", "pending"]
    assert service.request(alone).changed_at > alone.changed_at, "the live queue shows the first approval of two"
    assert kinds(hand_in(service, two, [signed(service, alone, two)])) == [""]
    assert states(service, [alone]) == ["approved"]


def test_no_more_are_approved_than_units_are_left(service: ServiceRig) -> None:
    service.create_organization(units=5)
    admin = service.administrator(ORG)
    wanted = submit(service, 7, make_key())
    outcomes = hand_in(service, admin, [signed(service, request, admin) for request in wanted])
    assert kinds(outcomes) == [*[""] * 5, "no-units", "no-units"]
    assert states(service, wanted) == [*["approved"] * 5, "pending", "pending"]


def test_only_the_organizations_own_entitled_people_approve_its_own_requests(service: ServiceRig) -> None:
    service.create_organization(units=5)
    service.create_organization("bookstore", name="Book Store", domains=("bookstore.test",))
    admin = service.administrator(ORG)
    auditor = service.administrator(ORG, "Only Auditor", Role.AUDITOR, by=admin)
    gone = service.administrator(ORG, "Gone Admin", by=admin)
    stranger = service.administrator("bookstore")
    perform(service.house, OPERATOR, ABOUT, revoke_credential, ORG, gone.actor.credential_sha256, RevocationReason.KEY_COMPROMISE)
    request, another = submit(service, 2, make_key())
    foreign = service.submit("bookstore", make_csr(["www.bookstore.test"], make_key()))
    items = [signed(service, request, who) for who in (auditor, gone, stranger)]
    outcomes = hand_in(service, admin, [*items, signed(service, foreign, admin), signed(service, another, admin)])
    assert kinds(outcomes) == ["role", "credential-unusable", "signer-unknown", "not-found", ""]
    assert states(service, [request, another, foreign]) == ["pending", "approved", "pending"]


def test_what_concerns_all_keeps_nothing(service: ServiceRig) -> None:
    service.create_organization()
    admin = service.administrator(ORG)
    [request] = submit(service, 1, make_key())
    items = [signed(service, request, admin)]
    with pytest.raises(NotFound):
        perform(service.house, admin.actor, ABOUT, approve_requests, "no-such-organization", items)
    with service.house.database.write(service.clock()) as tx:
        tx.execute(sa.text("ALTER TABLE audit_objects RENAME TO hidden"))
    with pytest.raises(Unavailable):
        hand_in(service, admin, items)
    with service.house.database.write(service.clock()) as tx:
        tx.execute(sa.text("ALTER TABLE hidden RENAME TO audit_objects"))
    assert states(service, [request]) == ["pending"]
    assert kinds(hand_in(service, admin, items)) == [""]


def test_two_administrators_at_once_get_one_truth_of_each_request(service: ServiceRig, long_run: bool) -> None:  # noqa: FBT001 - a fixture
    """I20 and P10 for many: both hand in approvals of the same requests, one in the other order; each is approved once."""
    rounds, size = (100, 20) if long_run else (8, 8)
    service.create_organization(units=rounds * size)
    one = service.administrator(ORG)
    two = service.administrator(ORG, "Second Admin", by=one)
    for number in range(rounds):
        service.integrate()
        key = make_key()
        wanted = [service.submit(ORG, make_csr([f"host-{number}-{place}.{ORG}.test"], key)) for place in range(size)]
        batches = {
            one.administrator.id: (one, [signed(service, request, one) for request in wanted]),
            two.administrator.id: (two, [signed(service, request, two) for request in reversed(wanted)]),
        }
        results: dict[str, list[str]] = {}
        barrier = threading.Barrier(len(batches))

        def run(
            who: str, batch: tuple[AdministratorRig, list[SignedApproval]], found: dict[str, list[str]], gate: threading.Barrier
        ) -> None:
            gate.wait()
            found[who] = kinds(hand_in(service, *batch))

        threads = [threading.Thread(target=run, args=(who, batch, results, barrier)) for who, batch in batches.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        won = [kind for outcomes in results.values() for kind in outcomes if not kind]
        assert len(won) == size, results
        assert {kind for outcomes in results.values() for kind in outcomes} <= {"", "request-state"}
        assert states(service, wanted) == ["approved"] * size
    with service.house.database.read(service.clock()) as tx:
        assert tx.execute(sa.text("SELECT COUNT(*) FROM approvals")).scalar_one() == rounds * size
