"""Ids are types, never bare strings; each starts with the prefix of its noun and sorts by time of birth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NewType

OrganizationId = NewType("OrganizationId", str)
VettingId = NewType("VettingId", str)
ApplicationId = NewType("ApplicationId", str)
TrialId = NewType("TrialId", str)
DepartmentId = NewType("DepartmentId", str)
AssignmentId = NewType("AssignmentId", str)
AccessReviewId = NewType("AccessReviewId", str)
DomainId = NewType("DomainId", str)
ValidationId = NewType("ValidationId", str)
DomainLetterId = NewType("DomainLetterId", str)
OrderId = NewType("OrderId", str)
AdministratorId = NewType("AdministratorId", str)
CredentialId = NewType("CredentialId", str)
InvitationId = NewType("InvitationId", str)
PasskeyRowId = NewType("PasskeyRowId", str)
ApiTokenId = NewType("ApiTokenId", str)
SessionId = NewType("SessionId", str)
SignOnId = NewType("SignOnId", str)
SignOnLinkId = NewType("SignOnLinkId", str)
ContactChangeId = NewType("ContactChangeId", str)
LostCardId = NewType("LostCardId", str)
PolicyId = NewType("PolicyId", str)
RequestId = NewType("RequestId", str)
DraftId = NewType("DraftId", str)
QuestionId = NewType("QuestionId", str)
SavedSearchId = NewType("SavedSearchId", str)
ApprovalId = NewType("ApprovalId", str)
ChangeId = NewType("ChangeId", str)
IntentId = NewType("IntentId", str)
CertificateId = NewType("CertificateId", str)
AuthorityId = NewType("AuthorityId", str)
FactId = NewType("FactId", str)

RandomBytes = Callable[[int], bytes]
"""Gives n random bytes from the system's generator; an argument everywhere, so that only app and engine hold the source."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_id(prefix: str, now: datetime, random_bytes: RandomBytes) -> str:
    """Return ``prefix-`` and 32 hex digits: 48 bits of milliseconds (RFC 9562 5.7 keeps the same order) and 80 random bits."""
    milliseconds = (now - _EPOCH) // timedelta(milliseconds=1)
    return f"{prefix}-{milliseconds:012x}{random_bytes(10).hex()}"
