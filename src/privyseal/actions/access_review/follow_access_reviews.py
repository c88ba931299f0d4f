"""Close the access reviews that are settled, and remind of those that are not; run by the work process, harmless to repeat."""

from __future__ import annotations

from privyseal.actions.house import House, announce_once
from privyseal.actions.reviewing import close_if_settled
from privyseal.model.access_review import REMINDERS, AccessReview
from privyseal.model.actor import Actor
from privyseal.model.fact import FactKind
from privyseal.store import access_reviews, organizations
from privyseal.store.database import Transaction

PAGE = 100


def follow_access_reviews(house: House, tx: Transaction, actor: Actor, after: str = "") -> str:
    """Look at the open reviews behind the id ``after``, ``PAGE`` at most; return the last id, or "" when there are no more."""
    found = access_reviews.open_ones(tx, after=after, limit=PAGE)
    for review in found:
        slug = organizations.get(tx, review.organization_id).slug if review.organization_id else ""
        if not close_if_settled(house, tx, actor, slug, review):
            _remind(house, tx, review, slug)
    return found[-1].id if len(found) == PAGE else ""


def _remind(house: House, tx: Transaction, review: AccessReview, slug: str) -> None:
    # Only the latest: after a long stop nobody gets three letters at once.
    due = [after for after in REMINDERS if tx.now >= review.made_at + after]
    if due:
        occasion, since = f"{review.id} {max(due).days}", review.made_at + max(due)
        announce_once(house, tx, FactKind.ACCESS_REVIEW_WAITS, occasion, since, {"organization": slug, "review": review.id})
