"""Answers that wait for their signature: several of one session, each under its mark."""

from __future__ import annotations

import json

import sqlalchemy as sa

from privyseal.model.identifiers import SessionId
from privyseal.model.kept_form import KeptAnswers
from privyseal.store.database import Transaction
from privyseal.store.schema import Id, UtcTime, metadata

kept_answers = sa.Table(
    "kept_answers",
    metadata,
    sa.Column("session_id", Id, primary_key=True),
    sa.Column("mark", sa.String(64), primary_key=True),
    sa.Column("path", sa.String(500), nullable=False),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("kept_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False, index=True),
)
_OF = kept_answers.c


def put(tx: Transaction, answers: KeptAnswers, most: int) -> None:
    """Keep answers under a mark that nobody has used; of this session only the newest ``most`` stay."""
    # JSON in ASCII also holds what neither database takes as text, such as NUL.
    form = json.dumps(dict(answers.values))
    values = {"session_id": answers.session_id, "mark": answers.mark, "path": answers.path, "form": form}
    tx.execute(kept_answers.insert().values(**values, kept_at=answers.kept_at, expires_at=answers.expires_at))
    mine = _OF.session_id == answers.session_id
    times = tx.execute(sa.select(_OF.kept_at).where(mine).order_by(_OF.kept_at.desc()).limit(most)).scalars().all()
    if len(times) == most:
        # By their time, so that what another call of this session keeps meanwhile is never among them.
        tx.execute(kept_answers.delete().where(mine, _OF.kept_at < times[-1]))


def find(tx: Transaction, session_id: SessionId, mark: str, path: str) -> KeptAnswers | None:
    """Return what this session has of the form at ``path`` under this mark, while its time has not passed."""
    return _first(tx, _OF.session_id == session_id, _OF.mark == mark, _OF.path == path)


def newest(tx: Transaction, session_id: SessionId, path: str) -> KeptAnswers | None:
    """Return what this session answered last at ``path`` and has not signed."""
    return _first(tx, _OF.session_id == session_id, _OF.path == path)


def _first(tx: Transaction, *conditions: sa.ColumnElement[bool]) -> KeptAnswers | None:
    wanted = kept_answers.select().where(*conditions, _OF.expires_at > tx.now).order_by(_OF.kept_at.desc(), _OF.mark)
    row = tx.execute(wanted.limit(1)).first()
    if row is None:
        return None
    return KeptAnswers(SessionId(row.session_id), row.mark, row.path, json.loads(row.form), row.kept_at, row.expires_at)


def forget(tx: Transaction, session_id: SessionId, mark: str) -> None:
    """Delete answers that were signed."""
    tx.execute(kept_answers.delete().where(_OF.session_id == session_id, _OF.mark == mark))


def hand_on(tx: Transaction, former: SessionId, session_id: SessionId) -> None:
    """Give what a session had to the one that the same person has begun after it."""
    tx.execute(kept_answers.update().where(_OF.session_id == former, _OF.expires_at > tx.now).values(session_id=session_id))


def delete_expired(tx: Transaction) -> int:
    """Delete the answers whose time has passed; return how many."""
    return tx.changed(kept_answers.delete().where(_OF.expires_at <= tx.now))
