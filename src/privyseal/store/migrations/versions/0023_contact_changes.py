"""changes of contacts: proposed, answered at both addresses, applied or ended.

May run before the new release is deployed: the old one does not use this table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

ID = sa.String(length=64)


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "contact_changes",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("asked_email", sa.String(length=254), nullable=False),
        sa.Column("asked_hash", ID, nullable=False),
        sa.Column("new_hash", ID, nullable=False),
        sa.Column("is_by_provider", sa.Boolean(), nullable=False),
        sa.Column("proposed_by", ID, nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("agreed_at", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("called_at", sa.BigInteger(), nullable=True),
        sa.Column("called_by", ID, nullable=False),
        sa.Column("telephone", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", ID, nullable=False),
        sa.Column("end", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_contact_changes_organization_id_organizations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_changes")),
    )
    op.create_index(op.f("ix_contact_changes_organization_id"), "contact_changes", ["organization_id"], unique=False)
    is_open = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_contact_changes_open",
        "contact_changes",
        ["organization_id", "kind"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index(
        "ix_contact_changes_expires_at", "contact_changes", ["expires_at"], unique=False, sqlite_where=is_open, postgresql_where=is_open
    )


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
