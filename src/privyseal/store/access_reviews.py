"""Access reviews with their lines, and when people signed in last; nothing of it is ever deleted."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from privyseal.model.access_review import AccessReview, CredentialThen, ReviewLine, RoleThen
from privyseal.model.administrator import AdministratorState
from privyseal.model.identifiers import AccessReviewId, AdministratorId, OrganizationId
from privyseal.model.organization import OrganizationState
from privyseal.store.administrators import administrators
from privyseal.store.database import Transaction
from privyseal.store.organizations import organizations
from privyseal.store.requests import approvals
from privyseal.store.schema import Id, UtcTime, metadata
from privyseal.store.upsert import insert_once, insert_or_change

PROVIDER: Final = "provider"

access_reviews = sa.Table(
    "access_reviews",
    metadata,
    sa.Column("id", Id, primary_key=True),
    # The organization's id or "provider": of a NULL two would not collide.
    sa.Column("owner", Id, nullable=False),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id")),
    sa.Column("quarter", sa.String(8), nullable=False),
    sa.Column("made_at", UtcTime, nullable=False),
    sa.Column("due_at", UtcTime, nullable=False),
    sa.Column("closed_at", UtcTime),
    sa.UniqueConstraint("owner", "quarter"),
    sa.Index("ix_access_reviews_open", "closed_at", "due_at"),
)

lines = sa.Table(
    "access_review_lines",
    metadata,
    sa.Column("review_id", Id, sa.ForeignKey("access_reviews.id"), primary_key=True),
    sa.Column("administrator_id", Id, sa.ForeignKey("administrators.id"), primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("confirmed_at", UtcTime),
    sa.Column("confirmed_by", Id, nullable=False),
)

last_sign_ins = sa.Table(
    "last_sign_ins",
    metadata,
    sa.Column("administrator_id", Id, sa.ForeignKey("administrators.id"), primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
)

_CONTENT: Final = ("name", "state", "roles", "credentials", "last_sign_in", "last_decision")


def _owner(organization_id: OrganizationId | None) -> str:
    return organization_id or PROVIDER


def _review(row: Any) -> AccessReview:  # noqa: ANN401 - a row of the table above
    return AccessReview(
        id=AccessReviewId(row.id),
        organization_id=None if row.organization_id is None else OrganizationId(row.organization_id),
        quarter=row.quarter,
        made_at=row.made_at,
        due_at=row.due_at,
        closed_at=row.closed_at,
    )


def _line(row: Any) -> ReviewLine:  # noqa: ANN401 - a row of the table above
    content = json.loads(row.content)
    return ReviewLine(
        review_id=AccessReviewId(row.review_id),
        administrator_id=AdministratorId(row.administrator_id),
        name=content["name"],
        state=content["state"],
        roles=tuple(RoleThen(**item) for item in content["roles"]),
        credentials=tuple(CredentialThen(**item) for item in content["credentials"]),
        last_sign_in=content["last_sign_in"],
        last_decision=content["last_decision"],
        confirmed_at=row.confirmed_at,
        confirmed_by=row.confirmed_by,
    )


def insert(tx: Transaction, review: AccessReview, found: Sequence[ReviewLine]) -> bool:
    """Add a review with its lines; tells whether there was none of this quarter, else nothing is written."""
    values = {column.name: getattr(review, column.name) for column in access_reviews.columns if column.name != "owner"}
    if not insert_once(tx, access_reviews, values | {"owner": _owner(review.organization_id)}):
        return False
    rows = []
    for line in found:
        fields = dataclasses.asdict(line)
        content = json.dumps({name: fields[name] for name in _CONTENT}, separators=(",", ":"))
        rows.append({"review_id": review.id, "administrator_id": line.administrator_id, "content": content, "confirmed_by": ""})
    if rows:
        tx.execute(lines.insert(), rows)
    return True


def get(tx: Transaction, organization_id: OrganizationId | None, review_id: AccessReviewId) -> AccessReview | None:
    """Return the review of this organization (None: of the provider), or None."""
    clause = (access_reviews.c.id == review_id, access_reviews.c.owner == _owner(organization_id))
    row = tx.execute(access_reviews.select().where(*clause)).first()
    return None if row is None else _review(row)


def page(tx: Transaction, organization_id: OrganizationId | None, *, before: str = "", limit: int = 50) -> list[AccessReview]:
    """Return the reviews of an organization (None: of the provider), the newest quarter first, before the quarter ``before``."""
    statement = access_reviews.select().where(access_reviews.c.owner == _owner(organization_id))
    if before:
        statement = statement.where(access_reviews.c.quarter < before)
    return [_review(row) for row in tx.execute(statement.order_by(access_reviews.c.quarter.desc()).limit(limit))]


def lines_of(tx: Transaction, review_id: AccessReviewId) -> list[ReviewLine]:
    """Return the lines of a review by name."""
    found = [_line(row) for row in tx.execute(lines.select().where(lines.c.review_id == review_id))]
    return sorted(found, key=lambda line: (line.name.casefold(), line.administrator_id))


def line_of(tx: Transaction, review_id: AccessReviewId, person_id: AdministratorId) -> ReviewLine | None:
    """Return one line, or None."""
    row = tx.execute(lines.select().where(lines.c.review_id == review_id, lines.c.administrator_id == person_id)).first()
    return None if row is None else _line(row)


def confirm(tx: Transaction, line: ReviewLine, by: str) -> bool:
    """Note that somebody confirmed a line; tells whether nobody had before."""
    clause = (lines.c.review_id == line.review_id, lines.c.administrator_id == line.administrator_id, lines.c.confirmed_at.is_(None))
    return tx.changed(lines.update().where(*clause).values(confirmed_at=tx.now, confirmed_by=by)) == 1


def close(tx: Transaction, review_id: AccessReviewId) -> bool:
    """Close an open review; tells whether it was open."""
    statement = access_reviews.update().where(access_reviews.c.id == review_id, access_reviews.c.closed_at.is_(None))
    return tx.changed(statement.values(closed_at=tx.now)) == 1


def open_ones(tx: Transaction, *, after: str = "", limit: int = 100) -> list[AccessReview]:
    """Return open reviews of everybody, in the order of their ids behind ``after``."""
    statement = access_reviews.select().where(access_reviews.c.closed_at.is_(None), access_reviews.c.id > after)
    return [_review(row) for row in tx.execute(statement.order_by(access_reviews.c.id).limit(limit))]


def newest_of_organizations(tx: Transaction, organization_ids: Sequence[OrganizationId]) -> dict[OrganizationId, AccessReview]:
    """Return the newest review of each of these organizations that has one."""
    clause = access_reviews.c.owner.in_(list(organization_ids))
    rows = tx.execute(access_reviews.select().where(clause).order_by(access_reviews.c.quarter))
    return {OrganizationId(row.organization_id): _review(row) for row in rows}


def without_one(tx: Transaction, quarter: str, since: datetime, limit: int) -> list[OrganizationId]:
    """Return active organizations with somebody from before ``since`` that have no review of this quarter yet."""
    made = sa.select(access_reviews.c.owner).where(access_reviews.c.quarter == quarter)
    peopled = _somebody(since).where(administrators.c.organization_id == organizations.c.id).exists()
    clause = (organizations.c.state == OrganizationState.ACTIVE.value, organizations.c.id.not_in(made), peopled)
    rows = tx.execute(sa.select(organizations.c.id).where(*clause).order_by(organizations.c.id).limit(limit))
    return [OrganizationId(row.id) for row in rows]


def provider_is_without_one(tx: Transaction, quarter: str, since: datetime) -> bool:
    """The same of the provider's own people."""
    made = sa.select(access_reviews.c.id).where(access_reviews.c.owner == PROVIDER, access_reviews.c.quarter == quarter)
    if tx.execute(made).first() is not None:
        return False
    return tx.execute(_somebody(since).where(administrators.c.organization_id.is_(None)).limit(1)).first() is not None


