"""All certificates that a person approved, in one query from his approvals to what was issued on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from privyseal.model.certificate import CertificateState
from privyseal.model.identifiers import AdministratorId, CertificateId, OrganizationId
from privyseal.model.scope import Scope
from privyseal.store.certificates import certificates
from privyseal.store.database import Transaction
from privyseal.store.departments import within
from privyseal.store.requests import approvals


@dataclass(frozen=True, slots=True)
class Approved:
    """A certificate and when this person approved it."""

    id: CertificateId
    serial_hex: str
    common_name: str
    state: CertificateState
    issued_at: datetime
    approved_at: datetime


def by_person(
    tx: Transaction, organization_id: OrganizationId, person_id: AdministratorId, *, scope: Scope, before: str = "", limit: int = 50
) -> list[Approved]:
    """Return the certificates within a scope that this person approved, newest first, before the id ``before`` (keyset paging)."""
    clauses = [
        approvals.c.administrator_id == person_id,
        approvals.c.decision == "approve",
        certificates.c.organization_id == organization_id,
        *within(certificates.c.department_id, organization_id, scope),
    ]
    if before:
        clauses.append(certificates.c.id < before)
    columns = [certificates.c[name] for name in ("id", "serial_hex", "common_name", "state", "issued_at")]
    statement = (
        sa.select(*columns, sa.func.max(approvals.c.at).label("approved_at"))
        .join(approvals, approvals.c.request_id == certificates.c.request_id)
        .where(*clauses)
        .group_by(*columns)
        .order_by(certificates.c.id.desc())
        .limit(limit)
    )
    rows = tx.execute(statement)
    return [Approved(**{**row._mapping, "state": CertificateState(row.state)}) for row in rows]
