"""What the entries of the audit logs are found by: their action, who acted, and an outcome other than done."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

PORTION = 5_000


def upgrade() -> None:
    """Apply it; entries that are integrated already are read once."""
    marks = op.create_table(
        "audit_marks",
        sa.Column("log", sa.String(length=64), nullable=False),
        sa.Column("mark", sa.String(length=160), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log", "mark", "leaf_index", name=op.f("pk_audit_marks")),
        sqlite_with_rowid=False,
    )
    connection = op.get_bind()
    portion = sa.text(
        "SELECT sequence, log, leaf_index, entry FROM audit_entries "
        "WHERE leaf_index IS NOT NULL AND sequence > :behind ORDER BY sequence LIMIT :most"
    )
    behind = 0
    while rows := connection.execute(portion, {"behind": behind, "most": PORTION}).all():
        found = [{"log": row.log, "mark": mark[:160], "leaf_index": row.leaf_index} for row in rows for mark in _marks_of(bytes(row.entry))]
        connection.execute(marks.insert(), found)
        behind = rows[-1].sequence


def _marks_of(entry: bytes) -> list[str]:
    fields = json.loads(entry)
    found = [f"action:{fields['action']}", f"actor:{fields['actor']['id']}"]
    return found if fields["outcome"] == "done" else [*found, f"outcome:{fields['outcome']}"]


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
