"""How a person is removed: every role ends, every credential is revoked, nothing is deleted.

No action, but what a change that people signed and a report of the corporate contact share. From then on no session, no
connection, no event stream and no earlier approval of the person counts; each is asked from the database.
"""

from __future__ import annotations

from collections.abc import Sequence

from privyseal.actions.assigning import TOOK, assigning_right, hold, require_left, require_person
from privyseal.actions.house import House, announce, record
from privyseal.actions.withdrawing import withdraw
from privyseal.model.actor import Actor
from privyseal.model.administrator import Administrator, AdministratorState
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import AdministratorId
from privyseal.model.organization import Organization
from privyseal.model.revocation import RevocationReason
from privyseal.store import administrators, assignments
from privyseal.store.database import Transaction


def judge_removal(tx: Transaction, organization: Organization | None, person_id: AdministratorId) -> Administrator:
    """Return whom a removal is of; None is the provider, and nothing is written.

    Raises NotFound for nobody of theirs and for somebody who was removed already, Conflict ``last-security-administrator``.
    """
    person = require_person(tx, organization, person_id)
    if person.may(assigning_right(organization.id if organization else None)):
        require_left(tx, organization, person)
    return person


def remove_person(
    house: House, tx: Transaction, actor: Actor, organization: Organization | None, person_id: AdministratorId, evidence: Sequence[str]
) -> None:
    """Remove a person; ``evidence`` are the digests of what was signed for it. Raises as :func:`judge_removal`.

    The entry about each role is what the issuer reads: it believes no row that such an entry ended.
    """
    hold(tx, organization)
    person = judge_removal(tx, organization, person_id)
    if not administrators.change_state(tx, person.id, person.state, AdministratorState.REMOVED):
        raise Conflict("administrator-state", f"Somebody else just changed what {person.name} is. Look again.")
    slug, told = (organization.slug if organization else ""), tuple(evidence)
    events = [AuditEvent("remove-administrator", Outcome.DONE, "administrator", person.id, evidence=told)]
    for assignment in person.assignments:
        assignments.end(tx, assignment.id, actor.id)
        reason = f"{assignment.role.value} in {assignment.department_id or ('organization' if organization else 'provider')}"
        events.append(AuditEvent(TOOK, Outcome.DONE, "assignment", assignment.id, reason=reason, evidence=told))
    record(house, tx, actor, slug, *events)
    for credential in administrators.credentials_of(tx, person.id):
        withdraw(house, tx, actor, slug, person, credential, RevocationReason.PRIVILEGE_WITHDRAWN)
    announce(house, tx, FactKind.ADMINISTRATOR_REMOVED, {"organization": slug, "administrator": person.id, "by": actor.id})
