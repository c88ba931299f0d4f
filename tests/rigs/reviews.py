"""Access reviews that are open now: the service's own begins with the next quarter."""

from __future__ import annotations

from datetime import datetime

from privyseal.actions.house import House
from privyseal.model.access_review import REVIEW_TIME, AccessReview, CredentialThen, ReviewLine, RoleThen, quarter_of
from privyseal.model.identifiers import AccessReviewId
from privyseal.model.statement import utc_text
from privyseal.store import access_reviews, administrators, organizations


def open_review(house: House, now: datetime, slug: str) -> AccessReviewId:
    """Enter a review of everybody's access that nobody has answered yet; ``slug`` is "" for the provider's own."""
    with house.database.write(now) as tx:
        owner = organizations.require(tx, slug).id if slug else None
        review = AccessReview(AccessReviewId(house.id("rev", tx.now)), owner, quarter_of(tx.now), tx.now, tx.now + REVIEW_TIME, None)
        people = administrators.of_organization(tx, owner)
        held = administrators.credentials_by_person(tx, [person.id for person in people])
        lines = [
            ReviewLine(
                review_id=review.id,
                administrator_id=person.id,
                name=person.name,
                state=person.state.value,
                roles=tuple(RoleThen(item.id, item.role.value, "") for item in person.assignments),
                credentials=tuple(
                    CredentialThen(item.certificate_sha256, "administrator-id", utc_text(item.not_after))
                    for item in held[person.id]
                    if item.is_usable(tx.now)
                ),
                last_sign_in="",
                last_decision="",
            )
            for person in people
        ]
        assert access_reviews.insert(tx, review, lines)
    return review.id
