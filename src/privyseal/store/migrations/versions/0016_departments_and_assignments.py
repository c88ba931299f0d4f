"""departments, what belongs to them, and who holds which role within which scope."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    _departments()
    for table in ("requests", "certificates", "administrators"):
        # Not by batch on SQLite: a nullable column that refers to another table is added in place there.
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN department_id VARCHAR(64) "
            f"CONSTRAINT fk_{table}_department_id_departments REFERENCES departments (id)"
        )
    op.create_index("ix_requests_department", "requests", ["department_id", "id"], unique=False)
    op.create_index("ix_certificates_department", "certificates", ["department_id", "id"], unique=False)
    op.create_index(op.f("ix_administrators_department_id"), "administrators", ["department_id"], unique=False)
    op.create_index(op.f("ix_approvals_administrator_id"), "approvals", ["administrator_id"], unique=False)
    _assignments()
    op.execute(
        "INSERT INTO assignments (id, administrator_id, role, department_id, given_at, given_by, ended_at, ended_by) "
        "SELECT 'asg-' || substr(id, 5), id, role, NULL, created_at, 'entry', NULL, '' FROM administrators"
    )


def _departments() -> None:
    path = sa.String(length=400).with_variant(sa.String(length=400, collation="C"), "postgresql")
    op.create_table(
        "departments",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("parent_id", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("cost_center", sa.String(length=40), nullable=False),
        sa.Column("path", path, nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_departments_organization_id_organizations")),
        sa.ForeignKeyConstraint(["parent_id"], ["departments.id"], name=op.f("fk_departments_parent_id_departments")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departments")),
    )
    op.create_index(op.f("ix_departments_parent_id"), "departments", ["parent_id"], unique=False)
    op.create_index("ix_departments_tree", "departments", ["organization_id", "path", "id"], unique=False)
    op.create_index("ix_departments_children", "departments", ["organization_id", "parent_id", "name", "id"], unique=False)


def _assignments() -> None:
    op.create_table(
        "assignments",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("administrator_id", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("department_id", sa.String(length=64), nullable=True),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("given_by", sa.String(length=64), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["administrator_id"], ["administrators.id"], name=op.f("fk_assignments_administrator_id_administrators")),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_assignments_department_id_departments")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
    )
    op.create_index(op.f("ix_assignments_department_id"), "assignments", ["department_id"], unique=False)
    op.create_index("ix_assignments_person", "assignments", ["administrator_id", "ended_at"], unique=False)
    for name, columns, held in (
        ("uq_assignments_held", ["administrator_id", "role", "department_id"], "ended_at IS NULL"),
        ("uq_assignments_held_throughout", ["administrator_id", "role"], "ended_at IS NULL AND department_id IS NULL"),
    ):
        where = sa.text(held)
        op.create_index(name, "assignments", columns, unique=True, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "assignment_evidence",
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("credential_sha256", sa.String(length=64), nullable=False),
        sa.Column("assignment_id", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignments.id"], name=op.f("fk_assignment_evidence_assignment_id_assignments")),
        sa.PrimaryKeyConstraint("content_sha256", "credential_sha256", name=op.f("pk_assignment_evidence")),
    )
    op.create_index(op.f("ix_assignment_evidence_assignment_id"), "assignment_evidence", ["assignment_id"], unique=False)


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
