"""Periodic tasks that failed, so that people see it whichever process they fail in.

May run before the new release is deployed: the old one does not use this table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "task_failures",
        sa.Column("task", sa.String(length=40), nullable=False),
        sa.Column("machine", sa.String(length=64), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("sentence", sa.String(length=500), nullable=False),
        sa.Column("recovered_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("task", "machine", name=op.f("pk_task_failures")),
    )


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
