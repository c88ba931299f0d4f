"""Indexes for the approvals of a person and for the newest certificates of many departments.

May run before the new release is deployed: the old one finds what it looks for as before.
"""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    with op.batch_alter_table("approvals") as batch_op:
        batch_op.create_index("ix_approvals_person", ["administrator_id", "id"], unique=False)
        batch_op.drop_index("ix_approvals_administrator_id")
    with op.batch_alter_table("certificates") as batch_op:
        batch_op.drop_index("ix_certificates_newest")
        newest = ["organization_id", "id", "state", "not_after", "department_id"]
        batch_op.create_index("ix_certificates_newest", newest, unique=False)


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
