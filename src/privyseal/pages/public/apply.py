"""Applying to become an organization: a form for anybody, in steps (A35).

Nothing of a stranger is stored here before he sends the whole: the answers of each step wait in a cookie of his own browser, for an
hour, and go through the same checks again when they are sent.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
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
KEPT_SECONDS: Final = 3600
MAXIMUM_COOKIE: Final = 3_800
"""Characters of one cookie's value; browsers keep 4,096 with its name and its attributes (RFC 6265, 6.1)."""


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
    """Ask the questions of a step, or show all answers; who has not come so far is asked what comes first."""
    _fill_in(visit)
    wanted = visit.query("step")
    missing = next((each for each in STEPS if _wrong(visit, each)), None)
    if wanted == CHECK:
        return _check(visit) if missing is None else _ask(visit, missing)
    step = _step(wanted) or STEPS[0]
    return _ask(visit, step if missing is None or STEPS.index(step) <= STEPS.index(missing) else missing)


def answer(visit: Visit) -> Response:
    """Keep the answers of a step and go on, or send the whole, which is what a form without a step asks for.

    What is wrong with any field of a step is told at once. Whatever is sent, the answer is the same whoever exists already.
    """
    step = _step(visit.form.value("step"))
    if step is None:
        _fill_in(visit)
        return _send(visit)
    wrong = _wrong(visit, step)
    if not wrong and len(_packed(visit, step)) > MAXIMUM_COOKIE:
        longest = max(step.fields, key=lambda name: len(visit.form.value(name)))
        sentence = gettext("That is too much for one form. Shorten it, and tell the provider the rest later.")
        wrong = {longest: Refused("application-size", sentence, field=longest)}
    if wrong:
        return _refuse(visit, step, wrong)
    _fill_in(visit)
    following = next((each.name for each in STEPS if _wrong(visit, each)), CHECK)
    answer = visit.go_to(f"/apply?step={following}")
    answer.set_cookie(_cookie(step), _packed(visit, step), max_age=KEPT_SECONDS, path="/", secure=True, httponly=True, samesite="lax")
    return answer


def _step(name: str) -> Step | None:
    return next((step for step in STEPS if step.name == name), None)


def _cookie(step: Step) -> str:
    return f"__Host-privyseal-apply-{step.name}"


def _packed(visit: Visit, step: Step) -> str:
    texts = [visit.form.value(name) for name in step.fields]
    return urlsafe_b64encode(json.dumps(texts, ensure_ascii=False).encode()).decode().rstrip("=")


def _unpacked(text: str, step: Step) -> list[str]:
    """Return the texts of a step's fields; none for what no page of ours has set."""
    try:
        found = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
        fits = isinstance(found, list) and len(found) == len(step.fields)
        # Half of a surrogate pair is a text for JSON, and none that a page can show.
        return [bytes(item, "utf-8").decode() for item in found] if fits else []
    except (ValueError, TypeError, RecursionError):
        return []


def _fill_in(visit: Visit) -> None:
    """Add to the form what waits in the browser; what was typed now counts before it."""
    kept: dict[str, list[str]] = {}
    for step in STEPS:
        texts = _unpacked(visit.request.cookies.get(_cookie(step), "")[:MAXIMUM_COOKIE], step)
        kept |= {name: [text] for name, text in zip(step.fields, texts, strict=bool(texts))}
    visit.form.values = {**kept, **visit.form.values}


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
    answer = visit.go_to("/apply/sent")
    for step in STEPS:
        answer.delete_cookie(_cookie(step), path="/", secure=True, httponly=True, samesite="lax")
    return answer


def _ask(visit: Visit, step: Step, status: int = 200) -> Response:
    number = STEPS.index(step)
    values: dict[str, object] = {
        "back": f"/apply?step={STEPS[number - 1].name}" if number else "",
        "offers_trials": visit.house.offers_trials,
    }
    return _show(visit, step.name, values, status)


def _check(visit: Visit, status: int = 200) -> Response:
    return _show(visit, CHECK, {"back": f"/apply?step={STEPS[-1].name}", "steps": STEPS}, status)


def _show(visit: Visit, name: str, values: dict[str, object], status: int) -> Response:
    order = [*(step.name for step in STEPS), CHECK]
    every: dict[str, object] = {
        "step": name,
        "step_titles": [gettext("Organization"), gettext("Domains"), gettext("People"), gettext("Check and send")],
        "step_number": order.index(name) + 1,
        "labels": _labels(),
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
