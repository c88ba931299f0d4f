"""A lost card: somebody says so, the organization's corporate contact confirms by mail, the provider after a call.

asked -> confirmed -> revoked, left or dismissed. One that is not confirmed within a day counts for nothing.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from privyseal.model.identifiers import AdministratorId, LostCardId, OrganizationId

CONFIRM_WITHIN: Final = timedelta(hours=24)
NOTE_CHARACTERS: Final = 1_000


class LostCardEnd(enum.Enum):
    """What the provider concluded after the call; ``LEFT`` is for a person who does not come back and whom too few are left to remove."""

    REVOKED = "revoked"
    LEFT = "left"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class LostCard:
    """``note`` says who was called back, at which number known before, and who confirmed; only the hash of the code is kept."""

    id: LostCardId
    organization_id: OrganizationId
    administrator_id: AdministratorId
    code_hash: str
    asked_at: datetime
    expires_at: datetime
    confirmed_at: datetime | None = None
    concluded_at: datetime | None = None
    concluded_by: str | None = None
    end: LostCardEnd | None = None
    note: str = ""
