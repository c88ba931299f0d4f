"""indexes that hold what lists are made of, so that no list reads rows which it does not show."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    with op.batch_alter_table("certificates", schema=None) as batch_op:
        batch_op.drop_index("ix_certificates_organization")
        batch_op.create_index("ix_certificates_newest", ["organization_id", "id", "state", "not_after"], unique=False)
    with op.batch_alter_table("certificate_names", schema=None) as batch_op:
        batch_op.drop_index("ix_certificate_names_name")
        batch_op.create_index("ix_certificate_names_named", ["name", "organization_id", "certificate_id"], unique=False)
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_audit_entries_newest",
            ["log", "leaf_index", "at"],
            unique=False,
            sqlite_where=sa.text("leaf_index IS NOT NULL"),
            postgresql_where=sa.text("leaf_index IS NOT NULL"),
        )


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
