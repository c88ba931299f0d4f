"""vettings by two people with their evidence, and the history of organizations; what was vetted before keeps its date.

May run before the new release is deployed: the old one uses none of these tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ID = sa.String(length=64)


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "vettings",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("is_earlier", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_by", ID, nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=True),
        sa.Column("submitted_by", ID, nullable=False),
        sa.Column("concluded_at", sa.BigInteger(), nullable=True),
        sa.Column("concluded_by", ID, nullable=False),
        sa.Column("return_reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_vettings_organization_id_organizations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vettings")),
        sa.UniqueConstraint("organization_id", "number", name=op.f("uq_vettings_organization_id_number")),
    )
    op.create_table(
        "evidence_contents",
        sa.Column("sha256", ID, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_evidence_contents")),
    )
    _of_vettings()
    _history()
    op.execute(
        "INSERT INTO vettings (id, organization_id, number, state, is_earlier, opened_at, opened_by, submitted_at, submitted_by, "
        "concluded_at, concluded_by, return_reason) SELECT 'vet-earlier-' || id, id, 1, 'concluded', true, vetted_at, vetted_by, "
        "vetted_at, vetted_by, vetted_at, '', '' FROM organizations WHERE vetted_at IS NOT NULL"
    )
    op.execute(
        'INSERT INTO organization_events (organization_id, event, state, by_kind, "by", reason, at) '
        "SELECT id, 'enter', 'applied', '', '', '', created_at FROM organizations ORDER BY created_at, id"
    )
    op.execute(
        "INSERT INTO organization_events (organization_id, event, state, by_kind, \"by\", reason, at) SELECT id, 'activate', 'active', "
        "'provider-administrator', vetted_by, '', vetted_at FROM organizations WHERE vetted_at IS NOT NULL ORDER BY vetted_at, id"
    )


def _of_vettings() -> None:
    op.create_table(
        "vetting_findings",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("vetting_id", ID, nullable=False),
        sa.Column("item", sa.String(length=32), nullable=False),
        sa.Column("is_met", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("seen_on", sa.String(length=10), nullable=False),
        sa.Column("telephone", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["vetting_id"], ["vettings.id"], name=op.f("fk_vetting_findings_vetting_id_vettings")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_vetting_findings")),
    )
    op.create_index(op.f("ix_vetting_findings_vetting_id"), "vetting_findings", ["vetting_id"], unique=False)
    op.create_table(
        "evidence_files",
        sa.Column("vetting_id", ID, nullable=False),
        sa.Column("item", sa.String(length=32), nullable=False),
        sa.Column("sha256", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["vetting_id"], ["vettings.id"], name=op.f("fk_evidence_files_vetting_id_vettings")),
        sa.ForeignKeyConstraint(["sha256"], ["evidence_contents.sha256"], name=op.f("fk_evidence_files_sha256_evidence_contents")),
        sa.PrimaryKeyConstraint("vetting_id", "item", "sha256", name=op.f("pk_evidence_files")),
    )


def _history() -> None:
    op.create_table(
        "organization_events",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("event", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("by_kind", sa.String(length=32), nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_organization_events_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_organization_events")),
    )
    op.create_index(op.f("ix_organization_events_organization_id"), "organization_events", ["organization_id"], unique=False)


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
