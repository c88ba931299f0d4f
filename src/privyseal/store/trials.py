"""Wishes to try the service: who asked, and which trial came of it. Rows are added; none is deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from privyseal.model.errors import NotFound
from privyseal.model.identifiers import OrganizationId, TrialId
from privyseal.model.trial import Trial, TrialForm, TrialState
from privyseal.store.database import Transaction
from privyseal.store.schema import Digest, Id, UtcTime, metadata

trials = sa.Table(
    "trials",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("slug", sa.String(40), nullable=False),
    sa.Column("person_name", sa.String(64), nullable=False),
    sa.Column("person_email", sa.String(254), nullable=False),
    sa.Column("code_hash", Digest, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("started_at", UtcTime),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), index=True),
)


def _trial(row: Any) -> Trial:  # noqa: ANN401 - a row of the table above
    form = TrialForm(row.name, row.slug, row.person_name, row.person_email)
    organization_id = OrganizationId(row.organization_id) if row.organization_id else None
    return Trial(TrialId(row.id), TrialState(row.state), form, row.code_hash, row.created_at, row.started_at, organization_id)


def insert(tx: Transaction, trial: Trial) -> None:
    """Add a wish."""
    form = {name: getattr(trial.form, name) for name in ("name", "slug", "person_name", "person_email")}
    rest = {name: getattr(trial, name) for name in ("id", "code_hash", "created_at", "started_at", "organization_id")}
    tx.execute(trials.insert().values(**form, **rest, state=trial.state.value))


def require(tx: Transaction, trial_id: TrialId) -> Trial:
    """Return the wish; raises NotFound."""
    row = tx.execute(trials.select().where(trials.c.id == trial_id)).first()
    if row is None:
        raise NotFound("not-found", "There is no such trial.")
    return _trial(row)


def of_organization(tx: Transaction, organization_id: OrganizationId) -> Trial | None:
    """Return the wish that an organization came of, or None."""
    row = tx.execute(trials.select().where(trials.c.organization_id == organization_id)).first()
    return None if row is None else _trial(row)


def start(tx: Transaction, trial_id: TrialId, code_hash: str, since: datetime) -> bool:
    """Use the code of a wish of the time after ``since``, once; tells whether this call did."""
    statement = trials.update().where(
        trials.c.id == trial_id,
        trials.c.code_hash == code_hash,
        trials.c.state == TrialState.UNCONFIRMED.value,
        trials.c.created_at > since,
    )
    return tx.changed(statement.values(state=TrialState.STARTED.value, started_at=tx.now)) == 1


def name_organization(tx: Transaction, trial_id: TrialId, organization_id: OrganizationId) -> None:
    """Note which organization came of a wish."""
    tx.execute(trials.update().where(trials.c.id == trial_id).values(organization_id=organization_id))
