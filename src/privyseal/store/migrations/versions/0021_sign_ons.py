"""OpenID Connect providers of organizations, who is linked there, and sessions for reading.

May run before the new release is deployed: the old one uses none of these tables, and writes sessions without the new column.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ID = sa.String(length=64)


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "sign_ons",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("client_secret", sa.String(length=512), nullable=False),
        sa.Column("claim", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.Column("set_by", ID, nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_sign_ons_organization_id_organizations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ons")),
    )
    _one_in_force("sign_ons", "organization_id")
    op.create_table(
        "sign_on_links",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("administrator_id", ID, nullable=False),
        sa.Column("subject_hash", ID, nullable=False),
        sa.Column("linked_at", sa.BigInteger(), nullable=False),
        sa.Column("linked_with", ID, nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("end_reason", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["administrator_id"], ["administrators.id"], name=op.f("fk_sign_on_links_administrator_id_administrators")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_sign_on_links_organization_id_organizations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_on_links")),
    )
    op.create_index(op.f("ix_sign_on_links_administrator_id"), "sign_on_links", ["administrator_id"], unique=False)
    _one_in_force("sign_on_links", "organization_id", "subject_hash")
    op.create_table(
        "sign_on_attempts",
        sa.Column("state_sha256", ID, nullable=False),
        sa.Column("sign_on_id", ID, nullable=False),
        sa.Column("audience", sa.String(length=40), nullable=False),
        sa.Column("browser_sha256", ID, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("administrator_id", ID, nullable=True),
        sa.Column("session_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["sign_on_id"], ["sign_ons.id"], name=op.f("fk_sign_on_attempts_sign_on_id_sign_ons")),
        sa.PrimaryKeyConstraint("state_sha256", name=op.f("pk_sign_on_attempts")),
    )
    op.create_index(op.f("ix_sign_on_attempts_expires_at"), "sign_on_attempts", ["expires_at"], unique=False)
    with op.batch_alter_table("sessions") as batch:
        batch.add_column(sa.Column("link_id", ID, nullable=True))
        batch.create_foreign_key(op.f("fk_sessions_link_id_sign_on_links"), "sign_on_links", ["link_id"], ["id"])


def _one_in_force(table: str, *columns: str) -> None:
    counts = sa.text("ended_at IS NULL")
    op.create_index(f"uq_{table}_in_force", table, list(columns), unique=True, sqlite_where=counts, postgresql_where=counts)


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
