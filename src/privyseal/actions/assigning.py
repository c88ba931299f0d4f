"""How a role is given and taken, and what must hold then; no action, but what the actions that do it share.

A change is judged and applied here once as many people have signed it as the quorum asks.
The rules are about the people, so they hold for every way:

- nobody gives a role to himself, and takes one from himself only where nobody else could do it
- whoever gives or takes may assign roles, and what somebody signed is kept as it came: the issuer verifies it again
- somebody who may assign roles and can sign is always left
- nobody gets a recovery role who is the alert contact (I9)
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from privyseal.actions.contacting import require_not_alerted_of
from privyseal.actions.house import House, announce, record, sha256_hex
from privyseal.model.actor import Actor
from privyseal.model.administrator import (
    ORGANIZATION_ROLES,
    PERMISSIONS,
    PROVIDER_ROLES,
    Administrator,
    AdministratorState,
    Assignment,
    Permission,
    Role,
)
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.department import Department, require_open
from privyseal.model.errors import Conflict, NotFound, NotPermitted, Refused
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import AdministratorId, AssignmentId, ChangeId, OrganizationId
from privyseal.model.organization import Organization
from privyseal.model.role_change import RoleChange
from privyseal.model.scope import EVERYTHING
from privyseal.store import administrators, assignments, departments, organizations
from privyseal.store.assignments import Evidence
from privyseal.store.database import Transaction

GAVE, TOOK = "give-role", "take-role"
"""The actions of the entries that a change of roles leaves; the issuer believes no row that a TOOK entry ended."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What somebody signed for a change, as it came."""

    signer: AdministratorId
    content: bytes
    signature: bytes
    credential_sha256: str


def assigning_right(organization_id: OrganizationId | None) -> Permission:
    """Return the right that giving and taking roles needs in an organization (None: at the provider)."""
    return Permission.MANAGE_STAFF if organization_id is None else Permission.ASSIGN_ROLES


def change_of_assignment(assignment_id: str) -> ChangeId:
    """Return the id of the change that gave a role: the assignment is named after it, so that a change gives one and no more."""
    return ChangeId(f"chg-{assignment_id.removeprefix('asg-')}")


def apply_change(
    house: House,
    tx: Transaction,
    actor: Actor,
    organization: Organization | None,
    change: RoleChange,
    change_id: ChangeId,
    signed: Sequence[Signature],
) -> Assignment:
    """Judge and apply a change of roles and return what was given or taken; None is the provider.

    ``signed`` is kept as evidence. Raises NotFound, NotPermitted ``own-role``, Refused (``role``, ``role-scope``, ``alert-contact``,
    ``assignment-replayed``), Conflict (``role-held``, ``role-not-held``, ``last-security-administrator``, ``department-closed``).
    """
    hold(tx, organization)
    person = require_person(tx, organization, change.administrator_id)
    department = _place(tx, organization, change)
    _require_apart(tx, organization, person, change)
    _require_others(tx, organization, person, change, [item.signer for item in signed])
    kept = _give(tx, actor, person, department, change.role, change_id) if change.gives else _take(tx, actor, organization, person, change)
    for item in signed:
        evidence = Evidence(sha256_hex(item.content), item.credential_sha256, kept.id, item.content, item.signature)
        if not assignments.insert_evidence(tx, evidence):
            raise Refused("assignment-replayed", "Exactly this was signed and handed in before. Sign it anew.")
    slug = organization.slug if organization else ""
    told = [digest for item in signed for digest in (sha256_hex(item.content), sha256_hex(item.signature))]
    reason = f"{change.role.value} in {change.department_id or ('organization' if organization else 'provider')}"
    action = GAVE if change.gives else TOOK
    record(
        house,
        tx,
        actor,
        slug,
        AuditEvent(action, Outcome.DONE, "administrator", person.id, reason=reason, evidence=tuple(told)),
        AuditEvent(action, Outcome.DONE, "assignment", kept.id, reason=reason, evidence=tuple(told)),
    )
    payload = {"organization": slug, "administrator": person.id, "assignment": kept.id, "by": actor.id, "given": change.gives}
    announce(house, tx, FactKind.ROLE_CHANGED, payload)
    return kept


def judge_change(tx: Transaction, organization: Organization | None, change: RoleChange) -> Administrator:
    """Return the person whose roles would change; writes nothing. Raises as :func:`apply_change`, but for who signed."""
    person = require_person(tx, organization, change.administrator_id)
    _place(tx, organization, change)
    _require_apart(tx, organization, person, change)
    held = next((item for item in person.assignments if (item.role, item.department_id) == (change.role, change.department_id)), None)
    if change.gives and held is not None:
        raise _held_already(person)
    if not change.gives:
        _require_held(tx, organization, person, change)
    return person


