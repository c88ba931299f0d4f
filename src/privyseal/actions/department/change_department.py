"""Give a department another name or cost center; what it was called before stands in the audit log."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.department import Department, require_cost_center, require_department_name, require_open
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.identifiers import DepartmentId
from privyseal.store import departments, organizations
from privyseal.store.database import Transaction


def change_department(
    house: House, tx: Transaction, actor: Actor, slug: str, department_id: DepartmentId, name: str, cost_center: str
) -> Department:
    """Change it and return it as it now is; without a difference nothing is written.

    Raises NotFound, NotPermitted, Refused ``text``, Conflict (``department-name``, ``department-closed``).
    """
    organization = organizations.require(tx, slug)
    require(actor, Permission.MANAGE_DEPARTMENTS, organization.id)
    known_as, charged = require_department_name(name), require_cost_center(cost_center)
    organizations.hold(tx, organization.id)
    department = departments.get(tx, organization.id, department_id)
    if department is None:
        raise NotFound("not-found", "There is no such department in your organization.")
    require_open(department)
    if (known_as, charged) == (department.name, department.cost_center):
        return department
    if departments.has_namesake(tx, organization.id, department.parent_id, known_as, but=department.id):
        raise Conflict("department-name", f"There is a department {known_as} at this place already. Choose another name.", field="name")
    departments.change(tx, department, name=known_as, cost_center=charged)
    reason = f"{department.name} -> {known_as}" if known_as != department.name else f"{department.cost_center} -> {charged}"
    record(house, tx, actor, slug, AuditEvent("change-department", Outcome.DONE, "department", department.id, reason=reason))
    return departments.get(tx, organization.id, department_id) or department