def _somebody(since: datetime) -> sa.Select[Any]:
    clause = (administrators.c.state == AdministratorState.ACTIVE.value, administrators.c.created_at < since)
    return sa.select(administrators.c.id).where(*clause)


def note_sign_in(tx: Transaction, person_id: AdministratorId) -> None:
    """Remember that somebody signs in now."""
    insert_or_change(tx, last_sign_ins, {"administrator_id": person_id, "at": tx.now}, {"at": tx.now})


def signed_in_last(tx: Transaction, person_ids: Sequence[AdministratorId]) -> dict[AdministratorId, datetime]:
    """Return when each of these people signed in last, of those who ever did."""
    rows = tx.execute(last_sign_ins.select().where(last_sign_ins.c.administrator_id.in_(list(person_ids))))
    return {AdministratorId(row.administrator_id): row.at for row in rows}


def decided_last(tx: Transaction, person_ids: Sequence[AdministratorId]) -> dict[AdministratorId, datetime]:
    """Return when each of these people approved or rejected last, of those who ever did."""
    statement = (
        sa.select(approvals.c.administrator_id, sa.func.max(approvals.c.at).label("at"))
        .where(approvals.c.administrator_id.in_(list(person_ids)))
        .group_by(approvals.c.administrator_id)
    )
    return {AdministratorId(row.administrator_id): row.at for row in tx.execute(statement)}
