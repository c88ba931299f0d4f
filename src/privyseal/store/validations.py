"""Validations: every time control over a domain was shown, and which certificates were issued on it. Never changed, never deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from privyseal.model.certificate import CertificateState
from privyseal.model.domain import ValidationMethod
from privyseal.model.identifiers import CertificateId, DomainId, OrganizationId, ValidationId
from privyseal.store.certificates import certificates
from privyseal.store.database import Transaction
from privyseal.store.organizations import organizations
from privyseal.store.prepared import Prepared
from privyseal.store.schema import Digest, Id, UtcTime, metadata

validations = sa.Table(
    "validations",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("domain_id", Id, sa.ForeignKey("domains.id"), nullable=False, index=True),
    sa.Column("organization_id", Id, nullable=False),
    sa.Column("name", sa.String(253), nullable=False),
    sa.Column("method", sa.String(32), nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("sha256", Digest, nullable=False, index=True),
    sa.Column("validated_at", UtcTime, nullable=False),
)

certificate_validations = sa.Table(
    "certificate_validations",
    metadata,
    sa.Column("certificate_id", Id, sa.ForeignKey("certificates.id"), primary_key=True),
    sa.Column("validation_id", Id, sa.ForeignKey("validations.id"), primary_key=True),
    sa.Index("ix_certificate_validations_validation", "validation_id", "certificate_id"),
)

_INSERT_RELIANCE = Prepared(certificate_validations.insert())


@dataclass(frozen=True, slots=True)
class Validation:
    """One showing of control. ``evidence`` is one line of JSON, ``sha256`` its digest, which stands in the audit log."""

    id: ValidationId
    domain_id: DomainId
    organization_id: OrganizationId
    name: str
    method: ValidationMethod
    evidence: str
    sha256: str
    validated_at: datetime


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that was issued on a validation, and the short name of its organization."""

    id: CertificateId
    organization: str
    serial_hex: str
    state: CertificateState
    common_name: str
    issued_at: datetime
    not_after: datetime


def insert(tx: Transaction, validation: Validation) -> None:
    """Add a validation."""
    values = {column.name: getattr(validation, column.name) for column in validations.columns}
    tx.execute(validations.insert().values(**values | {"method": validation.method.value}))


def _validation(row: sa.Row[tuple[object, ...]]) -> Validation:
    return Validation(**{**row._mapping, "method": ValidationMethod(row._mapping["method"])})


def get(tx: Transaction, validation_id: ValidationId) -> Validation | None:
    """Return the validation of this id, or None."""
    row = tx.execute(validations.select().where(validations.c.id == validation_id)).first()
    return None if row is None else _validation(row)


def of_domain(tx: Transaction, domain_id: DomainId, limit: int = 50) -> list[Validation]:
    """Return the validations of a domain, the newest first."""
    statement = validations.select().where(validations.c.domain_id == domain_id).order_by(validations.c.id.desc()).limit(limit)
    return [_validation(row) for row in tx.execute(statement)]


def rely(tx: Transaction, pairs: Iterable[tuple[CertificateId, ValidationId]]) -> None:
    """Note on which validations certificates were issued."""
    rows = [{"certificate_id": certificate_id, "validation_id": validation_id} for certificate_id, validation_id in pairs]
    if rows:
        _INSERT_RELIANCE.each(tx, rows)


def issued_on(tx: Transaction, validation_id: ValidationId, *, after: str = "", limit: int = 50) -> list[Issued]:
    """Return every certificate that was issued on this validation, the oldest first, behind the id ``after``: one query."""
    statement = (
        sa.select(
            certificates.c.id,
            organizations.c.slug.label("organization"),
            certificates.c.serial_hex,
            certificates.c.state,
            certificates.c.common_name,
            certificates.c.issued_at,
            certificates.c.not_after,
        )
        .select_from(certificate_validations)
        .join(certificates, certificates.c.id == certificate_validations.c.certificate_id)
        .join(organizations, organizations.c.id == certificates.c.organization_id)
        .where(certificate_validations.c.validation_id == validation_id, certificate_validations.c.certificate_id > after)
        .order_by(certificate_validations.c.certificate_id)
        .limit(limit)
    )
    return [Issued(**{**row._mapping, "state": CertificateState(row.state)}) for row in tx.execute(statement)]
