"""Applying to become an organization: a form for anybody, in steps (A35).

Nothing of a stranger is stored before he sends the whole: each page carries the answers of the others along, unseen, in its form. So
the steps have one address, and every button leads from what was typed to another step or, from the last, to the application.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from privyseal.actions.house import About, attempt
from privyseal.actions.organization.submit_application import submit_application
from privyseal.engine.application_form import READERS
from privyseal.look.words import gettext
from privyseal.model.errors import BadRequest, Refused, TooManyRequests
from privyseal.reception.site import Visit

CHECK: Final = "check"


@dataclass(frozen=True, slots=True)
class Step:
    """One page of the form: its name, which its template has too, and the fields that it asks for."""

    name: str
    fields: tuple[str, ...]


STEPS: Final = (
    Step(
        "organization",
        ("name", "registration_number", "country", "state_or_province", "locality", "address", "telephone", "website"),
    ),
    Step("wishes", ("domains", "slug")),
    Step(
        "people",
        (
            *("corporate_name", "corporate_email", "administrator_name", "administrator_email"),
            *("technical_name", "technical_email", "billing_name", "billing_email"),
        ),
    ),
)
_STEP_OF: Final = {field: step for step in STEPS for field in step.fields}
_ABOUT: Final = About("submit-application", "", "application", "new")


def show_form(visit: Visit) -> Response:
    """Ask the first questions."""
    return _ask(visit, STEPS[0])


def answer(visit: Visit) -> Response:
    """Go on from a step, back to one, or send the whole, which is what a form without a step asks for.

    Going on, what is wrong with any field of the step is told at once. Whatever the answer, it is the same whoever exists already.
    """
    wanted = _step(visit.form.value("go"))
    if wanted is not None:
        return _ask(visit, wanted)
    step = _step(visit.form.value("step"))
    if step is None:
        return _send(visit)
    wrong = _wrong(visit, step)
    if wrong:
        return _refuse(visit, step, wrong)
    following = next((each for each in STEPS if _wrong(visit, each)), None)
    return _check(visit) if following is None else _ask(visit, following)


def _step(name: str) -> Step | None:
    return next((step for step in STEPS if step.name == name), None)


def _wrong(visit: Visit, step: Step) -> dict[str, Refused]:
    """Return what is wrong, by field."""
    found: dict[str, Refused] = {}
    for name in step.fields:
        try:
            READERS[name](visit.form.value(name))
        except Refused as refusal:
            found[name] = refusal
    return found


def _refuse(visit: Visit, step: Step, wrong: Mapping[str, Refused]) -> Response:
    """Show a step again; the first of what is wrong stands for all of it in the audit log."""

    def refuse() -> None:
        raise next(iter(wrong.values()))

    with suppress(Refused):
        attempt(visit.house, visit.actor, _ABOUT, refuse)
    return _ask_again(visit, step, wrong)


def _ask_again(visit: Visit, step: Step, wrong: Mapping[str, Refused]) -> Response:
    missing, labels = gettext("{label} is missing."), _labels()
    for name, refusal in wrong.items():
        visit.form.refuse(name, refusal.sentence if visit.form.value(name) else missing.format(label=labels[name]))
    return _ask(visit, step, 422)


def _send(visit: Visit) -> Response:
    fields = {name: visit.form.value(name) for name in READERS}
    try:
        visit.perform(_ABOUT, submit_application, fields)
    except TooManyRequests as error:
        visit.form.refuse("", error.sentence)
        answer = _check(visit, 429)
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
        return answer
    except (Refused, BadRequest) as error:
        step = _STEP_OF.get(error.field)
        if step is not None:
            return _ask_again(visit, step, _wrong(visit, step))
        visit.form.refuse("", error.sentence)
        return _check(visit, 422)
    return visit.go_to("/apply/sent")


def _ask(visit: Visit, step: Step, status: int = 200) -> Response:
    number = STEPS.index(step)
    values: dict[str, object] = {
        "back": STEPS[number - 1].name if number else "",
        "offers_trials": visit.house.offers_trials,
    }
    return _show(visit, step.name, [name for name in READERS if name not in step.fields], values, status)


def _check(visit: Visit, status: int = 200) -> Response:
    return _show(visit, CHECK, list(READERS), {"back": STEPS[-1].name, "steps": STEPS}, status)


def _show(visit: Visit, name: str, carried: list[str], values: dict[str, object], status: int) -> Response:
    """``carried`` are the fields whose answers go along unseen."""
    order = [*(step.name for step in STEPS), CHECK]
    every: dict[str, object] = {
        "step": name,
        "step_titles": [gettext("Organization"), gettext("Domains"), gettext("People"), gettext("Check and send")],
        "step_number": order.index(name) + 1,
        "labels": _labels(),
        "carried": {field: visit.form.value(field) for field in carried},
    }
    return visit.show(f"public/apply_{name}.html", every | values, status=status)


def _labels() -> dict[str, str]:
    """What the fields are called where they stand together."""
    return {
        "name": gettext("Legal name"),
        "registration_number": gettext("Registration number"),
        "country": gettext("Country"),
        "state_or_province": gettext("State or province"),
        "locality": gettext("City"),
        "address": gettext("Street and number, postal code"),
        "telephone": gettext("Telephone"),
        "website": gettext("Website"),
        "domains": gettext("Domains"),
        "slug": gettext("Short name you would like"),
        "corporate_name": gettext("Corporate contact: name"),
        "corporate_email": gettext("Corporate contact: mail address"),
        "technical_name": gettext("Technical contact: name"),
        "technical_email": gettext("Technical contact: mail address"),
        "billing_name": gettext("Billing contact: name"),
        "billing_email": gettext("Billing contact: mail address"),
        "administrator_name": gettext("First administrator: full name"),
        "administrator_email": gettext("First administrator: mail address"),
    }
