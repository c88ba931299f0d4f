"""People who may decide: administrators of an organization and of the provider, their credentials and rights.

A right belongs to a role; a person of one organization has no rights in another, and provider staff never have the
right to approve (I13).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

from privyseal.model.errors import NotPermitted
from privyseal.model.identifiers import AdministratorId, CredentialId, OrganizationId


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
                Permission.MANAGE_STAFF,
                Permission.REVIEW_ACCESS,
            }
        ),
        Role.PROVIDER_VETTER: frozenset({Permission.READ, Permission.VET}),
        Role.PROVIDER_OPERATOR: frozenset({Permission.READ, Permission.SELL, Permission.OPERATE}),
        Role.PROVIDER_SECURITY_OFFICER: frozenset(
            {
                Permission.READ,
                Permission.READ_AUDIT,
                Permission.CONCLUDE_VETTING,
                Permission.SUSPEND,
                Permission.MANAGE_STAFF,
                Permission.REVIEW_ACCESS,
            }
        ),
        Role.PROVIDER_AUDITOR: frozenset({Permission.READ, Permission.READ_AUDIT}),
    }
)
"""The only place that says what a role may. No role of the provider ever has APPROVE or REVOKE (I13); READ of the provider's people is
of the provider's own records."""

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


@dataclass(frozen=True, slots=True)
class Administrator:
    """``organization_id`` is None for the provider's own people."""

    id: AdministratorId
    organization_id: OrganizationId | None
    name: str
    email: str
    role: Role
    state: AdministratorState
    created_at: datetime

    def may(self, permission: Permission) -> bool:
        """Tell whether this person holds the right now."""
        return self.state is AdministratorState.ACTIVE and permission in PERMISSIONS[self.role]


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


def require_permission(administrator: Administrator, permission: Permission) -> None:
    """Raise NotPermitted ``role`` unless the person holds the right."""
    if not administrator.may(permission):
        right = permission.value.replace("-", " ")
        sentence = f"The role {administrator.role.value} of {administrator.name} does not include the right to {right}."
        raise NotPermitted("role", sentence)
