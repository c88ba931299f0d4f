"""Close a department: nothing new comes in. What belongs to it stays, with everybody's rights there, until it is moved."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.department import Department, DepartmentState
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.identifiers import DepartmentId
from privyseal.store import departments, organizations
from privyseal.store.database import Transaction


def close_department(house: House, tx: Transaction, actor: Actor, slug: str, department_id: DepartmentId) -> Department:
    """Close it and return it; a second time is harmless. Raises NotFound, NotPermitted, Conflict ``department-open-below``."""
    organization = organizations.require(tx, slug)
    require(actor, Permission.MANAGE_DEPARTMENTS, organization.id)
    organizations.hold(tx, organization.id)
    department = departments.get(tx, organization.id, department_id)
    if department is None:
        raise NotFound("not-found", "There is no such department in your organization.")
    if department.state is DepartmentState.CLOSED:
        return department
    if departments.has_open_below(tx, department):
        sentence = f"There are open departments below {department.name}. Close or move them first."
        raise Conflict("department-open-below", sentence)
    departments.close(tx, department)
    record(house, tx, actor, slug, AuditEvent("close-department", Outcome.DONE, "department", department.id, reason=department.name))
    return departments.get(tx, organization.id, department_id) or department
