"""Whether a person really holds a right, asked by the issuer process, which believes no row that nobody signed for (I13, I19).

What a person came in with is certified by his Administrator ID. Every other role was signed for by somebody who could give it,
and that again is traced back until somebody's Administrator ID says it. A role that was taken is told by the audit log, so
that nobody who writes the table can give it back.
"""

from __future__ import annotations

import json
from datetime import datetime

from privyseal.actions.assigning import TOOK, assigning_right
from privyseal.actions.house import House
from privyseal.engine.administrator_id import require_administrator_id
from privyseal.engine.signed_statement import verify_stored
from privyseal.model.administrator import ENTRY, PERMISSIONS, Administrator, Assignment, Credential, Permission, Role
from privyseal.model.audit import organization_log
from privyseal.model.errors import PrivysealError
from privyseal.model.organization import Organization
from privyseal.model.scope import Scope
from privyseal.store import administrators, assignments, audit
from privyseal.store.assignments import Evidence
from privyseal.store.database import Transaction
from privyseal_wire.errors import WireError
from privyseal_wire.statements import Assignment as Signed

LONGEST_CHAIN = 32
"""So many people at most lie between somebody and one whose role is certified."""


class Entitlements:
    """What the people of one organization may do, proven; what was proven once in a transaction is not asked again."""

    def __init__(self, house: House, tx: Transaction, organization: Organization) -> None:
        self._house = house
        self._tx = tx
        self._organization = organization
        self._proven: dict[str, bool] = {}
        self._people: dict[str, tuple[Administrator, Credential] | None] = {}

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
            # The caller compared the role with the one in the Administrator ID.
            return assignment.role is person.role and assignment.department_id is None
        evidence = assignments.evidence_of(self._tx, [assignment.id]).get(assignment.id, [])
        return any(self._counts(item, assignment, left) for item in evidence)

    def _was_taken(self, assignment: Assignment) -> bool:
        entries = audit.of_objects(self._tx, organization_log(self._organization.slug), [assignment.id])
        return any(found["action"] == TOOK and found["outcome"] == "done" for found in map(json.loads, entries))

    def _counts(self, evidence: Evidence, assignment: Assignment, left: int) -> bool:
        """Tell whether this signature gives exactly this role, by somebody else who could give it at that time."""
        found = self._signer(evidence.credential_sha256)
        if found is None:
            return False
        signer, credential = found
        at = assignment.given_at
        if signer.organization_id != self._organization.id or signer.id == assignment.administrator_id:
            return False
        if credential.not_after < at or (credential.revoked_at is not None and credential.revoked_at <= at):
            return False
        try:
            authority = self._house.administrators_authority
            require_administrator_id(authority, credential.certificate_der, signer, self._organization, at)
            content = verify_stored(evidence.content, evidence.signature, credential, self._house.relying_party)
            signed = Signed.from_bytes(content)
        except (PrivysealError, WireError):
            return False
        return self._says(signed, assignment, signer) and self._could_give(signer, at, left - 1)

    def _says(self, signed: Signed, assignment: Assignment, signer: Administrator) -> bool:
        meant = (signed.service, signed.organization, signed.administrator, signed.role, signed.department, signed.change, signed.assigner)
        service, slug = self._house.service.service_id, self._organization.slug
        return meant == (service, slug, assignment.administrator_id, assignment.role.value, assignment.department_id, "give", signer.id)

    def _could_give(self, signer: Administrator, at: datetime, left: int) -> bool:
        right = assigning_right(self._organization.id)
        held = [item for item in assignments.ever_of(self._tx, signer.id) if item.holds_at(at) and item.given_at < at]
        able = [item for item in held if right in PERMISSIONS[item.role] and item.department_id is None]
        return any(self._is_proven(item, signer, left) for item in able)

    def _signer(self, credential_sha256: str) -> tuple[Administrator, Credential] | None:
        if credential_sha256 not in self._people:
            self._people[credential_sha256] = administrators.by_certificate(self._tx, credential_sha256)
        return self._people[credential_sha256]


def _scope(assignment: Assignment) -> Scope:
    return Scope(assignment.department_id is None, (assignment.path,))
