"""The questions that an organization adds to its enroll form, asked with the contact (requirements 4.3)."""

from __future__ import annotations

from privyseal.actions.house import attempt
from privyseal.model.custom_field import INPUT, CustomField, FilledIn, require_filled_in
from privyseal.model.draft import Answers
from privyseal.model.errors import Refused
from privyseal.model.organization import Organization
from privyseal.pages.portal.drafts import offers
from privyseal.pages.portal.entry import look_up
from privyseal.reception.site import Visit
from privyseal.store.database import Transaction


def asked_for(visit: Visit, answers: Answers) -> tuple[CustomField, ...]:
    """Return the fields of the policy that was chosen; none before one is."""

    def work(tx: Transaction, organization: Organization) -> tuple[CustomField, ...]:
        return next((offer.policy.custom_fields for offer in offers(tx, organization) if offer.policy.name == answers.policy), ())

    return look_up(visit, work)


def inputs(fields: tuple[CustomField, ...], answers: Answers) -> list[dict[str, object]]:
    """Return what the form shows of each field: the input's name, the field, what was answered."""
    given = dict(answers.custom_fields)
    return [{"name": INPUT.format(name=field.name), "field": field, "value": given.get(field.name, "")} for field in fields]


def read_typed(visit: Visit, fields: tuple[CustomField, ...]) -> FilledIn:
    """Return what was typed; what is wrong is told of all fields at once, at the form, and recorded."""
    found: FilledIn = ()
    for field in fields:
        found += _read(visit, field)
    return found


def _read(visit: Visit, field: CustomField) -> FilledIn:
    name = INPUT.format(name=field.name)
    try:
        typed = {field.name: visit.form.value(name)}
        return attempt(visit.house, visit.actor, visit.about("check-fields", "draft", "draft"), lambda: require_filled_in((field,), typed))
    except Refused as error:
        visit.form.refuse(name, error.sentence)
        return ()


def kept_answers(fields: tuple[CustomField, ...], answers: Answers) -> dict[str, str]:
    """Return what was answered of these fields: another policy that was chosen meanwhile may have others."""
    known = {field.name for field in fields}
    return {name: value for name, value in answers.custom_fields if name in known}


def lacks_answers(visit: Visit, answers: Answers) -> bool:
    """Tell whether a field that must be filled in is empty, or has what the policy does not take."""
    fields = asked_for(visit, answers)
    try:
        require_filled_in(fields, kept_answers(fields, answers))
    except Refused:
        return True
    return False
