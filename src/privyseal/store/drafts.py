"""Drafts of requests: answers of somebody who has not sent them yet. Whoever has the id has the draft, so an id is all random."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import sqlalchemy as sa

from privyseal.model.draft import Answers, Draft
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import DraftId, OrganizationId, RequestId
from privyseal.store.database import Transaction
from privyseal.store.schema import Id, UtcTime, metadata

enrollment_drafts = sa.Table(
    "enrollment_drafts",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("answers", sa.Text, nullable=False),
    sa.Column("request_id", Id, sa.ForeignKey("requests.id")),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False, index=True),
)


def written(answers: Answers) -> str:
    """Return the answers in the form in which they are stored, which is also what their size is counted in."""
    return json.dumps(dataclasses.asdict(answers), separators=(",", ":"))


def _read(text: str) -> Answers:
    fields = json.loads(text)
    return Answers(
        **fields
        | {
            "names": tuple(fields["names"]),
            "servers": tuple(fields["servers"]),
            "custom_fields": tuple((name, value) for name, value in fields.get("custom_fields", ())),
        }
    )


def _draft(row: Any) -> Draft:  # noqa: ANN401 - a row of the table above
    return Draft(
        id=DraftId(row.id),
        organization_id=OrganizationId(row.organization_id),
        answers=_read(row.answers),
        request_id=None if row.request_id is None else RequestId(row.request_id),
        created_at=row.created_at,
        changed_at=row.changed_at,
        expires_at=row.expires_at,
    )


def insert(tx: Transaction, draft: Draft) -> None:
    """Add a draft."""
    tx.execute(enrollment_drafts.insert().values(**_columns(draft)))


def _columns(draft: Draft) -> dict[str, Any]:
    plain = {column.name: getattr(draft, column.name) for column in enrollment_drafts.columns}
    return plain | {"answers": written(draft.answers)}


def require(tx: Transaction, organization_id: OrganizationId, draft_id: DraftId, *, hold: bool = False) -> Draft:
    """Return the organization's draft while its time has not passed; raises NotFound ``draft-not-found``.

    With ``hold`` it is locked until the end of the transaction, so that what two tabs save at once is both kept.
    """
    statement = enrollment_drafts.select().where(
        enrollment_drafts.c.id == draft_id,
        enrollment_drafts.c.organization_id == organization_id,
        enrollment_drafts.c.expires_at > tx.now,
    )
    row = tx.execute(statement.with_for_update() if hold else statement).first()
    if row is None:
        sentence = "No answers are kept here: they are deleted seven days after the last one, or the address is incomplete. Begin again."
        raise NotFound("draft-not-found", sentence)
    return _draft(row)


def change(tx: Transaction, draft: Draft) -> None:
    """Store a draft that was read with ``hold``."""
    tx.execute(enrollment_drafts.update().where(enrollment_drafts.c.id == draft.id).values(**_columns(draft)))


def delete_expired(tx: Transaction, limit: int) -> int:
    """Delete drafts whose time has passed, at most ``limit``; return how many."""
    old = sa.select(enrollment_drafts.c.id).where(enrollment_drafts.c.expires_at <= tx.now).limit(limit)
    return tx.changed(enrollment_drafts.delete().where(enrollment_drafts.c.id.in_(old)))
