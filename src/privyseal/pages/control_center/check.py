"""The check page of a request: what will be signed, every verdict with its evidence, the decisions; and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from privyseal.actions.department.move_request import MOVABLE
from privyseal.actions.house import House
from privyseal.actions.pausing import pause_of
from privyseal.actions.request.judge_request import judge_request
from privyseal.look.words import gettext
from privyseal.model.administrator import Permission
from privyseal.model.certificate import Certificate
from privyseal.model.identifiers import AdministratorId, RequestId
from privyseal.model.organization import Organization
from privyseal.model.policy import Policy
from privyseal.model.question import Question
from privyseal.model.request import TRANSITIONS, Request, RequestEvent, RequestState, is_own_request
from privyseal.model.scope import Scope
from privyseal.model.statement import approval_fields
from privyseal.model.verdict import Verdict
from privyseal.pages.control_center.department_words import department_words
from privyseal.pages.control_center.differences import Previous, changed_terms, facts_of, previous_of
from privyseal.pages.control_center.entry import home, look_up, may, nothing_here, part, sight
from privyseal.pages.control_center.history import Happened, history_of
from privyseal.pages.control_center.queue import check_address, chosen_next, summary_address, tally_of
from privyseal.pages.control_center.words import request_state
from privyseal.reception.signing import Signing, end_of_statement, offer
from privyseal.reception.site import Visit
from privyseal.store import administrators, certificates, departments, policies, questions, requests
from privyseal.store.database import Transaction
from privyseal_wire.canonical import canonical_bytes

CAN_BE_APPROVED: Final = TRANSITIONS[RequestEvent.APPROVE][0]
CAN_BE_REJECTED: Final = TRANSITIONS[RequestEvent.REJECT][0]


@dataclass(frozen=True, slots=True)
class Matter:
    """A request with everything that a decision about it rests on.

    ``approvers`` are the names of who approved it so far, ``is_paused`` tells that its CA issues nothing now.
    """

    request: Request
    policy: Policy
    previous: Previous | None
    certificate: Certificate | None
    questions: list[Question]
    approvers: list[str]
    approver_ids: list[str]
    history: list[Happened]
    path: str
    department: str
    is_paused: bool

    @property
    def missing(self) -> int:
        """How many approvals are still missing."""
        return max(0, self.policy.approvals - len(self.approvers))


def matter_of(visit: Visit) -> Matter:
    """Return the request of the address; raises NotFound."""
    request_id = RequestId(part(visit, "request"))
    return look_up(visit, lambda tx, organization: _matter(visit.house, tx, organization, request_id, sight(visit)))


def _matter(house: House, tx: Transaction, organization: Organization, request_id: RequestId, mine: Scope) -> Matter:
    request = requests.get(tx, organization.id, request_id, scope=mine)
    if request is None:
        raise nothing_here()
    policy, _ = policies.get(tx, request.policy_id, request.policy_version)
    given = {item.administrator_id for item in requests.approvals_of(tx, [request.id])[request.id] if _counts(item, request, tx)}
    certificate = certificates.of_request(tx, request.id)
    objects = [request.id, *([certificate.serial_hex] if certificate else [])]
    return Matter(
        request=request,
        policy=policy,
        previous=previous_of(tx, organization, request, mine),
        certificate=certificate,
        questions=questions.of_request(tx, request.id),
        approvers=[_name_of(tx, person_id) for person_id in sorted(given)],
        approver_ids=sorted(given),
        history=history_of(tx, organization, objects, mine),
        path=departments.path_of(tx, request.department_id),
        department=department_words(tx, organization, request.department_id),
        is_paused=pause_of(house, tx, organization) is not None,
    )


def _counts(approval: requests.Approval, request: Request, tx: Transaction) -> bool:
    is_over = request.state not in CAN_BE_APPROVED
    return approval.is_current(tx.now) or (is_over and approval.decision == "approve")


def _name_of(tx: Transaction, person_id: str) -> str:
    person = administrators.get(tx, AdministratorId(person_id))
    return person.name if person else person_id


def approval_content(visit: Visit, matter: Matter) -> bytes:
    """Return the bytes that whoever is signed in signs to approve, good for an hour from now."""
    fields = approval_fields(
        matter.request,
        matter.policy,
        service=visit.house.service.service_id,
        organization=visit.slug,
        approver=visit.person.id,
        expires=end_of_statement(visit),
    )
    return canonical_bytes(fields)


def show_check(visit: Visit) -> Response:
    """Show the request as it stands now."""
    return check_page(visit)


def check_page(visit: Visit, status: int = 200) -> Response:
    """Return the check page, with what is wrong in its summary where something is."""
    request_id = RequestId(part(visit, "request"))

    def work(tx: Transaction, organization: Organization) -> tuple[Matter, tuple[Verdict, ...]]:
        # In one transaction: the verdicts are about the request as it is shown.
        verdicts = judge_request(visit.house, tx, visit.actor, visit.slug, request_id)
        return _matter(visit.house, tx, organization, request_id, sight(visit)), verdicts

    matter, verdicts = look_up(visit, work)
    decides = may(visit, Permission.APPROVE, matter.path)
    approves = decides and matter.request.state in CAN_BE_APPROVED and not _is_own(visit, matter)
    facts = facts_of(matter.request, matter.policy, matter.previous, matter.department)
    values = values_of(visit, matter) | {
        "facts": facts,
        "changed": changed_terms(facts),
        "verdict_rows": [(item.finding.value, item.sentence, item.evidence) for item in verdicts],
        "has_refusal": any(item.finding.value == "bad" for item in verdicts),
        "signing": _signing(visit, matter) if approves and not matter.is_paused and not _has_approved(visit, matter) else None,
        "waits_for_ca": approves and matter.is_paused,
        "has_approved": _has_approved(visit, matter),
        "may_reject": decides and matter.request.state in CAN_BE_REJECTED,
        "may_hold": decides and matter.request.state is RequestState.PENDING,
        "may_release": decides and matter.request.state is RequestState.HELD,
        "decides": decides,
        "may_move": may(visit, Permission.MOVE, matter.path) and matter.request.state in MOVABLE,
    }
    return visit.show("control_center/check.html", values, status=status)


def _is_own(visit: Visit, matter: Matter) -> bool:
    return is_own_request(matter.request, visit.person.id, visit.person.email)


def _has_approved(visit: Visit, matter: Matter) -> bool:
    return visit.person.id in matter.approver_ids and matter.request.state in CAN_BE_APPROVED


def _signing(visit: Visit, matter: Matter) -> Signing:
    action = check_address(visit, matter.request.id, chosen_next(visit), "/approval")
    command = f"seal request approve {matter.request.id}"
    return offer(visit, approval_content(visit, matter), action=action, command=command)


def values_of(visit: Visit, matter: Matter) -> dict[str, object]:
    """Return what every page about a request shows."""
    request = matter.request
    then = chosen_next(visit)
    return {
        "home": home(visit),
        "place": f"{home(visit)}/requests/{request.id}",
        "ways": {way: check_address(visit, request.id, then, f"/{way}") for way in ("rejection", "hold", "release", "decided")},
        "matter": matter,
        "request": request,
        "title": request.names[0][1],
        "stands": request_state(request.state),
        "platform": request.server_platform or gettext("not named"),
        "then": then,
        "next_address": next_address(visit, then),
        "before": _before(visit),
    }


def next_address(visit: Visit, then: Sequence[str]) -> str:
    """Return the check page of the next chosen request, after the last one the sum of them; "" where one alone is decided."""
    tally = tally_of(visit)
    if then:
        return check_address(visit, then[0], then[1:])
    return summary_address(visit, tally) if tally else ""


def _before(visit: Visit) -> tuple[str, str] | None:
    """Return name and state of the chosen request that was approved last, on the page of the next."""
    tally = tally_of(visit)
    if tally is None or not tally.last or tally.last == visit.path("request"):
        return None
    last = RequestId(tally.last)
    request = look_up(visit, lambda tx, organization: requests.get(tx, organization.id, last, scope=sight(visit)))
    return (request.names[0][1], request_state(request.state)[1]) if request else None


def show_decided(visit: Visit) -> Response:
    """Tell what came of the decision: the certificate, one more approval needed, or issued as soon as the issuer is back."""
    matter = matter_of(visit)
    if matter.request.state in {RequestState.PENDING, RequestState.FAILED} and not matter.approvers:
        return visit.go_to(check_address(visit, matter.request.id, chosen_next(visit)))
    return visit.show("control_center/decided.html", values_of(visit, matter))
