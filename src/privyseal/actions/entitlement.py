"""Whether a person really holds a right, asked by the issuer process, which believes no row that nobody signed for (I13, I19).

What a person came in with is certified by his Administrator ID. Every other role came by a change that as many people signed
as it says (docs/decisions/0020), and what they could do is traced back again until somebody's Administrator ID says it. A role
that was taken is told by the audit log, so that nobody who writes the table can give it back.
"""

from __future__ import annotations

import json
from datetime import datetime

from privyseal.actions.assigning import TOOK, change_of_assignment
from privyseal.actions.house import House
from privyseal.actions.signed_changes import flaw_of
from privyseal.model.administrator import ENTRY, PERMISSIONS, Administrator, Assignment, Permission, Role
from privyseal.model.audit import PROVIDER_LOG, organization_log
from privyseal.model.change import ChangeKind, read_content
from privyseal.model.errors import PrivysealError
from privyseal.model.organization import Organization
from privyseal.model.role_change import RoleChange, read_role_change
from privyseal.model.scope import Scope
from privyseal.store import administrators, assignments, audit, changes
from privyseal.store.database import Transaction
from privyseal_wire.canonical import parse_canonical
from privyseal_wire.errors import WireError

LONGEST_CHAIN = 32
"""So many people at most lie between somebody and one whose role is certified."""


class Entitlements:
    """What the people of one organization, or of the provider (None), may do, proven; in a transaction each is asked once."""

    def __init__(self, house: House, tx: Transaction, organization: Organization | None) -> None:
        self._house = house
        self._tx = tx
        self._organization = organization
        self._log = organization_log(organization.slug) if organization else PROVIDER_LOG
        self._proven: dict[str, bool] = {}

    def holds(self, person: Administrator, permission: Permission, path: str, role: Role | None = None) -> bool:
        """Tell whether this person, whose Administrator ID was verified, may do it now to what belongs to this department.

        With a ``role`` it has to be this one that says so.
        """
        if not person.may(permission, path):
            return False
        giving = [item for item in person.assignments if permission in PERMISSIONS[item.role] and _scope(item).covers(path)]
        return any(self._is_proven(item, person, LONGEST_CHAIN) for item in giving if role in {None, item.role})

    def held_at(self, person: Administrator, permission: Permission, at: datetime) -> bool:
        """Tell whether this person, whose Administrator ID was verified, held a right throughout the organization at that moment."""
        held = [item for item in assignments.ever_of(self._tx, person.id) if item.holds_at(at)]
        able = [item for item in held if permission in PERMISSIONS[item.role] and item.department_id is None]
        return any(self._is_proven(item, person, LONGEST_CHAIN) for item in able)

    def _is_proven(self, assignment: Assignment, person: Administrator, left: int) -> bool:
        if assignment.id not in self._proven:
            self._proven[assignment.id] = self._prove(assignment, person, left)
        return self._proven[assignment.id]

    def _prove(self, assignment: Assignment, person: Administrator, left: int) -> bool:
        if left == 0 or (assignment.ended_at is None and self._was_taken(assignment)):
            return False
        if assignment.given_by == ENTRY:
            # The caller compared the role with the one in the Administrator ID. There is one entry for each person: one under
            # another id would bring back what was taken.
            is_entry = assignment.id == administrators.entry_assignment_id(person.id)
            return is_entry and assignment.role is person.role and assignment.department_id is None
        return self._was_given(assignment, left)

    def _was_taken(self, assignment: Assignment) -> bool:
        entries = audit.of_objects(self._tx, self._log, [assignment.id])
        return any(found["action"] == TOOK and found["outcome"] == "done" for found in map(json.loads, entries))

    def _was_given(self, assignment: Assignment, left: int) -> bool:
        """Tell whether the change that this assignment is named after gives exactly this role, and enough people signed it.

        So a change gives one assignment, and one that was taken does not come back under another id.
        """
        change = changes.get(self._tx, change_of_assignment(assignment.id))
        if change is None or change.organization_id != (self._organization.id if self._organization else None):
            return False
        try:
            proposal = read_content(parse_canonical(change.content))
            given = read_role_change(proposal.value) if proposal.kind is ChangeKind.ROLE else None
        except (PrivysealError, WireError):
            return False
        meant = RoleChange(assignment.administrator_id, assignment.role, assignment.department_id, gives=True)
        if given != meant or proposal.subject != assignment.administrator_id:
            return False

        def could_sign(signer: Administrator, right: Permission, at: datetime) -> bool:
            return self._could_sign(signer, right, min(at, assignment.given_at), left - 1)

        return flaw_of(self._house, self._tx, self._organization, change, proposal, could_sign) is None

    def _could_sign(self, signer: Administrator, right: Permission, at: datetime, left: int) -> bool:
        # Strictly before: of two who gave each other a role in one moment neither had it.
        held = [item for item in assignments.ever_of(self._tx, signer.id) if item.holds_at(at) and item.given_at < at]
        able = [item for item in held if right in PERMISSIONS[item.role] and item.department_id is None]
        return any(self._is_proven(item, signer, left) for item in able)


def _scope(assignment: Assignment) -> Scope:
    return Scope(assignment.department_id is None, (assignment.path,))
