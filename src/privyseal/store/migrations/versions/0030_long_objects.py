"""What an entry of the audit log is about may be as long as a host name (253 characters).

May run before the new release is deployed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    if op.get_bind().dialect.name == "postgresql":
        # The other database holds texts of any length anyway.
        op.alter_column("audit_objects", "object_id", type_=sa.String(256), existing_type=sa.String(128), existing_nullable=False)


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
