"""Forms that wait for a credential to be shown again: one for each session at most, the newest."""

from __future__ import annotations

import json

import sqlalchemy as sa

from privyseal.model.identifiers import SessionId
from privyseal.model.kept_form import KeptForm
from privyseal.store.database import Transaction
from privyseal.store.schema import Id, UtcTime, metadata
from privyseal.store.upsert import insert_or_change

kept_forms = sa.Table(
    "kept_forms",
    metadata,
    sa.Column("session_id", Id, primary_key=True),
    sa.Column("path", sa.String(500), nullable=False),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False, index=True),
)


def put(tx: Transaction, form: KeptForm) -> None:
    """Keep a form instead of the one that this session had before."""
    # JSON in ASCII also holds what neither database takes as text, such as NUL.
    changed = {"path": form.path, "form": json.dumps(dict(form.values)), "expires_at": form.expires_at}
    insert_or_change(tx, kept_forms, {"session_id": form.session_id, **changed}, changed)


def find(tx: Transaction, session_id: SessionId, path: str) -> KeptForm | None:
    """Return what this session has of the form at ``path``, while its time has not passed."""
    row = tx.execute(
        kept_forms.select().where(kept_forms.c.session_id == session_id, kept_forms.c.path == path, kept_forms.c.expires_at > tx.now)
    ).first()
    return None if row is None else KeptForm(SessionId(row.session_id), row.path, json.loads(row.form), row.expires_at)


def hand_on(tx: Transaction, former: SessionId, session_id: SessionId) -> None:
    """Give what a session had to the one that the same person has begun after it."""
    tx.execute(kept_forms.update().where(kept_forms.c.session_id == former, kept_forms.c.expires_at > tx.now).values(session_id=session_id))


def delete_expired(tx: Transaction) -> int:
    """Delete the forms whose time has passed; return how many."""
    return tx.changed(kept_forms.delete().where(kept_forms.c.expires_at <= tx.now))
