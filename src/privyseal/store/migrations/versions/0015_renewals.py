"""administrator ids that take the place of others: what was signed for it, and which took the place of which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "credential_renewals",
        sa.Column("spki_sha256", sa.String(length=64), nullable=False),
        sa.Column("administrator_id", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("signer_sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["administrator_id"], ["administrators.id"], name=op.f("fk_credential_renewals_administrator_id_administrators")
        ),
        sa.PrimaryKeyConstraint("spki_sha256", name=op.f("pk_credential_renewals")),
    )
    op.create_table(
        "credential_replacements",
        sa.Column("replaced_sha256", sa.String(length=64), nullable=False),
        sa.Column("credential_sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("replaced_sha256", name=op.f("pk_credential_replacements")),
        sa.UniqueConstraint("credential_sha256", name=op.f("uq_credential_replacements_credential_sha256")),
    )


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
