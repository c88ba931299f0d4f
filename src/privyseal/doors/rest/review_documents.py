"""What REST says of access reviews, and the body that confirms a line of one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from privyseal.doors.rest.bodies import Body
from privyseal.doors.rest.documents import Document, Time


class ReviewDocument(Document):
    """An access review; it is overdue when it is open after `due_at`."""

    id: str
    quarter: str
    state: Literal["open", "overdue", "finished"]
    made_at: Time
    due_at: Time
    closed_at: Time | None = None


class ReviewPage(Document):
    """Access reviews, the newest quarter first."""

    items: list[ReviewDocument]


class ReviewedRole(Document):
    """A role that somebody had when the review was made; `department` is in words, left out for everything."""

    assignment: str
    role: str
    department: str | None = None


class ReviewedCredential(Document):
    """A credential that could be used when the review was made."""

    sha256: str
    kind: Literal["administrator-id", "passkey"]
    not_after: Time


class ReviewLineDocument(Document):
    """A person; `roles` are those of then, `assignments` the ids of those of now: what a confirmation is about.

    `settled` is true once somebody confirmed it, or once the person has no role any more.
    """

    administrator: str
    name: str
    roles: list[ReviewedRole]
    credentials: list[ReviewedCredential]
    last_sign_in: Time | None = None
    last_decision: Time | None = None
    assignments: list[str]
    settled: bool
    confirmed_at: Time | None = None
    confirmed_by: str | None = None


class WholeReview(ReviewDocument):
    """An access review with every line, by name."""

    lines: list[ReviewLineDocument]


class OrganizationReview(Document):
    """How the newest access review of an organization stands; left out where there is none yet."""

    organization: str
    quarter: str | None = None
    state: Literal["open", "overdue", "finished"] | None = None
    due_at: Time | None = None


class OrganizationReviews(Document):
    """Organizations by their ids; `next` is the `after` of the next page, or empty."""

    items: list[OrganizationReview]
    next: str


class ConfirmationBody(Body):
    """Whose roles are confirmed, and which ones were looked at."""

    administrator: Annotated[str, Field(pattern=r"^adm-[0-9a-f]{32}$")] = Field(description="Id of the person.")
    assignments: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=1000)] = Field(
        description="Ids of the roles that the person has, as the review shows them; refused when they have changed since."
    )
