"""Whether each CA issues or is paused.

May run before the new release is deployed: the old one does not use this table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "ca_states",
        sa.Column("ca_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("issues", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("change_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ca_id"], ["cas.id"], name=op.f("fk_ca_states_ca_id_cas")),
        sa.ForeignKeyConstraint(["change_id"], ["changes.id"], name=op.f("fk_ca_states_change_id_changes")),
        sa.PrimaryKeyConstraint("ca_id", "version", name=op.f("pk_ca_states")),
    )


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