def hold(tx: Transaction, organization: Organization | None) -> None:
    """Let nobody else change roles here before this transaction ends: of two who are left, each could take the other's."""
    if organization is not None:
        organizations.hold(tx, organization.id)
    else:
        administrators.hold_staff(tx)


def require_person(tx: Transaction, organization: Organization | None, person_id: AdministratorId) -> Administrator:
    """Return somebody of this organization (None: of the provider) who is not removed; raises NotFound."""
    person = administrators.get(tx, person_id)
    mine = organization.id if organization else None
    if person is None or person.organization_id != mine or person.state is AdministratorState.REMOVED:
        raise NotFound("not-found", "There is no such person, or it is nobody of yours.")
    return person


def _place(tx: Transaction, organization: Organization | None, change: RoleChange) -> Department | None:
    allowed = ORGANIZATION_ROLES if organization is not None else PROVIDER_ROLES
    if change.role not in allowed:
        raise Refused("role", f"The role {change.role.value} does not exist there.", field="role")
    if change.department_id is None:
        return None
    if change.gives and (organization is None or PERMISSIONS[change.role] & _WHOLE):
        sentence = f"The role {change.role.value} is for a whole organization: parts of it reach no department alone."
        raise Refused("role-scope", sentence, field="department")
    department = departments.get(tx, organization.id, change.department_id) if organization is not None else None
    if department is None:
        raise NotFound("not-found", "There is no such department in your organization.")
    if change.gives:
        require_open(department)
    return department


def _require_apart(tx: Transaction, organization: Organization | None, person: Administrator, change: RoleChange) -> None:
    if change.gives and organization is not None:
        require_not_alerted_of(tx, organization, change.role, person.email)


_WHOLE = frozenset({Permission.MANAGE_ADMINISTRATORS, Permission.ASSIGN_ROLES, Permission.MANAGE_DEPARTMENTS})
"""Rights that mean something for a whole organization alone."""


def _require_others(
    tx: Transaction, organization: Organization | None, person: Administrator, change: RoleChange, signers: Collection[AdministratorId]
) -> None:
    if person.id not in signers:
        return
    if change.gives:
        raise NotPermitted("own-role", "Nobody gives a role to himself. Ask another security administrator.")
    if able_besides(tx, organization, person.id):
        raise NotPermitted("own-role", "Nobody takes a role from himself while somebody else can. Ask another security administrator.")


def able_besides(tx: Transaction, organization: Organization | None, person_id: AdministratorId) -> bool:
    """Tell whether somebody besides this person may assign roles and has a credential to sign with."""
    mine = organization.id if organization else None
    right = assigning_right(mine)
    others = [other for other in administrators.holding(tx, mine, right) if other.id != person_id]
    held = administrators.credentials_by_person(tx, [other.id for other in others])
    return any(credential.is_usable(tx.now) for items in held.values() for credential in items)


def require_left(tx: Transaction, organization: Organization | None, person: Administrator) -> None:
    """Raise Conflict ``last-security-administrator`` unless somebody besides this person may assign roles and can sign."""
    if not able_besides(tx, organization, person.id):
        sentence = (
            f"{person.name} is the last one who may assign roles and can sign. Invite another person first, give that person this "
            "role, and have the credential made; then this can be done by the other one."
        )
        raise Conflict("last-security-administrator", sentence)


def _give(
    tx: Transaction, actor: Actor, person: Administrator, department: Department | None, role: Role, change_id: ChangeId
) -> Assignment:
    place, path = (department.id, department.path) if department else (None, "")
    given = Assignment(AssignmentId(f"asg-{change_id.removeprefix('chg-')}"), person.id, role, place, path, tx.now, actor.id)
    if not assignments.insert(tx, given):
        raise _held_already(person)
    return given


def _held_already(person: Administrator) -> Conflict:
    return Conflict("role-held", f"{person.name} has this role there already.", field="role")


def _take(tx: Transaction, actor: Actor, organization: Organization | None, person: Administrator, change: RoleChange) -> Assignment:
    held = _require_held(tx, organization, person, change)
    if not assignments.end(tx, held.id, actor.id):
        raise Conflict("role-not-held", f"{person.name} does not have this role there.", field="role")
    return held


def _require_held(tx: Transaction, organization: Organization | None, person: Administrator, change: RoleChange) -> Assignment:
    """Return the assignment that is taken; raises Conflict unless the person has it and somebody is left without it."""
    wanted = (change.role, change.department_id)
    held = next((item for item in person.assignments if (item.role, item.department_id) == wanted), None)
    if held is None:
        raise Conflict("role-not-held", f"{person.name} does not have this role there.", field="role")
    right = assigning_right(organization.id if organization else None)
    rest = [item for item in person.assignments if item.id != held.id]
    keeps = any(right in PERMISSIONS[item.role] and item.department_id is None for item in rest)
    if person.scope(right) == EVERYTHING and not keeps:
        require_left(tx, organization, person)
    return held
