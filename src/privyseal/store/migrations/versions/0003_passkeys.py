"""passkeys and their challenges."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "passkeys",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("administrator_id", sa.String(length=64), nullable=False),
        sa.Column("passkey_id", sa.String(length=1366), nullable=False),
        sa.Column("spki_sha256", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("transports", sa.String(length=80), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("statement", sa.LargeBinary(), nullable=True),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.Column("signer_sha256", sa.String(length=64), nullable=True),
        sa.Column("credential_sha256", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["administrator_id"], ["administrators.id"], name=op.f("fk_passkeys_administrator_id_administrators")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_sha256", name=op.f("uq_passkeys_credential_sha256")),
        sa.UniqueConstraint("passkey_id", name=op.f("uq_passkeys_passkey_id")),
        sa.UniqueConstraint("spki_sha256", name=op.f("uq_passkeys_spki_sha256")),
    )
    with op.batch_alter_table("passkeys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkeys_administrator_id"), ["administrator_id"], unique=False)

    op.create_table(
        "passkey_challenges",
        sa.Column("challenge_sha256", sa.String(length=64), nullable=False),
        sa.Column("administrator_id", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["administrator_id"], ["administrators.id"], name=op.f("fk_passkey_challenges_administrator_id_administrators")
        ),
        sa.PrimaryKeyConstraint("challenge_sha256", name=op.f("pk_passkey_challenges")),
    )
    with op.batch_alter_table("passkey_challenges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkey_challenges_expires_at"), ["expires_at"], unique=False)


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
