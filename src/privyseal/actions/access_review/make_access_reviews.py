"""Make the access reviews of the quarter: one for each active organization, and one for the provider's own people.

Run by the work process. Of a quarter there is one review, whoever comes second adds nothing; a few are made in one transaction, so that
a crash loses no more than those, which the next turn makes. Where nobody was there before the quarter began, the first review comes
with the next one.
"""

from __future__ import annotations

from collections.abc import Sequence

from privyseal.actions.house import House, announce, record
from privyseal.model.access_review import REVIEW_TIME, AccessReview, CredentialThen, ReviewLine, RoleThen, beginning_of_quarter, quarter_of
from privyseal.model.actor import Actor
from privyseal.model.administrator import Administrator, AdministratorState
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import AccessReviewId, AdministratorId, DepartmentId, OrganizationId
from privyseal.model.organization import Organization
from privyseal.model.statement import utc_text
from privyseal.store import access_reviews, administrators, departments, organizations, passkeys
from privyseal.store.database import Transaction

AT_ONCE = 20
"""Reviews of one transaction."""

MADE = "make-access-review"


def make_access_reviews(house: House, tx: Transaction, actor: Actor) -> int:
    """Make the reviews that are missing, ``AT_ONCE`` at most, and return how many; 0 when all are there."""
    quarter = quarter_of(tx.now)
    since = beginning_of_quarter(tx.now)
    missing: list[OrganizationId | None] = [*access_reviews.without_one(tx, quarter, since, AT_ONCE)]
    if access_reviews.provider_is_without_one(tx, quarter, since):
        missing.append(None)
    return sum(_make(house, tx, actor, quarter, organization_id) for organization_id in missing)


def _make(house: House, tx: Transaction, actor: Actor, quarter: str, organization_id: OrganizationId | None) -> bool:
    organization = organizations.get(tx, organization_id) if organization_id is not None else None
    review = AccessReview(
        id=AccessReviewId(house.id("rev", tx.now)),
        organization_id=organization_id,
        quarter=quarter,
        made_at=tx.now,
        due_at=tx.now + REVIEW_TIME,
        closed_at=None,
    )
    people = [person for person in administrators.of_organization(tx, organization_id) if person.state is not AdministratorState.REMOVED]
    if not access_reviews.insert(tx, review, _lines(tx, review.id, organization, people)):
        return False
    slug = organization.slug if organization else ""
    record(house, tx, actor, slug, AuditEvent(MADE, Outcome.DONE, "access-review", review.id, reason=quarter))
    announce(house, tx, FactKind.ACCESS_REVIEW_MADE, {"organization": slug, "review": review.id})
    return True


def _lines(
    tx: Transaction, review_id: AccessReviewId, organization: Organization | None, people: Sequence[Administrator]
) -> list[ReviewLine]:
    ids = [AdministratorId(person.id) for person in people]
    held, known = administrators.credentials_by_person(tx, ids), passkeys.every_of(tx, *ids)
    signed_in, decided = access_reviews.signed_in_last(tx, ids), access_reviews.decided_last(tx, ids)
    places = _places(tx, organization, people)
    found = []
    for person in people:
        usable = [item for item in held.get(person.id, []) if item.is_usable(tx.now)]
        roles = tuple(RoleThen(item.id, item.role.value, places.get(item.department_id or "", "")) for item in person.assignments)
        credentials = tuple(
            CredentialThen(
                item.certificate_sha256,
                "passkey" if item.certificate_sha256 in known else "administrator-id",
                utc_text(item.not_after),
            )
            for item in usable
        )
        sign_in, decision = signed_in.get(person.id), decided.get(person.id)
        found.append(
            ReviewLine(
                review_id=review_id,
                administrator_id=person.id,
                name=person.name,
                state=person.state.value,
                roles=roles,
                credentials=credentials,
                last_sign_in=utc_text(sign_in) if sign_in else "",
                last_decision=utc_text(decision) if decision else "",
            )
        )
    return found


def _places(tx: Transaction, organization: Organization | None, people: Sequence[Administrator]) -> dict[str, str]:
    """Return the way down to every department that somebody has a role in, by its id."""
    wanted = {DepartmentId(item.department_id) for person in people for item in person.assignments if item.department_id}
    if organization is None or not wanted:
        return {}
    found = list(departments.of_ids(tx, organization.id, wanted).values())
    return {str(key): " / ".join(names) for key, names in departments.names_to(tx, organization.id, found).items()}
