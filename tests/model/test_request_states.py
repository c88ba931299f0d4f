"""The life of requests against a model: five actors in any order, the real actions and the real store.

Requester, two administrators, the system's sweep and the issuer do what they like with a handful of requests, one or two
approvals needed, few units, an issuer that may be away, and a clock that moves. After each act the database must say what
the model says, and the model knows nothing of the table of transitions in model/request.py: it is requirements 5.2 again.
"""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.certificate.reissue_certificate import reissue_certificate
from privyseal.actions.certificate.revoke_certificate import BySystem, revoke_certificate
from privyseal.actions.house import About, perform
from privyseal.actions.organization.place_order import place_order
from privyseal.actions.request.approve_request import approve_request
from privyseal.actions.request.confirm_request import confirm_request
from privyseal.actions.request.reject_request import reject_request
from privyseal.actions.request.submit_request import submit_request
from privyseal.actions.request.withdraw_request import withdraw_request
from privyseal.engine.csr import Csr, read_csr
from privyseal.engine.submission import RawSubmission, Submission, read_submission
from privyseal.issuer.desk import complete_batch
from privyseal.jobs.sweep import sweep
from privyseal.model.actor import ANONYMOUS, SYSTEM
from privyseal.model.errors import PrivysealError, Unavailable
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import IntentId, RequestId
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.proof import PhraseProof
from privyseal.model.request import Request
from privyseal.model.revocation import RevocationReason
from privyseal.model.statement import utc_text
from privyseal.model.unit import UnitTier
from privyseal.store import outbox, requests, units
from privyseal_wire.statements import Rejection
from tests.rigs.books import certificate_rows, check_certificates, check_orphans, check_units, intent_rows, rows
from tests.rigs.service import OPERATOR, PHRASE, AdministratorRig, ServiceRig, ServiceTemplate, make_csr, make_key

ORG = "resource-marketing"
ABOUT = About("test", ORG, "request", "x")
NAMES = tuple(f"{word}.resource-marketing.test" for word in ("one", "two", "three", "four", "five"))
ORPHAN_AFTER = timedelta(seconds=15)
PICK = st.integers(0, 9)
TRIES = 3
LONG_AGO = datetime.min.replace(tzinfo=UTC)

UNDECIDED = {"unconfirmed", "pending", "failed"}
FINAL = {"rejected", "withdrawn", "lapsed", "issued"}
STEPS = {
    "unconfirmed": {"pending", "rejected", "withdrawn", "lapsed"},
    "pending": {"approved", "rejected", "withdrawn", "lapsed"},
    "approved": {"issuing", "failed"},
    "issuing": {"approved", "issued"},
    "failed": {"approved", "rejected", "withdrawn"},
}
"""Requirements 5.2, row by row: from which state into which."""


@functools.cache
def submission(name: str) -> Submission:
    """Always the same key, names and contact, so that a second submission is the first one again; hashing is paid for once."""
    raw = RawSubmission(
        make_csr([name], make_key()), "tls-server", 365, ("web-server:www",), "Dana", f"dana@{ORG}.test", PHRASE, "nginx", ""
    )
    return read_submission(raw, os.urandom)


@functools.cache
def new_key(name: str, number: int) -> Csr:
    """One of two further keys for a name."""
    return read_csr(make_csr([name], make_key()).encode())


@dataclass(slots=True)
class Case:
    """What the model knows of one request."""

    id: RequestId
    name: str
    state: str
    code: str = ""
    is_reissue: bool = False
    replaces: Case | None = None
    changed_at: datetime = LONG_AGO
    approvals: dict[str, datetime] = field(default_factory=dict)
    decided_at: list[datetime] = field(default_factory=list)
    holds_unit: bool = False
    intent: IntentId | None = None
    prepared_at: datetime = LONG_AGO
    tries: int = 0
    serial: str = ""
    revoked_at: datetime | None = None
    revoke_after: datetime | None = None

    def fail(self) -> None:
        """Back to the administrators: the unit is free again, the approvals are void."""
        self.state, self.intent, self.holds_unit, self.tries = "failed", None, False, 0
        self.approvals.clear()


