"""What people call roles, and what a program's token may do, in one place for all pages."""

from __future__ import annotations

from privyseal.look.words import gettext, mark
from privyseal.model.administrator import Permission, Role

_ROLES = {
    Role.SECURITY_ADMINISTRATOR: mark("Security administrator"),
    Role.CERTIFICATE_ADMINISTRATOR: mark("Certificate administrator"),
    Role.AUDITOR: mark("Auditor"),
    Role.READ_ONLY: mark("Read only"),
    Role.PROVIDER_ADMINISTRATOR: mark("Provider administrator"),
}

_ROLE_RIGHTS = {
    Role.SECURITY_ADMINISTRATOR: mark(
        "Everything: decides, revokes, invites and revokes administrators, makes tokens, reads the audit log."
    ),
    Role.CERTIFICATE_ADMINISTRATOR: mark("Reads, submits, approves, rejects, revokes."),
    Role.AUDITOR: mark("Reads everything, the audit log too, and changes nothing."),
    Role.READ_ONLY: mark("Reads, and changes nothing."),
}


def role_words(role: Role) -> str:
    """Return a role in words."""
    return gettext(_ROLES[role])


def role_choices() -> list[tuple[str, str, str]]:
    """Return (value, name, what it may) of the roles that an organization gives."""
    return [(role.value, gettext(_ROLES[role]), gettext(rights)) for role, rights in _ROLE_RIGHTS.items()]


def scope_words(scope: Permission) -> tuple[str, str]:
    """Return name and explanation of something that a token may do."""
    words = {
        Permission.READ: (gettext("Read"), gettext("Requests, certificates, units.")),
        Permission.SUBMIT: (gettext("Submit"), gettext("Ask for certificates and reissues. What it sends waits for a decision at once.")),
        Permission.READ_AUDIT: (gettext("Read the audit log"), gettext("For a program that keeps a copy of it.")),
    }
    return words[scope]
