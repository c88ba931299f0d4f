"""The steps of an enrolment and the draft that they fill: each step is an address of its own, and what was answered stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from privyseal.actions.request.save_draft import save_draft
from privyseal.look.frame import Link
from privyseal.look.words import gettext
from privyseal.model.draft import Answers, Draft
from privyseal.model.errors import NotFound, Refused
from privyseal.model.identifiers import DraftId
from privyseal.model.organization import Organization
from privyseal.model.policy import Policy, require_lifetime
from privyseal.pages.portal.entry import home, look_up, part
from privyseal.reception.site import Visit
from privyseal.store import drafts, policies
from privyseal.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the last part of its address, and whether these answers have it behind them."""

    name: str
    is_done: Callable[[Answers], bool]


STEPS = (
    Step("server", lambda answers: bool(answers.platform)),
    # Names are asked only to write commands with; who has a CSR already passes by.
    Step("names", lambda answers: bool(answers.names or answers.csr)),
    Step("csr", lambda answers: bool(answers.csr)),
    Step("use", lambda answers: bool(answers.lifetime_days and answers.servers)),
    Step("contact", lambda answers: bool(answers.contact_name and answers.contact_email)),
)


def titles() -> list[str]:
    """Return the names of all steps, the last one included, as the reader sees them."""
    return [gettext("Server"), gettext("Names"), gettext("CSR"), gettext("Time and servers"), gettext("Contact"), gettext("Check and send")]


def first_open(answers: Answers) -> str:
    """Return the first step that is not answered, or ``check``."""
    return next((step.name for step in STEPS if not step.is_done(answers)), "check")


def after(answers: Answers, step: str) -> str:
    """Return where to go on from a step: where something is missing after it, the next one; otherwise to the check."""
    names = [each.name for each in STEPS]
    return "check" if first_open(answers) == "check" else [*names, "check"][names.index(step) + 1]


def place(visit: Visit, draft: Draft, step: str) -> str:
    """Return the address of a step."""
    return f"{home(visit)}/enroll/{draft.id}/{step}"


def with_draft(answer: Callable[[Visit, Draft], Response]) -> Callable[[Visit], Response]:
    """Return a page's function that is given the draft of the address; one that was sent leads to its request."""

    def answer_with_draft(visit: Visit) -> Response:
        draft_id = DraftId(part(visit, "draft"))
        try:
            draft = look_up(visit, lambda tx, organization: drafts.require(tx, organization.id, draft_id))
        except NotFound as error:
            return _show_gone(visit, error)
        if draft.request_id is not None:
            return visit.go_to(f"{home(visit)}/requests/{draft.request_id}/received")
        return answer(visit, draft)

    return answer_with_draft


def _show_gone(visit: Visit, error: NotFound) -> Response:
    if error.kind != "draft-not-found":
        raise error
    values: dict[str, object] = {
        "heading": gettext("Your answers are not here any more"),
        "sentence": gettext("Answers are deleted after seven days. Start again."),
        "way_on": Link(f"{home(visit)}/enroll", gettext("Start again")),
    }
    return visit.show("kinds/refusal.html", values, status=404)


def save(visit: Visit, draft: Draft, **answers: Any) -> Draft:  # noqa: ANN401 - fields of Answers
    """Keep answers; raises as save_draft. The id opens the draft, so no log has it."""
    return visit.perform(visit.about("save-draft", "draft", "draft"), save_draft, visit.slug, draft.id, answers)


def show_step(visit: Visit, draft: Draft | None, step: str, values: dict[str, object], status: int = 200) -> Response:
    """Show a step with what was answered so far."""
    return visit.show(f"portal/enroll_{step}.html", step_values(visit, draft, step) | values, status=status)


def step_values(visit: Visit, draft: Draft | None, step: str) -> dict[str, object]:
    """Return what the template of every step knows."""
    order = [*(each.name for each in STEPS), "check"]
    return {
        "home": home(visit),
        "draft": draft,
        "answers": draft.answers if draft else Answers(),
        "step_titles": titles(),
        "step_number": order.index(step) + 1,
        "back": _back(visit, draft, order.index(step)),
    }


def _back(visit: Visit, draft: Draft | None, number: int) -> str:
    if draft is None or number == 0:
        return f"{home(visit)}/"
    return place(visit, draft, STEPS[number - 1].name)


@dataclass(frozen=True, slots=True)
class Offer:
    """A policy that anybody may ask under, with the lives in days that it allows today."""

    policy: Policy
    lives: tuple[int, ...]


def offers(tx: Transaction, organization: Organization) -> tuple[Offer, ...]:
    """Return what can be asked for here without a credential."""
    found = [policy for policy in policies.of_organization(tx, organization.id) if policy.open_enrollment]
    return tuple(Offer(policy, tuple(sorted(days for days in policy.lifetimes_days if _is_allowed(tx, policy, days)))) for policy in found)


def _is_allowed(tx: Transaction, policy: Policy, days: int) -> bool:
    try:
        require_lifetime(policy, days, tx.now)
    except Refused:
        return False
    return True
