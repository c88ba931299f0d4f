"""Access reviews: who had which roles when the quarter's list was made, and confirming them person by person."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path

from privyseal.actions.access_review.confirm_access import confirm_access
from privyseal.actions.house import About, perform
from privyseal.doors.rest.access import described, holder, provider
from privyseal.doors.rest.addresses import After, Limit, Slug
from privyseal.doors.rest.authentication import Caller, CallerOf, Context
from privyseal.doors.rest.reading import read, read_of_provider
from privyseal.doors.rest.review_documents import (
    ConfirmationBody,
    OrganizationReview,
    OrganizationReviews,
    ReviewDocument,
    ReviewedCredential,
    ReviewedRole,
    ReviewLineDocument,
    ReviewPage,
    WholeReview,
)
from privyseal.model.access_review import AccessReview, held_now, is_settled
from privyseal.model.administrator import Permission
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import AccessReviewId, AdministratorId, OrganizationId
from privyseal.model.organization import Organization
from privyseal.model.statement import utc_text
from privyseal.store import access_reviews, administrators, organizations
from privyseal.store.database import Transaction

router = APIRouter(tags=["Access reviews"])

ReviewPath = Annotated[str, Path(pattern=r"^rev-[0-9a-f]{32}$", description="Id of the access review.")]
MOST = 100
"""Reviews of one list: those of 25 years."""


def _state(tx: Transaction, review: AccessReview) -> Literal["open", "overdue", "finished"]:
    if review.closed_at is not None:
        return "finished"
    return "overdue" if review.is_overdue(tx.now) else "open"


def _document(tx: Transaction, review: AccessReview) -> ReviewDocument:
    return ReviewDocument(
        id=review.id,
        quarter=review.quarter,
        state=_state(tx, review),
        made_at=utc_text(review.made_at),
        due_at=utc_text(review.due_at),
        closed_at=utc_text(review.closed_at) if review.closed_at else None,
    )


def _page(tx: Transaction, organization_id: OrganizationId | None) -> ReviewPage:
    return ReviewPage(items=[_document(tx, review) for review in access_reviews.page(tx, organization_id, limit=MOST)])


def _whole(tx: Transaction, organization_id: OrganizationId | None, review_id: str) -> WholeReview:
    review = access_reviews.get(tx, organization_id, AccessReviewId(review_id))
    if review is None:
        raise NotFound("not-found", "There is no such access review.")
    people = {person.id: person for person in administrators.of_organization(tx, organization_id)}
    lines = [
        ReviewLineDocument(
            administrator=line.administrator_id,
            name=line.name,
            roles=[ReviewedRole(assignment=item.assignment, role=item.role, department=item.department or None) for item in line.roles],
            credentials=[
                ReviewedCredential(
                    sha256=item.sha256, kind="passkey" if item.kind == "passkey" else "administrator-id", not_after=item.not_after
                )
                for item in line.credentials
            ],
            last_sign_in=line.last_sign_in or None,
            last_decision=line.last_decision or None,
            assignments=list(held_now(people[line.administrator_id])),
            settled=is_settled(line, people[line.administrator_id]),
            confirmed_at=utc_text(line.confirmed_at) if line.confirmed_at else None,
            confirmed_by=line.confirmed_by or None,
        )
        for line in access_reviews.lines_of(tx, review.id)
        if line.administrator_id in people
    ]
    return WholeReview(**_document(tx, review).model_dump(), lines=lines)


@router.get("/organizations/{org}/reviews", **described(holder(Permission.READ), 403))
def list_reviews(org: Slug, context: Context, caller: CallerOf) -> ReviewPage:
    """List the access reviews of the organization, the newest quarter first; one is made by itself in every quarter."""
    about = About("list-access-reviews", org, "organization", org)
    return read(context, caller, about, Permission.READ, lambda tx, organization: _page(tx, organization.id))


@router.get("/organizations/{org}/reviews/{review}", **described(holder(Permission.READ), 403))
def show_review(org: Slug, review: ReviewPath, context: Context, caller: CallerOf) -> WholeReview:
    """Show an access review: every person with roles, credentials, the last sign-in and the last decision, as of when it was made."""
    about = About("show-access-review", org, "access-review", review)

    def show(tx: Transaction, organization: Organization) -> WholeReview:
        return _whole(tx, organization.id, review)

    return read(context, caller, about, Permission.READ, show)


@router.post("/organizations/{org}/reviews/{review}/confirmations", **described(holder(Permission.REVIEW_ACCESS), 403, 409, post=True))
def confirm(org: Slug, review: ReviewPath, body: ConfirmationBody, context: Context, caller: CallerOf) -> WholeReview:
    """Confirm that a person rightly has the roles that he has now; nobody confirms his own while somebody else can.

    Taking a role and removing the person are `changes` of the kind role: both settle the line as well.
    """
    _confirm(context, caller, org, review, body)
    about = About("show-access-review", org, "access-review", review)
    return read(context, caller, about, None, lambda tx, organization: _whole(tx, organization.id, review))


def _confirm(context: Context, caller: Caller, slug: str, review: str, body: ConfirmationBody) -> None:
    about = About("confirm-access", slug, "access-review", review)
    wanted = (slug, AccessReviewId(review), AdministratorId(body.administrator), body.assignments)
    perform(context.house, caller.actor, about, confirm_access, *wanted)


@router.get("/provider/reviews", **described(provider(Permission.READ), 403))
def list_own_reviews(context: Context, caller: CallerOf) -> ReviewPage:
    """List the access reviews of the provider's own people."""
    about = About("list-access-reviews", "", "service", "staff")
    return read_of_provider(context, caller, about, Permission.READ, lambda tx: _page(tx, None))


@router.get("/provider/reviews/{review}", **described(provider(Permission.READ), 403))
def show_own_review(review: ReviewPath, context: Context, caller: CallerOf) -> WholeReview:
    """Show an access review of the provider's own people."""
    about = About("show-access-review", "", "access-review", review)
    return read_of_provider(context, caller, about, Permission.READ, lambda tx: _whole(tx, None, review))


@router.post("/provider/reviews/{review}/confirmations", **described(provider(Permission.REVIEW_ACCESS), 403, 409, post=True))
def confirm_own(review: ReviewPath, body: ConfirmationBody, context: Context, caller: CallerOf) -> WholeReview:
    """Confirm that one of the provider's people rightly has the roles that he has now."""
    _confirm(context, caller, "", review, body)
    about = About("show-access-review", "", "access-review", review)
    return read_of_provider(context, caller, about, Permission.READ, lambda tx: _whole(tx, None, review))


@router.get("/provider/organization-reviews", **described(provider(Permission.READ), 403))
def list_of_organizations(context: Context, caller: CallerOf, after: After = "", limit: Limit = 50) -> OrganizationReviews:
    """List how the newest access review of each organization stands; nothing of who is in it."""

    def page(tx: Transaction) -> OrganizationReviews:
        found = organizations.page(tx, after=after, limit=limit + 1)
        newest = access_reviews.newest_of_organizations(tx, [item.id for item in found])
        items = []
        for item in found[:limit]:
            review = newest.get(item.id)
            items.append(
                OrganizationReview(
                    organization=item.slug,
                    quarter=review.quarter if review else None,
                    state=_state(tx, review) if review else None,
                    due_at=utc_text(review.due_at) if review else None,
                )
            )
        return OrganizationReviews(items=items, next=found[limit - 1].id if len(found) > limit else "")

    return read_of_provider(context, caller, About("list-access-reviews", "", "service", "organizations"), Permission.READ, page)
