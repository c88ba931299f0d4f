"""Who holds which role within which scope: rows that are ended and never deleted, and what was signed for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from privyseal.model.administrator import Assignment, Role
from privyseal.model.identifiers import AdministratorId, AssignmentId, OrganizationId
from privyseal.store.database import Transaction
from privyseal.store.departments import departments
from privyseal.store.prepared import Prepared, is_among
from privyseal.store.schema import Digest, Id, UtcTime, metadata
from privyseal.store.upsert import insert_once

assignments = sa.Table(
    "assignments",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("administrator_id", Id, sa.ForeignKey("administrators.id"), nullable=False),
    sa.Column("role", sa.String(32), nullable=False),
    sa.Column("department_id", Id, sa.ForeignKey("departments.id"), index=True),
    sa.Column("given_at", UtcTime, nullable=False),
    sa.Column("given_by", Id, nullable=False),
    sa.Column("ended_at", UtcTime),
    sa.Column("ended_by", Id, nullable=False),
    sa.Index("ix_assignments_person", "administrator_id", "ended_at"),
    # One person holds one role in one place once, whoever gives it at the same moment; no department is no value to an index.
    sa.Index(
        "uq_assignments_held",
        "administrator_id",
        "role",
        "department_id",
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
    sa.Index(
        "uq_assignments_held_throughout",
        "administrator_id",
        "role",
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL AND department_id IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL AND department_id IS NULL"),
    ),
)

assignment_evidence = sa.Table(
    "assignment_evidence",
    metadata,
    sa.Column("content_sha256", Digest, primary_key=True),
    sa.Column("credential_sha256", Digest, primary_key=True),
    sa.Column("assignment_id", Id, sa.ForeignKey("assignments.id"), nullable=False, index=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)
"""What was signed to give a role or to take it, as it came: the issuer and auditors verify it again."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One signature over the giving or taking of a role; ``credential_sha256`` is the certificate of the signer."""

    content_sha256: str
    credential_sha256: str
    assignment_id: AssignmentId
    content: bytes
    signature: bytes


_JOINED = sa.select(*assignments.columns, sa.func.coalesce(departments.c.path, "").label("path")).outerjoin(
    departments, departments.c.id == assignments.c.department_id
)
_IN_FORCE = Prepared(_JOINED.where(is_among(assignments.c.administrator_id, "people"), assignments.c.ended_at.is_(None)))


def _assignment(row: Mapping[Any, Any]) -> Assignment:
    return Assignment(**{**row, "role": Role(row["role"])})


def in_force(tx: Transaction, administrator_ids: Sequence[str]) -> dict[str, tuple[Assignment, ...]]:
    """Return what each of these people holds now, by id."""
    found: dict[str, list[Assignment]] = {administrator_id: [] for administrator_id in administrator_ids}
    for row in _IN_FORCE.every(tx, people=list(administrator_ids)):
        found[row["administrator_id"]].append(_assignment(row))
    return {administrator_id: tuple(sorted(held, key=lambda item: (item.given_at, item.id))) for administrator_id, held in found.items()}


def ever_of(tx: Transaction, administrator_id: AdministratorId) -> list[Assignment]:
    """Return everything that a person ever held, the oldest first."""
    statement = _JOINED.where(assignments.c.administrator_id == administrator_id).order_by(assignments.c.given_at, assignments.c.id)
    return [_assignment(row._mapping) for row in tx.execute(statement)]


def steps_of(tx: Transaction, administrator_id: AdministratorId) -> int:
    """Return how often a role was given to a person or taken."""
    both = sa.func.count(assignments.c.id) + sa.func.count(assignments.c.ended_at)
    return int(tx.execute(sa.select(both).where(assignments.c.administrator_id == administrator_id)).scalar_one())


def get(tx: Transaction, assignment_id: AssignmentId) -> Assignment | None:
    """Return an assignment or None."""
    row = tx.execute(_JOINED.where(assignments.c.id == assignment_id)).first()
    return None if row is None else _assignment(row._mapping)


def insert(tx: Transaction, assignment: Assignment) -> bool:
    """Add an assignment; tells whether the person did not hold the same already."""
    values = {column.name: getattr(assignment, column.name) for column in assignments.columns}
    return insert_once(tx, assignments, values | {"role": assignment.role.value})


def change_entry(tx: Transaction, entry_id: AssignmentId, role: Role) -> bool:
    """Let the role that somebody comes in with be another one, before he has come in; tells whether it was in force."""
    statement = assignments.update().where(assignments.c.id == entry_id, assignments.c.ended_at.is_(None))
    return tx.changed(statement.values(role=role.value)) == 1


def end(tx: Transaction, assignment_id: AssignmentId, ended_by: str) -> bool:
    """End an assignment now; tells whether it was in force."""
    statement = assignments.update().where(assignments.c.id == assignment_id, assignments.c.ended_at.is_(None))
    return tx.changed(statement.values(ended_at=tx.now, ended_by=ended_by)) == 1


def insert_evidence(tx: Transaction, evidence: Evidence) -> bool:
    """Keep a signature as it came; tells whether exactly this was never handed in before."""
    values = {name: getattr(evidence, name) for name in Evidence.__slots__}
    return insert_once(tx, assignment_evidence, values | {"at": tx.now})


def holders(tx: Transaction, organization_id: OrganizationId | None, role: Role) -> list[AdministratorId]:
    """Return the active people who hold a role throughout the organization (None: at the provider)."""
    people = metadata.tables["administrators"]
    mine = people.c.organization_id.is_(None) if organization_id is None else people.c.organization_id == organization_id
    statement = (
        sa.select(people.c.id)
        .join(assignments, assignments.c.administrator_id == people.c.id)
        .where(
            mine,
            people.c.state == "active",
            assignments.c.role == role.value,
            assignments.c.department_id.is_(None),
            assignments.c.ended_at.is_(None),
        )
    )
    return [AdministratorId(row.id) for row in tx.execute(statement.order_by(people.c.id))]
