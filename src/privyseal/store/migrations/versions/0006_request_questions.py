"""questions of administrators to the contacts of requests; what requests and certificates are searched by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "request_questions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("administrator_id", sa.String(length=64), nullable=False),
        sa.Column("question", sa.String(length=500), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_request_questions_request_id_requests")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_questions")),
    )
    with op.batch_alter_table("request_questions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_request_questions_request_id"), ["request_id"], unique=False)
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.create_index("ix_requests_organization", ["organization_id", "id"], unique=False)
    with op.batch_alter_table("certificates", schema=None) as batch_op:
        batch_op.create_index("ix_certificates_contact", ["organization_id", "contact_email"], unique=False)
        batch_op.create_index("ix_certificates_state_end", ["organization_id", "state", "not_after", "id"], unique=False)
        batch_op.create_index("ix_certificates_serial", ["serial_hex"], unique=False)


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