class RequestLife(RuleBasedStateMachine):
    """``make`` gives a fresh service. Requests are picked by number, so that every act finds one."""

    make: Callable[[], ServiceRig]

    @initialize(approvals=st.sampled_from([1, 2]))
    def open(self, approvals: int) -> None:
        self.needed = approvals
        self.service = type(self).make()
        self.house, self.clock = self.service.house, self.service.clock
        self.service.listeners[FactKind.REQUEST_RECEIVED] = ("letters",)
        self.service.create_organization(units=5, policy=PolicyDraft(approvals=approvals))
        one = self.service.administrator(ORG)
        self.people = (one, self.service.administrator(ORG, by=one))
        self.requester = self.service.machine(ORG)
        self.known: dict[RequestId, Case] = {}
        self.bought = 5
        self.signatures = 0
        self.seen: dict[str, str] = {}
        for name, by_machine in zip(NAMES[:4], (True, False, True, True), strict=True):
            self.submit_as(name, by_machine=by_machine)
        self.service.integrate()

    def pick(self, number: int) -> Case:
        return list(self.known.values())[number % len(self.known)]

    # -------------------------------------------------------------------------------------------------- the model's own

    @property
    def now(self) -> datetime:
        return self.clock()

    @property
    def available(self) -> int:
        used = sum(case.state == "issued" and not case.is_reissue for case in self.known.values())
        return self.bought - used - sum(case.holds_unit for case in self.known.values())

    def current(self, case: Case) -> int:
        return sum(end > self.now for end in case.approvals.values())

    def expect(self, kind: str, act: Callable[[], object]) -> None:
        """The act is done (``kind`` empty) or refused with this kind."""
        try:
            act()
        except PrivysealError as error:
            assert error.kind == kind, (kind, error)
        else:
            assert not kind, kind

    def prepared(self, case: Case) -> None:
        """What preparing makes of an approved request, unless units are short."""
        if self.current(case) < self.needed or case.tries >= TRIES:
            case.fail()
        else:
            case.state, case.prepared_at = "issuing", self.now
            case.holds_unit = not case.is_reissue
            with self.house.database.read(self.now) as tx:
                [row] = rows(tx, intent_rows, intent_rows.c.request_id == case.id, intent_rows.c.state == "prepared")
            case.intent = row["id"]

    def completed(self, case: Case) -> None:
        """What completing makes of a prepared request: nothing without current approvals."""
        if self.current(case) < self.needed:
            return
        case.state, case.holds_unit, case.intent = "issued", False, None
        if case.replaces is not None and case.replaces.revoke_after is None:
            case.replaces.revoke_after = self.now + timedelta(days=7)

    # ------------------------------------------------------------------------------------------------------- requester

    @rule(name=st.sampled_from(NAMES), by_machine=st.booleans())
    def submit(self, name: str, by_machine: bool) -> None:  # noqa: FBT001 - Hypothesis passes by name
        self.submit_as(name, by_machine=by_machine)

    def submit_as(self, name: str, *, by_machine: bool) -> None:
        actor = self.requester if by_machine else ANONYMOUS
        if self.available < 1:
            self.expect("no-units", lambda: perform(self.house, actor, ABOUT, submit_request, ORG, submission(name)))
            return
        before = [case for case in self.known.values() if (case.name, case.is_reissue) == (name, False) and case.state not in FINAL]
        submitted = perform(self.house, actor, ABOUT, submit_request, ORG, submission(name))
        if before:
            assert ([submitted.request.id], submitted.is_new) == ([case.id for case in before], False)
            return
        assert submitted.is_new
        case = Case(submitted.request.id, name, "pending" if by_machine else "unconfirmed", changed_at=self.now)
        with self.house.database.read(self.now) as tx:
            [payload] = [row["payload"] for row in rows(tx, outbox.outbox) if row["payload"].get("request") == case.id]
        case.code = payload.get("code", "")
        self.known[case.id] = case

    @rule(number=PICK, is_right=st.booleans())
    def confirm(self, number: int, is_right: bool) -> None:  # noqa: FBT001 - Hypothesis passes by name
        case = self.pick(number)
        code = case.code if is_right else "wrong"
        over = "request-over" if case.state in {"withdrawn", "lapsed"} else ""
        kind = over if case.code and is_right else "confirmation-not-found"
        self.expect(kind, lambda: perform(self.house, ANONYMOUS, ABOUT, confirm_request, ORG, case.id, code))
        if not kind and case.state == "unconfirmed":
            case.state, case.changed_at = "pending", self.now

    def withdraw(self, case: Case) -> None:
        kind = "" if case.state in UNDECIDED else "request-state"
        assert self.requester.organization_id is not None
        proof = PhraseProof(self.requester.organization_id, case.id)
        self.expect(kind, lambda: perform(self.house, ANONYMOUS, ABOUT, withdraw_request, ORG, proof))
        if not kind:
            case.state = "withdrawn"

    @precondition(lambda self: any(case.state == "issued" and not case.is_reissue for case in self.known.values()))
    @rule(number=PICK, key=st.integers(0, 1))
    def reissue(self, number: int, key: int) -> None:
        issued = [case for case in self.known.values() if case.state == "issued" and not case.is_reissue]
        old = issued[number % len(issued)]
        csr = new_key(old.name, key)
        if old.revoked_at is not None and self.now > old.revoked_at + timedelta(days=30):
            kind = "not-reissuable"
            self.expect(kind, lambda: perform(self.house, self.requester, ABOUT, reissue_certificate, ORG, old.serial, csr, None))
            return
        request = perform(self.house, self.requester, ABOUT, reissue_certificate, ORG, old.serial, csr, None)
        if request.id not in self.known:
            self.known[request.id] = Case(request.id, old.name, "pending", is_reissue=True, replaces=old, changed_at=self.now)

    # -------------------------------------------------------------------------------------------------- administrators

    def sign_anew(self) -> timedelta:
        """A life that no earlier statement had, so that none is taken for a replay."""
        self.signatures += 1
        return timedelta(minutes=10, seconds=self.signatures)

    @rule(number=PICK, who=st.integers(0, 1))
    def approve(self, number: int, who: int) -> None:
        self.approve_as(self.pick(number), self.people[who])

    @rule(number=PICK, goes_on=st.booleans())
    def decide(self, number: int, goes_on: bool) -> None:  # noqa: FBT001 - Hypothesis passes by name
        """As many administrators as it takes; then the entrance prepares at once, as it does, unless it dies."""
        for admin in self.people[: self.needed]:
            self.approve_as(self.pick(number), admin)
        if goes_on:
            self.prepare_as(self.pick(number))

    def approve_as(self, case: Case, admin: AdministratorRig) -> None:
        content = self.service.approval_content(self.service.request(self.stored(case)), admin, life=(life := self.sign_anew()))
        signature = self.service.sign(content, admin)
        kind = self.refusal_of_approval(case, admin)
        self.expect(kind, lambda: perform(self.house, admin.actor, ABOUT, approve_request, ORG, case.id, signature))
        if kind:
            return
        case.approvals[admin.administrator.id] = self.now + life
        case.decided_at.append(self.now)
        case.changed_at = self.now
        if self.current(case) >= self.needed:
            case.state = "approved"

    def refusal_of_approval(self, case: Case, admin: AdministratorRig) -> str:
        if case.state not in {"pending", "failed"}:
            return "request-state"
        if not case.is_reissue and self.available < 1:
            return "no-units"
        return "already-approved" if case.approvals.get(admin.administrator.id, LONG_AGO) > self.now else ""

    @rule(number=PICK, who=st.integers(0, 2))
    def turn_down(self, number: int, who: int) -> None:
        """An administrator rejects, or the requester withdraws: one act, or most requests would end with one of the two."""
        if who == len(self.people):
            self.withdraw(self.pick(number))
        else:
            self.reject(self.pick(number), self.people[who])

    def reject(self, case: Case, admin: AdministratorRig) -> None:
        statement = Rejection(
            service=self.service.settings.service_id,
            organization=ORG,
            request=case.id,
            approver=admin.administrator.id,
            reason="Not ours",
            expires=utc_text(self.now + self.sign_anew()),
        )
        signature = self.service.sign(statement.to_bytes(), admin)
        kind = "" if case.state in UNDECIDED else "request-state"
        self.expect(kind, lambda: perform(self.house, admin.actor, ABOUT, reject_request, ORG, case.id, signature))
        if not kind:
            case.state = "rejected"

    @rule(number=PICK)
    def revoke(self, number: int) -> None:
        case = self.pick(number)
        serial = case.serial or "51" + "0" * 34
        reason = BySystem(RevocationReason.SUPERSEDED)
        self.expect("" if case.serial else "not-found", lambda: perform(self.house, SYSTEM, ABOUT, revoke_certificate, ORG, serial, reason))
        if case.serial and case.revoked_at is None:
            case.revoked_at = self.now

    @rule(quantity=st.integers(1, 2))
    def order(self, quantity: int) -> None:
        perform(self.house, OPERATOR, ABOUT, place_order, ORG, UnitTier.STANDARD, quantity, "PO 2")
        self.bought += quantity

    # ------------------------------------------------------------------------------------- entrance, issuer and system

    @rule(number=PICK)
    def prepare(self, number: int) -> None:
        self.prepare_as(self.pick(number))

    def prepare_as(self, case: Case) -> None:
        short = case.state == "approved" and not case.is_reissue and not case.holds_unit and self.available < 1
        prepared = perform(self.house, SYSTEM, ABOUT, prepare_certificates, [case.id])
        if case.state != "approved":
            assert prepared == type(prepared)((), ())
        elif short:
            case.fail()
        else:
            self.prepared(case)

    @rule(number=PICK, again=st.booleans())
    def complete(self, number: int, again: bool) -> None:  # noqa: FBT001 - Hypothesis passes by name
        case = self.pick(number)
        if case.intent is None:
            return
        intent_id = case.intent
        self.completed(case)
        for _ in range(2 if again else 1):
            assert complete_batch(self.house, self.service.keys, [intent_id])[intent_id].ok == (case.state == "issued")

    @rule(is_issuer_up=st.booleans(), seconds=st.sampled_from([0, 20]))
    def sweep(self, is_issuer_up: bool, seconds: int) -> None:  # noqa: FBT001 - Hypothesis passes by name
        self.clock.advance(timedelta(seconds=seconds))
        self.service.integrate()
        now = self.now
        self.foresee_orphans(now)
        ready = [
            case for case in self.known.values() if case.state == "approved" and all(at < now - ORPHAN_AFTER for at in case.decided_at)
        ]
        wanting = [case for case in ready if self.current(case) >= self.needed and case.tries < TRIES and not case.holds_unit]
        served = min(self.available, sum(not case.is_reissue for case in wanting))

        def complete(intent_ids: Sequence[IntentId]) -> None:
            if not is_issuer_up:
                raise Unavailable("issuer", "The issuer does not answer.")
            complete_batch(self.house, self.service.keys, intent_ids)

        handed = (
            any(self.current(case) >= self.needed and case.tries < TRIES for case in ready if case.holds_unit or case.is_reissue) or served
        )
        self.expect("issuer" if handed and not is_issuer_up else "", lambda: sweep(self.house, complete))
        self.foresee_sweep(ready, served, is_issuer_up=is_issuer_up)

    def foresee_orphans(self, now: datetime) -> None:
        """What the sweep does before it prepares."""
        for case in self.known.values():
            if case.state == "issuing" and case.prepared_at < now - ORPHAN_AFTER:
                case.state, case.intent, case.tries = "approved", None, case.tries + 1
            waited = {"unconfirmed": timedelta(days=7), "pending": timedelta(days=30)}.get(case.state)
            if waited is not None and case.changed_at < now - waited:
                case.state = "lapsed"
            if case.revoke_after is not None and case.revoke_after <= now:
                case.revoked_at = case.revoked_at or now

    def foresee_sweep(self, ready: list[Case], served: int, *, is_issuer_up: bool) -> None:
        """Which of several gets the last unit is nobody's promise: the database says it, the count is checked."""
        lucky = 0
        for case in ready:
            needs = not case.holds_unit and not case.is_reissue
            if needs and self.current(case) >= self.needed and case.tries < TRIES:
                if self.service.request(self.stored(case)).state.value == "failed":
                    case.fail()
                    continue
                lucky += 1
            if self.current(case) < self.needed or case.tries >= TRIES:
                case.fail()
            elif is_issuer_up:
                self.completed(case)
            else:
                self.prepared(case)
        assert lucky == served

    @rule(seconds=st.sampled_from([20, 20, 660, 8 * 86_400, 31 * 86_400]))
    def wait(self, seconds: int) -> None:
        if self.clock.offset + timedelta(seconds=seconds) < timedelta(days=100):
            self.clock.advance(timedelta(seconds=seconds))
        self.service.integrate()

    # ------------------------------------------------------------------------------------------------------ invariants

    def stored(self, case: Case) -> Request:
        with self.house.database.read(self.now) as tx:
            return requests.get_many(tx, [case.id])[case.id]

    @invariant()
    def the_database_says_what_the_model_says(self) -> None:
        with self.house.database.read(self.now) as tx:
            states = {row["id"]: row["state"] for row in rows(tx, requests.requests)}
            issued = {row["request_id"]: row for row in rows(tx, certificate_rows)}
            intents = [row["request_id"] for row in rows(tx, intent_rows, intent_rows.c.state == "prepared") if row["request_id"]]
            assert self.requester.organization_id is not None
            balance = units.balance(tx, self.requester.organization_id, UnitTier.STANDARD)
            check_units(tx, is_settled=False)
        for case in self.known.values():
            if case.state == "issued" and not case.serial:
                case.serial = issued[case.id]["serial_hex"]
        assert states == {case.id: case.state for case in self.known.values()}
        assert {key: (row["serial_hex"], row["state"]) for key, row in issued.items()} == {
            case.id: (case.serial, "revoked" if case.revoked_at else "valid") for case in self.known.values() if case.state == "issued"
        }
        assert sorted(intents) == sorted(case.id for case in self.known.values() if case.state == "issuing")
        assert (balance.bought, balance.available) == (self.bought, self.available)

    @invariant()
    def every_step_is_one_of_the_table(self) -> None:
        with self.house.database.read(self.now) as tx:
            states = {row["id"]: row["state"] for row in rows(tx, requests.requests)}
        for request_id, state in states.items():
            reached = {self.seen.get(request_id, state)}
            before = self.seen.get(request_id)
            # One act may take several steps: the sweep abandons, prepares and completes.
            for _ in range(4):
                reached |= {target for source in reached for target in STEPS.get(source, set())}
            assert state in reached, (before, state)
            assert before not in FINAL or before == state
        self.seen = states

    def teardown(self) -> None:
        if not hasattr(self, "service"):
            return
        self.service.integrate()
        with self.house.database.read(self.now) as tx:
            check_certificates(self.service, tx)
            check_orphans(tx)
        self.service.close()
        shutil.rmtree(self.service.directory)


