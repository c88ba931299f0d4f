"""What people call roles, and what a program's token may do, in one place for all pages."""

from __future__ import annotations

from privyseal.look.words import gettext, mark
from privyseal.model.administrator import Permission, Role

_ROLES = {
    Role.SECURITY_ADMINISTRATOR: mark("Security administrator"),
    Role.CERTIFICATE_ADMINISTRATOR: mark("Certificate administrator"),
    Role.DEPARTMENT_ADMINISTRATOR: mark("Department administrator"),
    Role.REQUESTER: mark("Requester"),
    Role.RECOVERY_REQUESTER: mark("Recovery requester"),
    Role.RECOVERY_APPROVER: mark("Recovery approver"),
    Role.SERVICE_DESK_AGENT: mark("Service desk agent"),
    Role.AUDITOR: mark("Auditor"),
    Role.READ_ONLY: mark("Read only"),
    Role.PROVIDER_ADMINISTRATOR: mark("Provider administrator"),
    Role.PROVIDER_VETTER: mark("Vetter"),
    Role.PROVIDER_OPERATOR: mark("Operator"),
    Role.PROVIDER_SECURITY_OFFICER: mark("Security officer"),
    Role.PROVIDER_AUDITOR: mark("Provider auditor"),
}

_ROLE_RIGHTS = {
    Role.SECURITY_ADMINISTRATOR: mark(
        "Everything: decides, revokes, invites and revokes administrators, gives roles, makes tokens, reads the audit log."
    ),
    Role.CERTIFICATE_ADMINISTRATOR: mark("Reads, submits, approves, rejects, revokes."),
    Role.DEPARTMENT_ADMINISTRATOR: mark("Reads, submits, approves, rejects, revokes and moves certificates; meant for one department."),
    Role.REQUESTER: mark("Reads, and asks for certificates."),
    Role.RECOVERY_REQUESTER: mark("Reads; will ask for the recovery of keys."),
    Role.RECOVERY_APPROVER: mark("Reads; will approve the recovery of keys."),
    Role.SERVICE_DESK_AGENT: mark("Reads, to answer questions of subscribers."),
    Role.AUDITOR: mark("Reads everything, the audit log too, and changes nothing."),
    Role.READ_ONLY: mark("Reads, and changes nothing."),
}

_STAFF_RIGHTS = {
    Role.PROVIDER_ADMINISTRATOR: mark("Everything that the provider may; never approves for an organization."),
    Role.PROVIDER_VETTER: mark("Vets organizations and their domains, and lets their first administrator in."),
    Role.PROVIDER_OPERATOR: mark("Runs the service and enters orders."),
    Role.PROVIDER_SECURITY_OFFICER: mark("Gives and takes the roles of the provider's people, reviews them, reads the provider's log."),
    Role.PROVIDER_AUDITOR: mark("Reads everything of the provider, the audit log too, and changes nothing."),
}


def role_words(role: Role) -> str:
    """Return a role in words."""
    return gettext(_ROLES[role])


def role_rights(role: Role) -> str:
    """Return what a role may do."""
    return gettext({**_ROLE_RIGHTS, **_STAFF_RIGHTS}[role])


def role_choices() -> list[tuple[str, str, str]]:
    """Return (value, name, what it may) of the roles that an organization gives."""
    return [(role.value, gettext(_ROLES[role]), gettext(rights)) for role, rights in _ROLE_RIGHTS.items()]


def staff_role_choices() -> list[tuple[str, str, str]]:
    """Return the same of the roles of the provider's people."""
    return [(role.value, gettext(_ROLES[role]), gettext(rights)) for role, rights in _STAFF_RIGHTS.items()]


def scope_words(scope: Permission) -> tuple[str, str]:
    """Return name and explanation of something that a token may do."""
    words = {
        Permission.READ: (gettext("Read"), gettext("Requests, certificates, units.")),
        Permission.SUBMIT: (gettext("Submit"), gettext("Ask for certificates and reissues. What it sends waits for a decision at once.")),
        Permission.READ_AUDIT: (gettext("Read the audit log"), gettext("For a program that keeps a copy of it.")),
    }
    return words[scope]
