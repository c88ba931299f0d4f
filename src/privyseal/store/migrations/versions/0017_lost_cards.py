"""lost cards: reported, confirmed by the corporate contact, concluded by the provider."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "lost_cards",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("administrator_id", sa.String(length=64), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("concluded_at", sa.BigInteger(), nullable=True),
        sa.Column("concluded_by", sa.String(length=64), nullable=True),
        sa.Column("end", sa.String(length=16), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["administrator_id"], ["administrators.id"], name=op.f("fk_lost_cards_administrator_id_administrators")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_lost_cards_organization_id_organizations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lost_cards")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_lost_cards_code_hash")),
    )


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
