"""Let a person belong to another department. It says who sees him; what he may do says his roles alone."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Administrator, Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.department import require_open
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import AdministratorId, DepartmentId
from privyseal.model.scope import EVERYTHING
from privyseal.store import administrators, departments, organizations
from privyseal.store.database import Transaction


def move_administrator(
    house: House, tx: Transaction, actor: Actor, slug: str, person_id: AdministratorId, department_id: DepartmentId | None
) -> Administrator:
    """Move him (None: to the organization itself) and return him. Raises NotFound, NotPermitted, Conflict ``department-closed``."""
    organization = organizations.require(tx, slug)
    require(actor, Permission.MANAGE_ADMINISTRATORS, organization.id)
    person = administrators.get_within(tx, organization.id, person_id, scope=EVERYTHING)
    target = departments.get(tx, organization.id, department_id) if department_id is not None else None
    if person is None or (department_id is not None and target is None):
        raise NotFound("not-found", "There is no such person or no such department in your organization.")
    if person.department_id == department_id:
        return person
    if target is not None:
        require_open(target)
    administrators.move(tx, organization.id, person.id, department_id)
    reason = f"{person.department_id or 'organization'} -> {department_id or 'organization'}"
    record(house, tx, actor, slug, AuditEvent("move-administrator", Outcome.DONE, "administrator", person.id, reason=reason))
    return administrators.get(tx, person.id) or person
