"""Trials: the end of an organization that is one, and the wishes that they come of.

May run before the new release is deployed: the old one uses neither column nor table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ID = sa.String(length=64)


def upgrade() -> None:
    """Apply it."""
    op.add_column("organizations", sa.Column("trial_until", sa.BigInteger(), nullable=True))
    op.create_table(
        "trials",
        sa.Column("id", ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("person_name", sa.String(length=64), nullable=False),
        sa.Column("person_email", sa.String(length=254), nullable=False),
        sa.Column("code_hash", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("organization_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_trials_organization_id_organizations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trials")),
    )
    op.create_index(op.f("ix_trials_organization_id"), "trials", ["organization_id"], unique=False)


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
