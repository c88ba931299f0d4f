"""The index of the queue holds the department too: what somebody of a department may see is counted without its table.

May run before the new release is deployed: the old one uses the index as it did.
"""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    with op.batch_alter_table("requests") as batch_op:
        batch_op.drop_index("ix_requests_queue")
        batch_op.create_index("ix_requests_queue", ["organization_id", "state", "id", "department_id"], unique=False)


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its indexes."""
