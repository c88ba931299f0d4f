"""Letters about access reviews: one was made, or one still waits."""

from __future__ import annotations

from privyseal.actions.reviewing import open_lines
from privyseal.features.notices.desk import Desk, common_values
from privyseal.features.notices.recipients import address_of
from privyseal.features.notices.render import Letter, date_text
from privyseal.model.access_review import AccessReview
from privyseal.model.identifiers import AccessReviewId
from privyseal.model.organization import Organization
from privyseal.store import access_reviews, organizations


def review_made(desk: Desk) -> Letter | None:
    """To the corporate contact and those who review: the list of this quarter is there, and until when it is to be finished."""
    return _letter(desk, is_reminder=False)


def review_waits(desk: Desk) -> Letter | None:
    """To the same: lines of it are still open, soon or already after its end."""
    return _letter(desk, is_reminder=True)


def _letter(desk: Desk, *, is_reminder: bool) -> Letter | None:
    review, organization = _review(desk)
    address = address_of(desk.tx, desk.recipient, organization)
    if review.closed_at is not None or not address:
        return None
    left, who = open_lines(desk.tx, review), organization.name if organization else "the provider"
    place = f"o/{organization.slug}/console" if organization else "provider"
    is_overdue = review.is_overdue(desk.tx.now)
    values = common_values(desk, organization) | {
        "who": who,
        "quarter": review.quarter,
        "made_at": review.made_at,
        "due_at": review.due_at,
        "left": left,
        "people": len(access_reviews.lines_of(desk.tx, review.id)),
        "is_reminder": is_reminder,
        "is_overdue": is_overdue,
        "review_url": f"{desk.house.service.base_url}/{place}/reviews/{review.id}",
        "show_line": f"seal review show {review.id}",
    }
    due = f"was due on {date_text(review.due_at)}" if is_overdue else f"is due on {date_text(review.due_at)}"
    return Letter("access_review", address, f"{who}: access review {review.quarter} {due}", values)


def _review(desk: Desk) -> tuple[AccessReview, Organization | None]:
    slug = str(desk.payload["organization"])
    organization = organizations.require(desk.tx, slug) if slug else None
    review_id = AccessReviewId(desk.payload["review"])
    review = access_reviews.get(desk.tx, organization.id if organization else None, review_id)
    if review is None:
        raise LookupError(review_id)
    return review, organization
