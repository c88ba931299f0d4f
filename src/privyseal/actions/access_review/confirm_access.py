"""Somebody confirms that a person of an access review rightly has the roles that he has now.

Taking a role or removing the person are steps of their own, under a signature; they settle the line as well.
"""

from __future__ import annotations

from collections.abc import Collection

from privyseal.actions.house import House, record
from privyseal.actions.reviewing import close_if_settled, reviewers_besides
from privyseal.model.access_review import AccessReview, require_not_own, require_seen
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.identifiers import AccessReviewId, AdministratorId
from privyseal.store import access_reviews, administrators, organizations
from privyseal.store.database import Transaction


def confirm_access(
    house: House, tx: Transaction, actor: Actor, slug: str, review_id: AccessReviewId, person_id: AdministratorId, seen: Collection[str]
) -> AccessReview:
    """Confirm one line and return the review; ``slug`` is "" for the provider's own, ``seen`` the ids of the roles that were looked at.

    A second time is harmless. Raises NotFound, NotPermitted (``permission``, ``own-access``), Conflict (``review-closed``,
    ``review-changed``).
    """
    organization = organizations.require(tx, slug) if slug else None
    organization_id = organization.id if organization else None
    require(actor, Permission.REVIEW_ACCESS, organization_id)
    review = access_reviews.get(tx, organization_id, review_id)
    line = access_reviews.line_of(tx, review_id, person_id) if review is not None else None
    person = administrators.get(tx, person_id) if line is not None else None
    if review is None or line is None or person is None:
        raise NotFound("not-found", "There is no such access review, or nobody like that in it.")
    if line.confirmed_at is not None:
        return review
    if review.closed_at is not None:
        raise Conflict("review-closed", "This access review is finished. The next one comes with the next quarter.")
    others = reviewers_besides(tx, organization_id, AdministratorId(actor.id))
    require_not_own(person, actor.id, others)
    require_seen(person, seen)
    if access_reviews.confirm(tx, line, actor.id):
        alone = "; nobody else can" if person.id == actor.id else ""
        roles = ", ".join(sorted(item.role.value for item in person.assignments)) or "no role"
        event = AuditEvent("confirm-access", Outcome.DONE, "access-review", review.id, reason=f"{person.id}: {roles}{alone}")
        told = AuditEvent("confirm-access", Outcome.DONE, "administrator", person.id, reason=f"{review.quarter}: {roles}{alone}")
        record(house, tx, actor, slug, event, told)
    close_if_settled(house, tx, actor, slug, review)
    return access_reviews.get(tx, organization_id, review_id) or review
