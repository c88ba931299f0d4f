"""Put a department with everything below it under another one.

Whoever has a right in the new place has it in the moved departments too, and no longer by the old place.
"""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.department import Department, child_path, require_depth, require_open
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.identifiers import DepartmentId
from privyseal.store import departments, organizations
from privyseal.store.database import Transaction


def move_department(
    house: House, tx: Transaction, actor: Actor, slug: str, department_id: DepartmentId, parent_id: DepartmentId | None
) -> Department:
    """Move it (None: right below the organization) and return it as it now lies; where it lies already nothing is written.

    Raises NotFound, NotPermitted, Refused ``department-depth``, Conflict (``department-cycle``, ``department-name``,
    ``department-closed``).
    """
    organization = organizations.require(tx, slug)
    require(actor, Permission.MANAGE_DEPARTMENTS, organization.id)
    # Two moves at once, each of which is good by itself, could make a circle: the second one waits and then sees the first.
    organizations.hold(tx, organization.id)
    department = departments.get(tx, organization.id, department_id)
    parent = departments.get(tx, organization.id, parent_id) if parent_id is not None else None
    if department is None or (parent_id is not None and parent is None):
        raise NotFound("not-found", "There is no such department in your organization.")
    if department.parent_id == parent_id:
        return department
    require_open(department)
    if parent is not None:
        require_open(parent)
        if parent.path.startswith(department.path):
            sentence = f"{parent.name} lies below {department.name}, so it cannot be above it as well."
            raise Conflict("department-cycle", sentence, field="parent")
    require_depth(parent, departments.height(tx, department))
    if departments.has_namesake(tx, organization.id, parent_id, department.name, but=department.id):
        raise Conflict("department-name", f"There is a department {department.name} at this place already. Choose another name.")
    departments.move(tx, department, parent, child_path(parent, department.id))
    reason = f"{department.parent_id or 'organization'} -> {parent_id or 'organization'}"
    record(house, tx, actor, slug, AuditEvent("move-department", Outcome.DONE, "department", department.id, reason=reason))
    return departments.get(tx, organization.id, department_id) or department
