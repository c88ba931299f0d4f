"""Access reviews of every quarter, and when people signed in last.

May run before the new release is deployed: the old one uses none of these tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

ID = sa.String(length=64)


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "access_reviews",
        sa.Column("id", ID, nullable=False),
        sa.Column("owner", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=True),
        sa.Column("quarter", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_access_reviews_organization_id_organizations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_reviews")),
        sa.UniqueConstraint("owner", "quarter", name=op.f("uq_access_reviews_owner_quarter")),
    )
    op.create_index("ix_access_reviews_open", "access_reviews", ["closed_at", "due_at"], unique=False)
    op.create_table(
        "access_review_lines",
        sa.Column("review_id", ID, nullable=False),
        sa.Column("administrator_id", ID, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_by", ID, nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["access_reviews.id"], name=op.f("fk_access_review_lines_review_id_access_reviews")),
        sa.ForeignKeyConstraint(
            ["administrator_id"], ["administrators.id"], name=op.f("fk_access_review_lines_administrator_id_administrators")
        ),
        sa.PrimaryKeyConstraint("review_id", "administrator_id", name=op.f("pk_access_review_lines")),
    )
    op.create_table(
        "last_sign_ins",
        sa.Column("administrator_id", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["administrator_id"], ["administrators.id"], name=op.f("fk_last_sign_ins_administrator_id_administrators")),
        sa.PrimaryKeyConstraint("administrator_id", name=op.f("pk_last_sign_ins")),
    )


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
