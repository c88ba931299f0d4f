"""Let a person belong to another department. It says who sees him; what he may do says his roles alone."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.actions.moving import Ends, is_to_be_moved
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Administrator, Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.identifiers import AdministratorId, DepartmentId
from privyseal.model.scope import EVERYTHING
from privyseal.store import administrators, organizations
from privyseal.store.database import Transaction


def move_administrator(
    house: House, tx: Transaction, actor: Actor, slug: str, person_id: AdministratorId, department_id: DepartmentId | None
) -> Administrator:
    """Move him (None: to the organization itself) and return him.

    Raises NotFound, NotPermitted, Conflict (``department-closed``, ``department-moved`` when somebody else just moved him).
    """
    organization = organizations.require(tx, slug)
    require(actor, Permission.MANAGE_ADMINISTRATORS, organization.id)
    missing = NotFound("not-found", "There is no such person or no such department in your organization.")
    person = administrators.get_within(tx, organization.id, person_id, scope=EVERYTHING)
    if person is None:
        raise missing
    ends = Ends(person.department_id, department_id)
    if not is_to_be_moved(tx, actor, organization, Permission.MANAGE_ADMINISTRATORS, ends, seen=EVERYTHING, missing=missing):
        return person
    if not administrators.move(tx, person, department_id):
        raise Conflict("department-moved", "Somebody else just moved this person. Look at the person again.")
    record(house, tx, actor, slug, AuditEvent("move-administrator", Outcome.DONE, "administrator", person.id, reason=ends.words))
    return administrators.get(tx, person.id) or person
