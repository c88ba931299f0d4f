"""The tree of departments, level by level: adding one, renaming, moving, closing; and where a certificate or a person belongs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from privyseal.actions.department.change_department import change_department
from privyseal.actions.department.close_department import close_department
from privyseal.actions.department.create_department import create_department
from privyseal.actions.department.move_administrator import move_administrator
from privyseal.actions.department.move_certificate import move_certificate
from privyseal.actions.department.move_department import move_department
from privyseal.actions.department.move_request import move_request
from privyseal.look.words import gettext
from privyseal.model.administrator import Permission
from privyseal.model.department import COST_CENTER_CHARACTERS, NAME_CHARACTERS, Department, DepartmentState
from privyseal.model.errors import PrivysealError
from privyseal.model.identifiers import AdministratorId, DepartmentId, RequestId
from privyseal.model.organization import Organization
from privyseal.pages.control_center.department_choices import Choices, choices
from privyseal.pages.control_center.department_words import department_words
from privyseal.pages.control_center.entry import FORMS, PAGE_SIZE, home, look_up, may, nothing_here, part, sight
from privyseal.pages.control_center.history import Happened, history_of
from privyseal.reception.refusals import show_again
from privyseal.reception.site import Visit
from privyseal.store import administrators, certificates, departments, requests
from privyseal.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Branch:
    """A department with the way down to it, what lies right below, and what happened to it; None is the organization."""

    department: Department | None
    way: list[Department]
    below: list[Department]
    more: bool
    history: list[Happened]


def _branch(visit: Visit, department_id: DepartmentId | None) -> Branch:
    after = visit.query("after")
    seen = DepartmentId(after) if FORMS["department"].fullmatch(after) else None

    def work(tx: Transaction, organization: Organization) -> Branch:
        mine = sight(visit)
        found = departments.get(tx, organization.id, department_id) if department_id is not None else None
        if department_id is not None and (found is None or not mine.covers(found.path)):
            raise nothing_here()
        last = departments.get(tx, organization.id, seen) if seen is not None else None
        behind = (last.name, str(last.id)) if last else ("", "")
        if found is None and not mine.everything:
            below = departments.tops(tx, organization.id, scope=mine)
        else:
            below = departments.children(tx, organization.id, department_id, scope=mine, after=behind, limit=PAGE_SIZE + 1)
        way = [item for item in departments.way_to(tx, found) if mine.covers(item.path)] if found else []
        return Branch(
            found,
            way,
            below[:PAGE_SIZE],
            len(below) > PAGE_SIZE,
            history_of(tx, organization, [department_id], mine) if department_id else [],
        )

    return look_up(visit, work)


def show_departments(visit: Visit) -> Response:
    """Show what lies right below the organization."""
    return _show(visit, None)


def show_department(visit: Visit) -> Response:
    """Show one department and what lies right below it."""
    return _show(visit, DepartmentId(part(visit, "department")))


def _show(visit: Visit, department_id: DepartmentId | None, status: int = 200) -> Response:
    branch = _branch(visit, department_id)
    place = f"{home(visit)}/departments{f'/{department_id}' if department_id else ''}"
    is_open = branch.department is None or branch.department.state is DepartmentState.OPEN
    values = {
        "home": home(visit),
        "place": place,
        "branch": branch,
        "department": branch.department,
        "is_open": is_open,
        "may_manage": may(visit, Permission.MANAGE_DEPARTMENTS, ""),
        "name_characters": NAME_CHARACTERS,
        "cost_center_characters": COST_CENTER_CHARACTERS,
        "next_address": f"{place}?after={branch.below[-1].id}" if branch.more else "",
        "first_address": place if visit.query("after") else "",
        "targets": _targets(visit, branch.department) if branch.department and is_open else Choices("", False, ()),
        "enroll_address": f"{visit.house.service.base_url}/o/{visit.slug}/enroll?department={department_id}",
    }
    return visit.show("control_center/departments.html", values, status=status)


def _targets(visit: Visit, department: Department) -> Choices:
    """Where a department may be put: anywhere but below itself."""
    return choices(visit, department.parent_id or "", but=department.path)


def _wanted(visit: Visit, name: str = "department") -> DepartmentId | None:
    """Return the department that a form chose; raises NotFound for what is no id of one."""
    value = visit.form.value(name)
    if value and not FORMS["department"].fullmatch(value):
        raise nothing_here()
    return DepartmentId(value) if value else None


def create(visit: Visit) -> Response:
    """Add a department below the one whose page sent the form."""
    about = visit.about("create-department", "department", "new")
    parent = _wanted(visit, "parent")
    try:
        made = visit.perform(about, create_department, visit.slug, visit.form.value("name"), parent, visit.form.value("cost_center"))
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show(visit, parent, status), error.field)
    return visit.go_to(f"{home(visit)}/departments/{made.id}")


def change(visit: Visit) -> Response:
    """Give it another name or cost center."""
    department_id = DepartmentId(part(visit, "department"))
    about = visit.about("change-department", "department", department_id)
    name, charged = visit.form.value("new_name"), visit.form.value("new_cost_center")
    return _change_it(visit, department_id, lambda: visit.perform(about, change_department, visit.slug, department_id, name, charged))


def move(visit: Visit) -> Response:
    """Put it under another one."""
    department_id = DepartmentId(part(visit, "department"))
    about = visit.about("move-department", "department", department_id)
    parent = _wanted(visit)
    return _change_it(visit, department_id, lambda: visit.perform(about, move_department, visit.slug, department_id, parent))


def ask_closing(visit: Visit) -> Response:
    """Show what follows from closing it, and ask for the reason."""
    return _show_closing(visit)


def _show_closing(visit: Visit, status: int = 200) -> Response:
    department = _branch(visit, DepartmentId(part(visit, "department"))).department
    place = f"{home(visit)}/departments/{department.id if department else ''}"
    if department is None or department.state is not DepartmentState.OPEN:
        return visit.go_to(place)
    return visit.show("control_center/close_department.html", {"place": place, "department": department}, status=status)


def close(visit: Visit) -> Response:
    """Close it."""
    department_id = DepartmentId(part(visit, "department"))
    about = visit.about("close-department", "department", department_id)
    try:
        visit.perform(about, close_department, visit.slug, department_id, visit.form.value("reason"))
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show_closing(visit, status), error.field)
    return visit.go_to(f"{home(visit)}/departments/{department_id}")


def _change_it(visit: Visit, department_id: DepartmentId, work: Callable[[], object]) -> Response:
    fields = {"name": "new_name", "cost_center": "new_cost_center", "parent": "department"}
    try:
        work()
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show(visit, department_id, status), fields.get(error.field, error.field))
    return visit.go_to(f"{home(visit)}/departments/{department_id}")


def ask_place(visit: Visit) -> Response:
    """Ask where a request, a certificate or a person belongs from now on; raises NotFound for what is not in sight."""
    return _show_place(visit)


@dataclass(frozen=True, slots=True)
class _Moved:
    """What moves: its name, and the names of the departments down to where it lies now."""

    name: str
    department: str


def _moved(visit: Visit) -> _Moved:
    """Return what the address names; raises NotFound unless it lies in sight: nobody is told more of anything else."""

    def work(tx: Transaction, organization: Organization) -> _Moved:
        asked, mine = visit.request.path_params, sight(visit)
        found: tuple[str, DepartmentId | None] | None = None
        if "request" in asked:
            if request := requests.get(tx, organization.id, RequestId(part(visit, "request")), scope=mine):
                found = request.names[0][1], request.department_id
        elif "serial" in asked:
            if certificate := certificates.by_serial(tx, organization.id, part(visit, "serial"), scope=mine):
                found = certificate.common_name, certificate.department_id
        elif person := administrators.get_within(tx, organization.id, AdministratorId(part(visit, "administrator")), scope=mine):
            found = person.name, person.department_id
        if found is None:
            raise nothing_here()
        return _Moved(found[0], department_words(tx, organization, found[1]))

    return look_up(visit, work)


def _show_place(visit: Visit, status: int = 200) -> Response:
    moved = _moved(visit)
    address = visit.request.url.path
    values = {
        "moved": moved,
        "home": home(visit),
        "action": address,
        "back": address.rpartition("/")[0],
        "targets": choices(visit, ""),
        "voids": "/requests/" in address,
    }
    return visit.show("control_center/place.html", values, status=status)


def place_request(visit: Visit) -> Response:
    """Move a request."""
    request_id = RequestId(part(visit, "request"))
    about = visit.about("move-request", "request", request_id)
    return _place(visit, lambda: visit.perform(about, move_request, visit.slug, request_id, _wanted(visit)))


def place_certificate(visit: Visit) -> Response:
    """Move a certificate."""
    serial = part(visit, "serial")
    about = visit.about("move-certificate", "certificate", serial)
    return _place(visit, lambda: visit.perform(about, move_certificate, visit.slug, serial, _wanted(visit)))


def place_person(visit: Visit) -> Response:
    """Move a person."""
    person_id = AdministratorId(part(visit, "administrator"))
    about = visit.about("move-administrator", "administrator", person_id)
    return _place(visit, lambda: visit.perform(about, move_administrator, visit.slug, person_id, _wanted(visit)))


def _place(visit: Visit, work: Callable[[], object]) -> Response:
    if not visit.form.has("department", visit.form.value("department")):
        visit.form.refuse("department", gettext("Choose a department."))
        return _show_place(visit, 422)
    try:
        work()
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show_place(visit, status), "department")
    return visit.go_to(visit.request.url.path.rpartition("/")[0])
