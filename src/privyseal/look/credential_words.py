"""Why a passkey or an Administrator ID is revoked, in words, and what the standard calls it."""

from __future__ import annotations

from privyseal.look.words import gettext
from privyseal.model.errors import Refused
from privyseal.model.revocation import RevocationReason


def credential_reasons() -> list[tuple[str, str, str]]:
    """Return (value, when to choose it, what follows) of the reasons to revoke a passkey or an Administrator ID."""
    return [
        ("lost", gettext("The device or card is lost"), gettext("Nobody else is known to have it.")),
        ("exposed", gettext("Somebody else may have it"), gettext("What was signed with it lately should be looked at.")),
        ("left", gettext("The person left, or has other duties"), ""),
        ("replaced", gettext("It is replaced by another"), ""),
    ]


_CREDENTIAL_REASONS = {
    "lost": RevocationReason.UNSPECIFIED,
    "exposed": RevocationReason.KEY_COMPROMISE,
    "left": RevocationReason.AFFILIATION_CHANGED,
    "replaced": RevocationReason.SUPERSEDED,
}


def read_credential_reason(text: str) -> RevocationReason:
    """Return the standard's reason (RFC 5280 5.3.1) for what was chosen; raises Refused ``reason``.

    A lost card whose holder knows of no other hands is no compromise: no reason is given then, as the standard wants it.
    """
    if text not in _CREDENTIAL_REASONS:
        raise Refused("reason", gettext("Choose a reason."), field="reason")
    return _CREDENTIAL_REASONS[text]
