"""People who may decide: administrators of an organization and of the provider, their credentials and rights.

A right belongs to a role; a person of one organization has no rights in another, and provider staff never have the
right to approve (I13).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, get_args

from privyseal.model.errors import NotPermitted
from privyseal.model.identifiers import AdministratorId, AssignmentId, CredentialId, DepartmentId, OrganizationId
from privyseal.model.scope import NOTHING, Scope


class Permission(enum.Enum):
    """What an entrance asks for before it calls an action. In an organization most of them reach as far as the role's scope."""

    READ = "read"
    SUBMIT = "submit"
    APPROVE = "approve"
    REVOKE = "revoke"
    MOVE = "move"
    MANAGE_ADMINISTRATORS = "manage-administrators"
    ASSIGN_ROLES = "assign-roles"
    MANAGE_DEPARTMENTS = "manage-departments"
    MANAGE_TOKENS = "manage-tokens"
    MANAGE_POLICIES = "manage-policies"
    MANAGE_DOMAINS = "manage-domains"
    REVIEW_ACCESS = "review-access"
    READ_AUDIT = "read-audit"
    VET = "vet"
    CONCLUDE_VETTING = "conclude-vetting"
    SUSPEND = "suspend"
    SELL = "sell"
    OPERATE = "operate"
    REVOKE_CREDENTIALS = "revoke-credentials"
    MANAGE_STAFF = "manage-staff"


class Role(enum.Enum):
    """Roles of requirements 4.1: those of an organization, then those of the provider."""

    SECURITY_ADMINISTRATOR = "security-administrator"
    CERTIFICATE_ADMINISTRATOR = "certificate-administrator"
    DEPARTMENT_ADMINISTRATOR = "department-administrator"
    REQUESTER = "requester"
    RECOVERY_REQUESTER = "recovery-requester"
    RECOVERY_APPROVER = "recovery-approver"
    SERVICE_DESK_AGENT = "service-desk-agent"
    AUDITOR = "auditor"
    READ_ONLY = "read-only"
    PROVIDER_ADMINISTRATOR = "provider-administrator"
    PROVIDER_VETTER = "provider-vetter"
    PROVIDER_OPERATOR = "provider-operator"
    PROVIDER_SECURITY_OFFICER = "provider-security-officer"
    PROVIDER_AUDITOR = "provider-auditor"


PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.SECURITY_ADMINISTRATOR: frozenset(
            {
                Permission.READ,
                Permission.SUBMIT,
                Permission.APPROVE,
                Permission.REVOKE,
                Permission.MOVE,
                Permission.MANAGE_ADMINISTRATORS,
                Permission.ASSIGN_ROLES,
                Permission.MANAGE_DEPARTMENTS,
                Permission.MANAGE_TOKENS,
                Permission.MANAGE_POLICIES,
                Permission.MANAGE_DOMAINS,
                Permission.REVIEW_ACCESS,
                Permission.READ_AUDIT,
            }
        ),
        Role.CERTIFICATE_ADMINISTRATOR: frozenset({Permission.READ, Permission.SUBMIT, Permission.APPROVE, Permission.REVOKE}),
        Role.DEPARTMENT_ADMINISTRATOR: frozenset(
            {Permission.READ, Permission.SUBMIT, Permission.APPROVE, Permission.REVOKE, Permission.MOVE}
        ),
        Role.REQUESTER: frozenset({Permission.READ, Permission.SUBMIT}),
        Role.RECOVERY_REQUESTER: frozenset({Permission.READ}),
        Role.RECOVERY_APPROVER: frozenset({Permission.READ}),
        Role.SERVICE_DESK_AGENT: frozenset({Permission.READ}),
        Role.AUDITOR: frozenset({Permission.READ, Permission.READ_AUDIT}),
        Role.READ_ONLY: frozenset({Permission.READ}),
        Role.PROVIDER_ADMINISTRATOR: frozenset(
            {
                Permission.READ,
                Permission.READ_AUDIT,
                Permission.VET,
                Permission.CONCLUDE_VETTING,
                Permission.SUSPEND,
                Permission.SELL,
                Permission.OPERATE,
                Permission.REVOKE_CREDENTIALS,
                Permission.MANAGE_STAFF,
                Permission.REVIEW_ACCESS,
            }
        ),
        Role.PROVIDER_VETTER: frozenset({Permission.READ, Permission.VET, Permission.REVOKE_CREDENTIALS}),
        Role.PROVIDER_OPERATOR: frozenset({Permission.READ, Permission.SELL, Permission.OPERATE, Permission.REVOKE_CREDENTIALS}),
        Role.PROVIDER_SECURITY_OFFICER: frozenset(
            {
                Permission.READ,
                Permission.READ_AUDIT,
                Permission.CONCLUDE_VETTING,
                Permission.SUSPEND,
                Permission.REVOKE_CREDENTIALS,
                Permission.MANAGE_STAFF,
                Permission.REVIEW_ACCESS,
            }
        ),
        Role.PROVIDER_AUDITOR: frozenset({Permission.READ, Permission.READ_AUDIT}),
    }
)
"""The only place that says what a role may. No role of the provider ever has APPROVE or REVOKE (I13); READ of the provider's people is
of the provider's own records."""

