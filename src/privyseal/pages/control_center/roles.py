"""Proposing that a role is given or taken or a person removed, which several people sign; what a person approved."""

from __future__ import annotations

from typing import TypeVar

from starlette.responses import Response

from privyseal.actions.changing_kinds import Side, judge_decision
from privyseal.actions.house import attempt
from privyseal.look.people_words import role_choices
from privyseal.look.words import gettext
from privyseal.model.administrator import ORGANIZATION_ROLES, Administrator, AdministratorState, Assignment, Role
from privyseal.model.change import ChangeKind
from privyseal.model.errors import Conflict, NotFound, PrivysealError, Refused
from privyseal.model.identifiers import DepartmentId
from privyseal.model.organization import Organization
from privyseal.model.role_change import Removal, RoleChange, read_role_change, role_content
from privyseal.pages.control_center.department_choices import choices
from privyseal.pages.control_center.entry import FORMS, PAGE_SIZE, home, look_up, nothing_here, part, sight
from privyseal.pages.control_center.people import administrator_of, show_person
from privyseal.reception.kept import go_on, marked, unsigned
from privyseal.reception.proposal_pages import Draft, propose, proposed_value, show_draft
from privyseal.reception.refusals import show_again
from privyseal.reception.removal_pages import show_removal
from privyseal.reception.shown_changes import role_rules
from privyseal.reception.site import Visit
from privyseal.store import assignments, certificates_approved
from privyseal.store.database import Transaction

Decision = TypeVar("Decision", RoleChange, Removal)

_ROLES = {role.value: role for role in ORGANIZATION_ROLES}


def _place(visit: Visit, person: Administrator) -> str:
    return f"{home(visit)}/administrators/{person.id}"


def ask_role(visit: Visit) -> Response:
    """Ask which role, and how far it reaches."""
    return _show_questions(visit)


def _show_questions(visit: Visit, status: int = 200) -> Response:
    person = administrator_of(visit)
    targets = choices(visit, whole=gettext("The whole organization"))
    values = {"home": home(visit), "place": _place(visit, person), "person": person, "roles": role_choices(), "targets": targets}
    return visit.show("control_center/give_role.html", values | {"unsigned": unsigned(visit)}, status=status)


def prepare_role(visit: Visit) -> Response:
    """Lead to what is signed to propose this role."""
    person = administrator_of(visit)
    about = visit.about("propose-change", "administrator", person.id)
    try:
        attempt(visit.house, visit.actor, about, lambda: _wanted(visit, person))
    except (Refused, Conflict, NotFound) as error:
        return show_again(visit, error, lambda status: _show_questions(visit, status), error.field)
    return go_on(visit, f"{_place(visit, person)}/roles/sign")


def _wanted(visit: Visit, person: Administrator) -> RoleChange:
    role, department = _typed(visit)
    return _judged(visit, RoleChange(person.id, role, department, gives=True))


def show_role(visit: Visit) -> Response:
    """Show what is signed to propose this role; the questions where it does not fit, or not any more."""
    person = administrator_of(visit)
    if not visit.form.values:
        return visit.go_to(f"{_place(visit, person)}/roles")
    try:
        return _show_signing(visit, person, _wanted(visit, person))
    except (Refused, Conflict, NotFound) as error:
        return show_again(visit, error, lambda status: _show_questions(visit, status), error.field)


def _typed(visit: Visit) -> tuple[Role, DepartmentId | None]:
    role, department = _ROLES.get(visit.form.value("role")), visit.form.value("department")
    if role is None:
        raise Refused("role", gettext("Choose a role."), field="role")
    if department and not FORMS["department"].fullmatch(department):
        raise Refused("department", gettext("Choose a department."), field="department")
    return role, DepartmentId(department) if department else None


def _judged(visit: Visit, change: Decision) -> Decision:
    look_up(visit, lambda tx, organization: judge_decision(tx, organization, change))
    return change


