"""drafts of requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "enrollment_drafts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_enrollment_drafts_organization_id_organizations")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_enrollment_drafts_request_id_requests")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollment_drafts")),
    )
    with op.batch_alter_table("enrollment_drafts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrollment_drafts_expires_at"), ["expires_at"], unique=False)


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
