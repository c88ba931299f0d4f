"""names of requests in a table of their own, and names that ranges are asked of in the order of their bytes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

EVERY_NAME = {
    "sqlite": "SELECT DISTINCT r.id, lower(json_extract(n.value, '$[1]')), r.organization_id FROM requests r, json_each(r.names) n",
    "postgresql": "SELECT DISTINCT r.id, lower(n.value ->> 1), r.organization_id FROM requests r, json_array_elements(r.names) n",
}


def upgrade() -> None:
    """Apply it."""
    name = sa.String(length=254).with_variant(sa.String(length=254, collation="C"), "postgresql")
    op.create_table(
        "request_names",
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("name", name, nullable=False),
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_request_names_request_id_requests")),
        sa.PrimaryKeyConstraint("request_id", "name", name=op.f("pk_request_names")),
    )
    kind = op.get_bind().dialect.name
    op.execute(f"INSERT INTO request_names (request_id, name, organization_id) {EVERY_NAME[kind]}")
    op.create_index("ix_request_names_named", "request_names", ["organization_id", "name", "request_id"], unique=False)
    op.drop_index("ix_certificate_names_named", "certificate_names")
    if kind == "postgresql":
        # The other database compares bytes anyway.
        op.alter_column("certificate_names", "name", type_=name, existing_type=sa.String(length=254), existing_nullable=False)
    op.create_index("ix_certificate_names_named", "certificate_names", ["organization_id", "name", "certificate_id"], unique=False)


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
