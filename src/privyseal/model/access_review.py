"""Access reviews: every quarter somebody looks at who may do what, and confirms it or takes it (NetSec 2.2, four times a year).

A review is made at the beginning of a quarter and lists everybody with what he had then. It stays as it was made; only that a line is
confirmed is added. A line is settled once it is confirmed, or once the person has no role any more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from privyseal.model.administrator import Administrator, AdministratorState
from privyseal.model.errors import Conflict, NotPermitted
from privyseal.model.identifiers import AccessReviewId, AdministratorId, OrganizationId

REVIEW_TIME: Final = timedelta(days=30)
"""So long there is for a review; after that it is overdue."""

REMINDERS: Final = (timedelta(days=14), timedelta(days=30), timedelta(days=44), timedelta(days=58), timedelta(days=72))
"""So long after it was made those who review are reminded, as long as a line is open: before the end, then every two weeks."""


@dataclass(frozen=True, slots=True)
class AccessReview:
    """``organization_id`` is None for the provider's own people; ``quarter`` is for example 2026-Q4."""

    id: AccessReviewId
    organization_id: OrganizationId | None
    quarter: str
    made_at: datetime
    due_at: datetime
    closed_at: datetime | None

    def is_overdue(self, now: datetime) -> bool:
        """Tell whether it should be finished by now and is not."""
        return self.closed_at is None and now > self.due_at


@dataclass(frozen=True, slots=True)
class RoleThen:
    """A role that somebody had when the review was made; ``department`` is in words, "" for everything."""

    assignment: str
    role: str
    department: str


@dataclass(frozen=True, slots=True)
class CredentialThen:
    """A usable credential of that time; ``kind`` is ``administrator-id`` or ``passkey``."""

    sha256: str
    kind: str
    not_after: str


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """A person as the review found him; times are RFC 3339 or "" for never. ``confirmed_by`` is "" until somebody confirms."""

    review_id: AccessReviewId
    administrator_id: AdministratorId
    name: str
    state: str
    roles: tuple[RoleThen, ...]
    credentials: tuple[CredentialThen, ...]
    last_sign_in: str
    last_decision: str
    confirmed_at: datetime | None = None
    confirmed_by: str = ""


def quarter_of(moment: datetime) -> str:
    """Return the quarter of a moment, in UTC."""
    return f"{moment.year}-Q{(moment.month + 2) // 3}"


def beginning_of_quarter(moment: datetime) -> datetime:
    """Return when the quarter of a moment began, in UTC. Who came in later is in the review of the next one."""
    return moment.replace(month=(moment.month - 1) // 3 * 3 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)


def held_now(person: Administrator) -> tuple[str, ...]:
    """Return the ids of the roles that a person has now, in order: what a confirmation is about."""
    return tuple(sorted(item.id for item in person.assignments))


def is_settled(line: ReviewLine, person: Administrator) -> bool:
    """Tell whether nothing is left to do about a line: it is confirmed, or nothing is held that could be confirmed."""
    return line.confirmed_at is not None or person.state is AdministratorState.REMOVED or not person.assignments


def require_seen(person: Administrator, seen: Collection[str]) -> None:
    """Raise Conflict ``review-changed`` unless ``seen`` are exactly the roles that the person has now."""
    if tuple(sorted(seen)) != held_now(person):
        raise Conflict("review-changed", f"The roles of {person.name} have just changed. Look at them again.")


def require_not_own(person: Administrator, reviewer_id: str, others: Sequence[Administrator]) -> None:
    """Raise NotPermitted ``own-access`` where somebody confirms what he has himself while ``others`` could."""
    if person.id == reviewer_id and others:
        raise NotPermitted("own-access", f"Nobody confirms his own rights while somebody else can: {others[0].name} for example.")
