"""Reasons to revoke (RFC 5280 5.3.1) and who may give which."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from privyseal.model.errors import Refused
from privyseal.model.identifiers import AuthorityId


class RevocationReason(enum.Enum):
    """Name as people and programs write it; ``code`` is the CRLReason. 7 is unused; hold and aACompromise are not offered for TLS."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"

    @property
    def code(self) -> int:
        """The CRLReason of RFC 5280 5.3.1; 0 is left out of the CRL entry."""
        return _CODES[self]


_CODES = {
    RevocationReason.UNSPECIFIED: 0,
    RevocationReason.KEY_COMPROMISE: 1,
    RevocationReason.AFFILIATION_CHANGED: 3,
    RevocationReason.SUPERSEDED: 4,
    RevocationReason.CESSATION_OF_OPERATION: 5,
    RevocationReason.PRIVILEGE_WITHDRAWN: 9,
}


def read_reason(text: str) -> RevocationReason:
    """Return the reason of this name; raises Refused ``revocation-reason`` and lists the names."""
    try:
        return RevocationReason(text)
    except ValueError:
        names = ", ".join(reason.value for reason in RevocationReason)
        raise Refused("revocation-reason", f"The reason is one of {names}.", field="reason") from None


_BY_CODE = {code: reason.value for reason, code in _CODES.items()}


def reason_of(code: int | None) -> str:
    """Return the name of a stored CRLReason; ``unspecified`` for none."""
    return _BY_CODE.get(code or 0, RevocationReason.UNSPECIFIED.value)


@dataclass(frozen=True, slots=True)
class Revocation:
    """One revoked serial; it has no certificate when an abandoned intent was closed."""

    authority_id: AuthorityId
    serial_hex: str
    revoked_at: datetime
    reason: RevocationReason
    shard: int
    expires_at: datetime
