"""validations and what was issued on them, CAA look-ups, letters that ask for control, removed domains."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    with op.batch_alter_table("domains", schema=None) as batch_op:
        batch_op.add_column(sa.Column("validation_id", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("removed_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("removal_reason", sa.String(length=16), nullable=False, server_default=""))
    _create_validations()
    op.create_table(
        "caa_checks",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_caa_checks_request_id_requests")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caa_checks")),
    )
    op.create_index("ix_caa_checks_request", "caa_checks", ["request_id", "id"], unique=False)
    op.create_table(
        "domain_letters",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("token", sa.String(length=128), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["domain_id"], ["domains.id"], name=op.f("fk_domain_letters_domain_id_domains")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domain_letters")),
    )
    op.create_index(op.f("ix_domain_letters_domain_id"), "domain_letters", ["domain_id"], unique=False)
    _keep_evidence()


def _create_validations() -> None:
    op.create_table(
        "validations",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=253), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("validated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["domain_id"], ["domains.id"], name=op.f("fk_validations_domain_id_domains")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_validations")),
    )
    op.create_index(op.f("ix_validations_domain_id"), "validations", ["domain_id"], unique=False)
    op.create_index(op.f("ix_validations_sha256"), "validations", ["sha256"], unique=False)
    op.create_table(
        "certificate_validations",
        sa.Column("certificate_id", sa.String(length=64), nullable=False),
        sa.Column("validation_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificates.id"], name=op.f("fk_certificate_validations_certificate_id_certificates")
        ),
        sa.ForeignKeyConstraint(["validation_id"], ["validations.id"], name=op.f("fk_certificate_validations_validation_id_validations")),
        sa.PrimaryKeyConstraint("certificate_id", "validation_id", name=op.f("pk_certificate_validations")),
    )
    columns = ["validation_id", "certificate_id"]
    op.create_index("ix_certificate_validations_validation", "certificate_validations", columns, unique=False)


def _keep_evidence() -> None:
    """Give the evidence that domains have now an id: what is issued from here on names it. Which was used before is not known."""
    connection = op.get_bind()
    found = connection.execute(
        sa.text("SELECT id, organization_id, name, method, evidence, validated_at FROM domains WHERE validated_at IS NOT NULL")
    )
    for row in found.mappings().all():
        validation = dict(row) | {
            "validation": f"val-{row['id'].partition('-')[2]}",
            "sha256": hashlib.sha256(row["evidence"].encode()).hexdigest(),
        }
        connection.execute(
            sa.text(
                "INSERT INTO validations (id, domain_id, organization_id, name, method, evidence, sha256, validated_at)"
                " VALUES (:validation, :id, :organization_id, :name, :method, :evidence, :sha256, :validated_at)"
            ),
            validation,
        )
        connection.execute(sa.text("UPDATE domains SET validation_id = :validation WHERE id = :id"), validation)


def downgrade() -> None:
    """Nothing is taken back: a certification authority keeps its tables."""