def show_taking(visit: Visit) -> Response:
    """Show what is signed to propose that this role is taken."""
    person = administrator_of(visit)
    wanted = part(visit, "assignment")
    held: Assignment | None = next((item for item in person.assignments if item.id == wanted), None)
    if held is None:
        raise nothing_here()
    change = RoleChange(person.id, held.role, held.department_id, gives=False)
    try:
        _judged(visit, change)
    except Conflict as error:
        return show_again(visit, error, lambda status: show_person(visit, status))
    return _show_signing(visit, person, change)


def _show_signing(visit: Visit, person: Administrator, change: RoleChange, status: int = 200) -> Response:
    subject = person.id
    base = look_up(visit, lambda tx, _organization: assignments.steps_of(tx, subject))
    where = f" --department {change.department_id}" if change.department_id else ""
    place = _place(visit, person)
    heading = gettext("Give a role to %(name)s") if change.gives else gettext("Take a role from %(name)s")
    draft = Draft(
        kind=ChangeKind.ROLE,
        subject=subject,
        base=base,
        value=role_content(change),
        heading=heading % {"name": person.name},
        rules=look_up(visit, lambda tx, organization: role_rules(tx, Side(organization), change, visit.now)),
        back=marked(visit, f"{place}/roles") if change.gives else place,
        action=marked(visit, f"{place}/roles/changed"),
        command=f"seal administrator {'give' if change.gives else 'take'} {subject} {change.role.value}{where}",
        remark=gettext("The person concerned does not sign."),
    )
    return show_draft(visit, draft, status)


def change(visit: Visit) -> Response:
    """Hand the signed proposal in."""
    person = administrator_of(visit)
    return propose(visit, lambda status: _show_again(visit, person, status))


def _show_again(visit: Visit, person: Administrator, status: int) -> Response:
    """The page to sign, made anew of what travelled along, or the questions when that does not fit any more."""
    try:
        wanted = read_role_change(proposed_value(visit))
        if isinstance(wanted, Removal) or wanted.administrator_id != person.id:
            return _show_questions(visit, status)
        return _show_signing(visit, person, _judged(visit, wanted), status)
    except PrivysealError:
        return _show_questions(visit, status)


def ask_removal(visit: Visit) -> Response:
    """Show what follows, and what is signed to propose that this person is removed."""
    return _show_removal(visit)


def _show_removal(visit: Visit, status: int = 200) -> Response:
    person = administrator_of(visit)
    if person.state is AdministratorState.REMOVED:
        return visit.go_to(_place(visit, person))
    try:
        _judged(visit, Removal(person.id))
    except Conflict as error:
        return show_again(visit, error, lambda refused: show_person(visit, refused))
    return show_removal(visit, person, _place(visit, person), status)


def remove(visit: Visit) -> Response:
    """Hand the signed removal in as a change; with the last signature that is needed the person is removed."""
    return propose(visit, lambda status: _show_removal(visit, status))


def show_approved(visit: Visit) -> Response:
    """Show all certificates that this person approved, the newest first."""
    person = administrator_of(visit)
    before = visit.query("before") if visit.query("before").startswith("apr-") else ""
    mine = sight(visit)

    def work(tx: Transaction, organization: Organization) -> list[certificates_approved.Approved]:
        wanted = person.id
        return certificates_approved.by_person(tx, organization.id, wanted, scope=mine, before=before, limit=PAGE_SIZE + 1)

    found = look_up(visit, work)
    place = f"{_place(visit, person)}/approved"
    values = {
        "home": home(visit),
        "place": _place(visit, person),
        "person": person,
        "rows": found[:PAGE_SIZE],
        "first_address": place if before else "",
        "next_address": f"{place}?before={found[PAGE_SIZE - 1].approval_id}" if len(found) > PAGE_SIZE else "",
    }
    return visit.show("control_center/approved.html", values)
