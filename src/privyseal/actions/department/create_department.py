"""Add a department to the tree of an organization."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.department import (
    MAXIMUM_DEPARTMENTS,
    Department,
    DepartmentState,
    child_path,
    require_cost_center,
    require_department_name,
    require_depth,
    require_open,
)
from privyseal.model.errors import Conflict, NotFound, Refused
from privyseal.model.identifiers import DepartmentId
from privyseal.model.organization import require_active
from privyseal.store import departments, organizations
from privyseal.store.database import Transaction


def create_department(
    house: House, tx: Transaction, actor: Actor, slug: str, name: str, parent_id: DepartmentId | None, cost_center: str = ""
) -> Department:
    """Add an open department below another one (None: right below the organization) and return it.

    Raises NotFound, NotPermitted, Refused (``text``, ``department-depth``, ``department-count``), Conflict
    (``department-name``, ``department-closed``).
    """
    organization = organizations.require(tx, slug)
    require_active(organization)
    require(actor, Permission.MANAGE_DEPARTMENTS, organization.id)
    known_as, charged = require_department_name(name), require_cost_center(cost_center)
    # Two who add the same name, or a department below one that is just closed, come one after the other.
    organizations.hold(tx, organization.id)
    parent = departments.get(tx, organization.id, parent_id) if parent_id is not None else None
    if parent_id is not None and parent is None:
        raise NotFound("not-found", "There is no such department in your organization.")
    if parent is not None:
        require_open(parent)
    require_depth(parent)
    if departments.count(tx, organization.id) >= MAXIMUM_DEPARTMENTS:
        raise Refused("department-count", f"An organization has at most {MAXIMUM_DEPARTMENTS:,} departments.", field="name")
    if departments.has_namesake(tx, organization.id, parent_id, known_as):
        raise Conflict("department-name", f"There is a department {known_as} at this place already. Choose another name.", field="name")
    department_id = DepartmentId(house.id("dep", tx.now))
    department = Department(
        id=department_id,
        organization_id=organization.id,
        parent_id=parent_id,
        name=known_as,
        cost_center=charged,
        path=child_path(parent, department_id),
        depth=(parent.depth if parent else 0) + 1,
        state=DepartmentState.OPEN,
        created_at=tx.now,
        closed_at=None,
    )
    departments.insert(tx, department)
    record(house, tx, actor, slug, AuditEvent("create-department", Outcome.DONE, "department", department.id, reason=known_as))
    return department
