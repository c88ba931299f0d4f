"""signed invitations of administrators."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "invitation_statements",
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("invitation_id", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("credential_sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["administrator_invitations.id"],
            name=op.f("fk_invitation_statements_invitation_id_administrator_invitations"),
        ),
        sa.PrimaryKeyConstraint("content_sha256", name=op.f("pk_invitation_statements")),
        sa.UniqueConstraint("invitation_id", name=op.f("uq_invitation_statements_invitation_id")),
    )


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
