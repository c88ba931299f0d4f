"""Close a department: nothing new comes in. What belongs to it stays, with everybody's rights there, until it is moved."""

from __future__ import annotations

from typing import Final

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.department import Department, DepartmentState
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.identifiers import DepartmentId
from privyseal.model.request import require_text
from privyseal.store import departments, organizations
from privyseal.store.database import Transaction

REASON_CHARACTERS: Final = 500


def close_department(house: House, tx: Transaction, actor: Actor, slug: str, department_id: DepartmentId, reason: str) -> Department:
    """Close it for a reason, which the audit log keeps, and return it; a second time is harmless.

    Raises NotFound, NotPermitted, Refused ``text``, Conflict ``department-open-below``.
    """
    organization = organizations.require(tx, slug)
    require(actor, Permission.MANAGE_DEPARTMENTS, organization.id)
    text = require_text("reason", reason, REASON_CHARACTERS)
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
    record(house, tx, actor, slug, AuditEvent("close-department", Outcome.DONE, "department", department.id, reason=text))
    return departments.get(tx, organization.id, department_id) or department
