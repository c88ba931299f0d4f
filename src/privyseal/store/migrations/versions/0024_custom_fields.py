"""What was filled into a policy's own fields belongs to the request.

May run before the new release is deployed: the old one writes requests without it, which is none.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.add_column("requests", sa.Column("custom_fields", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
