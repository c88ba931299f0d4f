"""What somebody has answered so far on the way to a request (requirements 5.2, state draft).

A draft is no request yet: nobody decides on it, nothing is checked for good, and it is forgotten after a week. It never
holds a secret: there is no field for the challenge phrase, which is asked on the last step and goes straight to its hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from privyseal.model.identifiers import DraftId, OrganizationId, RequestId

DRAFT_LIFE: Final = timedelta(days=7)
"""How long the answers are kept after the last change."""

MAXIMUM_ANSWERS: Final = 64 * 1024
"""Bytes of all answers as they are stored; a CSR for 100 names with an RSA-8192 key needs 12 KiB of them."""


@dataclass(frozen=True, slots=True)
class Answers:
    """``platform`` is the kind of server, ``names`` what commands are written for, ``csr`` PEM, ``servers`` as ``Endpoint.text`` writes.

    ``department`` is the id of a department, "" for the organization itself; ``custom_fields`` has (name, value) as typed.
    """

    platform: str = ""
    names: tuple[str, ...] = ()
    csr: str = ""
    policy: str = ""
    lifetime_days: int = 0
    servers: tuple[str, ...] = ()
    contact_name: str = ""
    contact_email: str = ""
    comment: str = ""
    department: str = ""
    custom_fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """``request_id`` is set once the answers became a request; they are gone then."""

    id: DraftId
    organization_id: OrganizationId
    answers: Answers
    request_id: RequestId | None
    created_at: datetime
    changed_at: datetime
    expires_at: datetime
