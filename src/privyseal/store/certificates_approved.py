"""All certificates that a person approved, in one query from his approvals to what was issued on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from privyseal.model.certificate import CertificateState
from privyseal.model.identifiers import AdministratorId, ApprovalId, OrganizationId
from privyseal.model.scope import Scope
from privyseal.store.certificates import certificates, unindexed
from privyseal.store.database import Transaction
from privyseal.store.departments import within
from privyseal.store.requests import approvals


@dataclass(frozen=True, slots=True)
class Approved:
    """A certificate and when this person approved it; ``approval_id`` is what the next page begins behind."""

    approval_id: ApprovalId
    serial_hex: str
    common_name: str
    state: CertificateState
    issued_at: datetime
    approved_at: datetime


def by_person(
    tx: Transaction, organization_id: OrganizationId, person_id: AdministratorId, *, scope: Scope, before: str = "", limit: int = 50
) -> list[Approved]:
    """Return the certificates within a scope that this person approved, the newest approval first, before the approval ``before``.

    The way is that of the index of a person's approvals, so that a page costs as much as it shows, however many there are.
    """
    clauses = [
        approvals.c.administrator_id == person_id,
        approvals.c.decision == "approve",
        certificates.c.organization_id == organization_id,
        *_within(tx, organization_id, scope),
        ~_approved_again(),
    ]
    if before:
        clauses.append(approvals.c.id < before)
    columns = [certificates.c[name] for name in ("serial_hex", "common_name", "state", "issued_at")]
    statement = (
        sa.select(approvals.c.id.label("approval_id"), *columns, approvals.c.at.label("approved_at"))
        .join(certificates, certificates.c.request_id == approvals.c.request_id)
        .where(*clauses)
        .order_by(approvals.c.id.desc())
        .limit(limit)
    )
    rows = tx.execute(statement)
    return [Approved(**{**row._mapping, "state": CertificateState(row.state)}) for row in rows]


def _approved_again() -> sa.Exists:
    """Whether the same person approved the same request once more later, after its first issue had failed."""
    later = approvals.alias("later")
    same = [later.c[name] == approvals.c[name] for name in ("request_id", "administrator_id", "decision")]
    return sa.exists().where(*same, later.c.id > approvals.c.id)


def _within(tx: Transaction, organization_id: OrganizationId, scope: Scope) -> list[sa.ColumnElement[bool]]:
    # Asked of each certificate that an approval led to; SQLite would begin with the departments and sort what it finds there.
    return within(unindexed(tx, certificates.c.department_id), organization_id, scope)