READING: Final = frozenset({Permission.READ, Permission.READ_AUDIT, Permission.REVIEW_ACCESS})
"""Rights that change nothing: all that is left of a role where its holder came without a credential."""

PROVIDER_ROLES = frozenset(role for role in Role if role.value.startswith("provider-"))
ORGANIZATION_ROLES = frozenset(Role) - PROVIDER_ROLES

TokenScope: TypeAlias = Literal["read", "submit", "read-audit"]
"""What an API token may carry; entrances offer these and no others."""

TOKEN_SCOPES = frozenset(Permission(scope) for scope in get_args(TokenScope))
"""The same as permissions. Approving and revoking need a signature, which a token cannot give (I13)."""


RENEW_WITHIN = timedelta(days=60)
"""How long before the end of an Administrator ID its owner may get the next one."""


class AdministratorState(enum.Enum):
    """invited -> active -> removed."""

    INVITED = "invited"
    ACTIVE = "active"
    REMOVED = "removed"


ENTRY: Final = "entry"
"""Who gave the role that a person came in with: what lets somebody in says it, and the Administrator ID certifies it."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A person holds a role within a scope: the whole organization (``department_id`` None) or a department with all below it.

    ``path`` is that of the department as it now lies in the tree, "" for the whole organization. ``given_by`` and ``ended_by``
    are ids of administrators; ``given_by`` is ``ENTRY`` for what the person came in with.
    """

    id: AssignmentId
    administrator_id: AdministratorId
    role: Role
    department_id: DepartmentId | None
    path: str
    given_at: datetime
    given_by: str
    ended_at: datetime | None = None
    ended_by: str = ""

    def holds_at(self, moment: datetime) -> bool:
        """Tell whether the person held it at a moment."""
        return self.given_at <= moment and (self.ended_at is None or moment < self.ended_at)


@dataclass(frozen=True, slots=True)
class Administrator:
    """``organization_id`` is None for the provider's own people; ``role`` is the one that the person came in with.

    What he may do now stands in ``assignments``, those in force. ``department_id`` is the department that he belongs to, which
    says who sees him and nothing of what he may do.
    """

    id: AdministratorId
    organization_id: OrganizationId | None
    name: str
    email: str
    role: Role
    state: AdministratorState
    created_at: datetime
    department_id: DepartmentId | None = None
    assignments: tuple[Assignment, ...] = ()

    def scope(self, permission: Permission) -> Scope:
        """Return how far this right of the person reaches now."""
        if self.state is not AdministratorState.ACTIVE:
            return NOTHING
        return scope_of(self.assignments, permission)

    def may(self, permission: Permission, path: str = "") -> bool:
        """Tell whether this person holds the right now for what belongs to the department of ``path``, "" being the organization."""
        return self.scope(permission).covers(path)


def scope_of(assignments: Sequence[Assignment], permission: Permission) -> Scope:
    """Return how far a right reaches under these assignments."""
    giving = [assignment for assignment in assignments if permission in PERMISSIONS[assignment.role]]
    everything = any(assignment.department_id is None for assignment in giving)
    return Scope(everything, () if everything else tuple(sorted({assignment.path for assignment in giving if assignment.path})))


@dataclass(frozen=True, slots=True)
class Credential:
    """An Administrator ID: a certificate of the administrators' CA, registered by its SHA-256."""

    id: CredentialId
    administrator_id: AdministratorId
    certificate_der: bytes
    certificate_sha256: str
    not_after: datetime
    revoked_at: datetime | None

    def is_usable(self, now: datetime) -> bool:
        """Tell whether it is neither revoked nor expired."""
        return self.revoked_at is None and now <= self.not_after

    def may_be_renewed(self, now: datetime) -> bool:
        """Tell whether its owner may have another one: it counts no more, or ends within ``RENEW_WITHIN``."""
        return not self.is_usable(now) or self.not_after - now <= RENEW_WITHIN


def require_held(administrator: Administrator, permission: Permission) -> None:
    """Raise NotPermitted ``role`` unless the person holds the right for some part of the organization; how far is asked then."""
    if administrator.scope(permission).is_empty:
        right = permission.value.replace("-", " ")
        raise NotPermitted("role", f"No role of {administrator.name} includes the right to {right}.")


def require_permission(administrator: Administrator, permission: Permission, path: str = "") -> None:
    """Raise NotPermitted unless the person holds the right for what belongs to the department of ``path``.

    ``role`` when he holds it nowhere, ``scope`` when he holds it elsewhere in the organization.
    """
    require_held(administrator, permission)
    if not administrator.scope(permission).covers(path):
        right = permission.value.replace("-", " ")
        sentence = f"The right of {administrator.name} to {right} does not reach this far: it is for certain departments alone."
        raise NotPermitted("scope", sentence)
