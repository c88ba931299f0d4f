"""changes under dual control with their signatures, the price list, and the change that a policy version came by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    identity, digest = sa.String(length=64), sa.String(length=64)
    op.create_table(
        "changes",
        sa.Column("id", identity, nullable=False),
        sa.Column("organization_id", identity, nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_sha256", digest, nullable=False),
        sa.Column("proposer_id", identity, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_changes_organization_id_organizations")),
        sa.ForeignKeyConstraint(["proposer_id"], ["administrators.id"], name=op.f("fk_changes_proposer_id_administrators")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
    )
    op.create_index("ix_changes_of", "changes", ["organization_id", "state", "id"], unique=False)
    op.create_table(
        "change_signatures",
        sa.Column("change_id", identity, nullable=False),
        sa.Column("administrator_id", identity, nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("credential_sha256", digest, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["changes.id"], name=op.f("fk_change_signatures_change_id_changes")),
        sa.ForeignKeyConstraint(
            ["administrator_id"], ["administrators.id"], name=op.f("fk_change_signatures_administrator_id_administrators")
        ),
        sa.PrimaryKeyConstraint("change_id", "administrator_id", "decision", name=op.f("pk_change_signatures")),
    )
    op.create_table(
        "prices",
        sa.Column("tier", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("change_id", identity, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["changes.id"], name=op.f("fk_prices_change_id_changes")),
        sa.PrimaryKeyConstraint("tier", "version", name=op.f("pk_prices")),
    )
    op.add_column("policies", sa.Column("change_id", identity, nullable=True))


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