def test_five_actors_in_any_order(sqlite_template: ServiceTemplate, tmp_path: Path, long_run: bool) -> None:  # noqa: FBT001 - a fixture
    count = iter(range(1_000_000))

    class Life(RequestLife):
        make = staticmethod(lambda: ServiceRig(tmp_path / str(next(count)), template=sqlite_template))

    runs, steps = (300, 60) if long_run else (20, 30)
    # Every run makes a service of its own, which is slow to Hypothesis and quick to us.
    relaxed = settings(max_examples=runs, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Life, settings=relaxed)


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
def test_a_person_who_looks_at_a_failed_request_may_let_it_be_tried_again(service: ServiceRig) -> None:
    """Three orphans, and the request waits for an administrator; a new approval is worth three new tries."""
    service.create_organization()
    admin = service.administrator(ORG)
    request = service.submit(ORG, make_csr([NAMES[0]], make_key()))
    service.approve(request, admin)

    def give_up(_intents: object) -> None:
        raise Unavailable("issuer", "The issuer does not answer.")

    for _ in range(TRIES):
        service.clock.advance(ORPHAN_AFTER + timedelta(seconds=1))
        service.integrate()
        with pytest.raises(Unavailable):
            sweep(service.house, give_up)
    service.clock.advance(ORPHAN_AFTER + timedelta(seconds=1))
    service.integrate()
    assert sweep(service.house, give_up).prepared == 0
    assert service.request(request).state.value == "failed"
    service.approve(service.request(request), admin)
    assert [result.ok for result in service.prepare_and_complete(request.id)] == [True]
