"""The servers of a certificate may be changed after it was issued: a row for each change, and what the request names stays.

May run before the new release is deployed: the old one does not use this table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "certificate_servers",
        sa.Column("certificate_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("endpoints", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificates.id"], name=op.f("fk_certificate_servers_certificate_id_certificates")),
        sa.PrimaryKeyConstraint("certificate_id", "number", name=op.f("pk_certificate_servers")),
    )


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
