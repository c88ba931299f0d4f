"""What the CAA records said when a request was about to be issued: one row for each look-up, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from privyseal.model.identifiers import PolicyId, RequestId
from privyseal.model.request import RequestState
from privyseal.store.database import Transaction
from privyseal.store.prepared import Prepared, is_among
from privyseal.store.requests import requests
from privyseal.store.schema import Digest, Id, UtcTime, metadata

caa_checks = sa.Table(
    "caa_checks",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("request_id", Id, sa.ForeignKey("requests.id"), nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("sha256", Digest, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Index("ix_caa_checks_request", "request_id", "id"),
)

_POLICIES_OF = Prepared(
    sa.select(requests.c.id, requests.c.policy_id, requests.c.policy_version).where(
        is_among(requests.c.id, "requests"), requests.c.state == RequestState.APPROVED.value
    )
)


@dataclass(frozen=True, slots=True)
class StoredCheck:
    """``evidence`` as engine/caa_check wrote it, ``sha256`` its digest, which stands in the audit log."""

    id: str
    request_id: RequestId
    evidence: str
    sha256: str
    at: datetime


def insert(tx: Transaction, checks: Iterable[StoredCheck]) -> None:
    """Add look-ups."""
    rows = [{column.name: getattr(check, column.name) for column in caa_checks.columns} for check in checks]
    if rows:
        tx.execute(caa_checks.insert(), rows)


def newest_of(tx: Transaction, request_ids: Sequence[RequestId]) -> dict[RequestId, StoredCheck]:
    """Return the newest look-up for each of these requests that has one."""
    if not request_ids:
        return {}
    newest = sa.select(sa.func.max(caa_checks.c.id)).where(caa_checks.c.request_id.in_(list(request_ids))).group_by(caa_checks.c.request_id)
    rows = tx.execute(caa_checks.select().where(caa_checks.c.id.in_(newest)))
    return {RequestId(row.request_id): StoredCheck(**row._mapping) for row in rows}


def approved_under(tx: Transaction, request_ids: Sequence[RequestId]) -> dict[RequestId, tuple[PolicyId, int]]:
    """Return the policy version of each of these requests that is approved and not being issued yet."""
    rows = _POLICIES_OF.every(tx, requests=request_ids)
    return {RequestId(row["id"]): (PolicyId(row["policy_id"]), row["policy_version"]) for row in rows}
