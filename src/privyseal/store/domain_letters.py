"""Letters that ask whether an organization controls a domain: each with a random value of its own, which counts once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from privyseal.model.identifiers import DomainId, DomainLetterId, OrganizationId
from privyseal.store.database import Transaction
from privyseal.store.schema import Digest, Id, UtcTime, metadata

domain_letters = sa.Table(
    "domain_letters",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("domain_id", Id, sa.ForeignKey("domains.id"), nullable=False, index=True),
    sa.Column("organization_id", Id, nullable=False),
    sa.Column("address", sa.String(254), nullable=False),
    sa.Column("token", sa.String(128), nullable=False),
    sa.Column("code_hash", Digest, nullable=False),
    sa.Column("sent_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("confirmed_at", UtcTime),
)


@dataclass(frozen=True, slots=True)
class DomainLetter:
    """``token`` is the domain's when the letter was sent: a domain that was removed and registered anew has another one."""

    id: DomainLetterId
    domain_id: DomainId
    organization_id: OrganizationId
    address: str
    token: str
    code_hash: str
    sent_at: datetime
    expires_at: datetime
    confirmed_at: datetime | None


def insert(tx: Transaction, letter: DomainLetter) -> None:
    """Add a letter."""
    tx.execute(domain_letters.insert().values(**{column.name: getattr(letter, column.name) for column in domain_letters.columns}))


def get(tx: Transaction, letter_id: DomainLetterId) -> DomainLetter | None:
    """Return the letter of this id, or None."""
    row = tx.execute(domain_letters.select().where(domain_letters.c.id == letter_id)).first()
    return None if row is None else DomainLetter(**row._mapping)


def sent_since(tx: Transaction, domain_id: DomainId, moment: datetime) -> int:
    """Return how many letters about this domain were sent since a moment."""
    counted = sa.select(sa.func.count()).where(domain_letters.c.domain_id == domain_id, domain_letters.c.sent_at >= moment)
    return int(tx.execute(counted).scalar_one())


def confirm(tx: Transaction, letter_id: DomainLetterId, code_hash: str) -> bool:
    """Note the answer to a letter; tells whether the value is its own, not used before and not expired."""
    statement = domain_letters.update().where(
        domain_letters.c.id == letter_id,
        domain_letters.c.code_hash == code_hash,
        domain_letters.c.confirmed_at.is_(None),
        domain_letters.c.expires_at > tx.now,
    )
    return tx.changed(statement.values(confirmed_at=tx.now)) == 1
