"""What the actions about access reviews share: who else can confirm, and when a review is finished."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.model.access_review import AccessReview, is_settled
from privyseal.model.actor import Actor
from privyseal.model.administrator import Administrator, Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.identifiers import AdministratorId, OrganizationId
from privyseal.store import access_reviews, administrators
from privyseal.store.database import Transaction


def reviewers_besides(tx: Transaction, organization_id: OrganizationId | None, person_id: AdministratorId) -> list[Administrator]:
    """Return who besides this person may review access throughout and has a credential to come in with."""
    people = administrators.of_organization(tx, organization_id)
    others = [person for person in people if person.id != person_id and person.may(Permission.REVIEW_ACCESS)]
    held = administrators.credentials_by_person(tx, [person.id for person in others])
    return [person for person in others if any(item.is_usable(tx.now) for item in held.get(person.id, []))]


def open_lines(tx: Transaction, review: AccessReview) -> int:
    """Return how many lines of a review are not settled."""
    found = access_reviews.lines_of(tx, review.id)
    people = {person.id: person for person in administrators.of_organization(tx, review.organization_id)}
    return sum(line.administrator_id in people and not is_settled(line, people[line.administrator_id]) for line in found)


def close_if_settled(house: House, tx: Transaction, actor: Actor, slug: str, review: AccessReview) -> bool:
    """Close an open review when nothing is left to do; tells whether this call closed it."""
    if open_lines(tx, review) or not access_reviews.close(tx, review.id):
        return False
    record(house, tx, actor, slug, AuditEvent("finish-access-review", Outcome.DONE, "access-review", review.id, reason=review.quarter))
    return True
