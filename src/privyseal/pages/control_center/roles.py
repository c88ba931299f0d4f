"""Giving and taking roles, and removing a person, each under the signature of somebody else; what a person approved."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.actions.administrator.change_role import change_role
from privyseal.actions.administrator.remove_administrator import remove_administrator
from privyseal.actions.house import attempt
from privyseal.look.people_words import role_choices, role_words
from privyseal.look.words import gettext
from privyseal.model.administrator import ORGANIZATION_ROLES, Assignment, Role
from privyseal.model.errors import PrivysealError, Refused
from privyseal.model.identifiers import DepartmentId
from privyseal.model.organization import Organization
from privyseal.pages.control_center.department_words import department_words
from privyseal.pages.control_center.departments import choices
from privyseal.pages.control_center.entry import FORMS, PAGE_SIZE, home, look_up, nothing_here, part, show_again, sight
from privyseal.pages.control_center.people import Person, person_of
from privyseal.reception.signing import end_of_statement, offer, read_signature
from privyseal.reception.site import Visit
from privyseal.store import certificates_approved
from privyseal.store.database import Transaction
from privyseal_wire.statements import Assignment as Statement
from privyseal_wire.statements import Removal

_ROLES = {role.value: role for role in ORGANIZATION_ROLES}


def _place(visit: Visit, person: Person) -> str:
    return f"{home(visit)}/administrators/{person.administrator.id}"


def ask_role(visit: Visit) -> Response:
    """Ask which role, and how far it reaches."""
    return _show_questions(visit)


def _show_questions(visit: Visit, status: int = 200) -> Response:
    person = person_of(visit)
    targets = [("", gettext("The whole organization")), *((value, words) for value, words in choices(visit, "") if value)]
    values = {"home": home(visit), "place": _place(visit, person), "person": person, "roles": role_choices(), "targets": targets}
    return visit.show("control_center/give_role.html", values, status=status)


def prepare_role(visit: Visit) -> Response:
    """Show what is signed to give this role."""
    person = person_of(visit)
    about = visit.about("change-role", "administrator", person.administrator.id)
    try:
        role, department = attempt(visit.house, visit.actor, about, lambda: _typed(visit))
    except Refused as error:
        return show_again(visit, error, lambda status: _show_questions(visit, status), error.field)
    return _show_signing(visit, person, _statement(visit, person, role, department, "give"))


def _typed(visit: Visit) -> tuple[Role, DepartmentId | None]:
    role, department = _ROLES.get(visit.form.value("role")), visit.form.value("department")
    if role is None:
        raise Refused("role", gettext("Choose a role."), field="role")
    if department and not FORMS["department"].fullmatch(department):
        raise Refused("department", gettext("Choose a department."), field="department")
    return role, DepartmentId(department) if department else None


def prepare_taking(visit: Visit) -> Response:
    """Show what is signed to take this role."""
    person = person_of(visit)
    wanted = part(visit, "assignment")
    held: Assignment | None = next((item for item in person.administrator.assignments if item.id == wanted), None)
    if held is None:
        raise nothing_here()
    return _show_signing(visit, person, _statement(visit, person, held.role, held.department_id, "take"))


def _statement(visit: Visit, person: Person, role: Role, department: DepartmentId | None, change_: str) -> Statement:
    return Statement(
        service=visit.house.service.service_id,
        organization=visit.slug,
        expires=end_of_statement(visit),
        administrator=person.administrator.id,
        role=role.value,
        department=department,
        change=change_,
        assigner=visit.person.id,
    )


def _show_signing(visit: Visit, person: Person, statement: Statement, status: int = 200) -> Response:
    where = f" --department {statement.department}" if statement.department else ""
    command = f"seal administrator {statement.change} {statement.administrator} {statement.role}{where}"
    kept = {"role": statement.role, "department": statement.department or "", "change": statement.change}
    signing = offer(visit, statement.to_bytes(), action=f"{_place(visit, person)}/roles/changed", command=command, kept=kept)
    department = DepartmentId(statement.department) if statement.department else None
    values = {
        "home": home(visit),
        "place": _place(visit, person),
        "person": person,
        "signing": signing,
        "gives": statement.change == "give",
        "role": role_words(Role(statement.role)),
        "where": look_up(visit, lambda tx, organization: department_words(tx, organization, department)),
    }
    return visit.show("control_center/sign_role.html", values, status=status)


def change(visit: Visit) -> Response:
    """Hand in the signed change."""
    person = person_of(visit)
    about = visit.about("change-role", "administrator", person.administrator.id)
    try:
        visit.perform(about, change_role, visit.slug, read_signature(visit))
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show_again(visit, person, status))
    return visit.go_to(_place(visit, person))


def _show_again(visit: Visit, person: Person, status: int) -> Response:
    """The page to sign, made anew of what travelled along, or the questions when that does not fit any more."""
    try:
        role, department = _typed(visit)
    except Refused:
        return _show_questions(visit, status)
    wanted = "take" if visit.form.value("change") == "take" else "give"
    return _show_signing(visit, person, _statement(visit, person, role, department, wanted), status)


def ask_removal(visit: Visit) -> Response:
    """Show what follows, and what is signed to remove this person."""
    return _show_removal(visit)


def _show_removal(visit: Visit, status: int = 200) -> Response:
    person = person_of(visit)
    statement = Removal(
        service=visit.house.service.service_id,
        organization=visit.slug,
        expires=end_of_statement(visit),
        administrator=person.administrator.id,
        remover=visit.person.id,
    )
    action, command = f"{_place(visit, person)}/removed", f"seal administrator remove {person.administrator.id}"
    values = {
        "home": home(visit),
        "place": _place(visit, person),
        "person": person,
        "signing": offer(visit, statement.to_bytes(), action=action, command=command),
    }
    return visit.show("control_center/sign_removal.html", values, status=status)


def remove(visit: Visit) -> Response:
    """Hand in the signed removal."""
    person = person_of(visit)
    about = visit.about("remove-administrator", "administrator", person.administrator.id)
    try:
        visit.perform(about, remove_administrator, visit.slug, read_signature(visit))
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show_removal(visit, status))
    return visit.go_to(_place(visit, person))


def show_approved(visit: Visit) -> Response:
    """Show all certificates that this person approved, the newest first."""
    person = person_of(visit)
    before = visit.query("before") if visit.query("before").startswith("crt-") else ""
    mine = sight(visit)

    def work(tx: Transaction, organization: Organization) -> list[certificates_approved.Approved]:
        wanted = person.administrator.id
        return certificates_approved.by_person(tx, organization.id, wanted, scope=mine, before=before, limit=PAGE_SIZE + 1)

    found = look_up(visit, work)
    place = f"{_place(visit, person)}/approved"
    values = {
        "home": home(visit),
        "place": _place(visit, person),
        "person": person,
        "rows": found[:PAGE_SIZE],
        "first_address": place if before else "",
        "next_address": f"{place}?before={found[PAGE_SIZE - 1].id}" if len(found) > PAGE_SIZE else "",
    }
    return visit.show("control_center/approved.html", values)
