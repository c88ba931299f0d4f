"""Certification authorities, their OCSP responders, and the row of facts about this service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from privyseal.model.identifiers import AuthorityId
from privyseal.store.database import Transaction
from privyseal.store.schema import Id, UtcTime, metadata

authorities = sa.Table(
    "cas",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("slug", sa.String(40), nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("certificate", sa.LargeBinary, nullable=False),
    sa.Column("shard_count", sa.Integer, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
)

responders = sa.Table(
    "ocsp_responders",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("ca_id", Id, sa.ForeignKey("cas.id"), nullable=False, index=True),
    sa.Column("certificate", sa.LargeBinary, nullable=False),
    sa.Column("not_after", UtcTime, nullable=False),
)

service_facts = sa.Table(
    "service_facts",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class StoredAuthority:
    """A CA as stored: ``kind`` is root, issuing, administrators, test-root or test-issuing; ``certificate`` is DER."""

    id: AuthorityId
    slug: str
    kind: str
    certificate: bytes
    shard_count: int
    created_at: datetime


def insert(tx: Transaction, authority: StoredAuthority) -> None:
    """Add a CA."""
    tx.execute(authorities.insert().values(**{column.name: getattr(authority, column.name) for column in authorities.columns}))


def every(tx: Transaction) -> list[StoredAuthority]:
    """Return all CAs by slug."""
    rows = tx.execute(authorities.select().order_by(authorities.c.slug))
    return [StoredAuthority(**dict(row._mapping) | {"certificate": bytes(row.certificate)}) for row in rows]


def by_slug(tx: Transaction, slug: str) -> StoredAuthority | None:
    """Return the CA of this short name, or None."""
    row = tx.execute(authorities.select().where(authorities.c.slug == slug)).first()
    return None if row is None else StoredAuthority(**dict(row._mapping) | {"certificate": bytes(row.certificate)})


def insert_responder(tx: Transaction, responder_id: str, authority_id: AuthorityId, certificate: bytes, not_after: datetime) -> None:
    """Add an OCSP responder certificate; the newest is used."""
    tx.execute(responders.insert().values(id=responder_id, ca_id=authority_id, certificate=certificate, not_after=not_after))


def newest_responder(tx: Transaction, authority_id: AuthorityId) -> tuple[bytes, datetime] | None:
    """Return certificate and end of the newest responder of a CA, or None."""
    row = tx.execute(responders.select().where(responders.c.ca_id == authority_id).order_by(responders.c.id.desc()).limit(1)).first()
    return None if row is None else (bytes(row.certificate), row.not_after)


def responder_ends(tx: Transaction) -> list[datetime]:
    """Return when the newest responder of each CA that has one ends."""
    newest = sa.select(sa.func.max(responders.c.id)).group_by(responders.c.ca_id)
    return [row.not_after for row in tx.execute(sa.select(responders.c.not_after).where(responders.c.id.in_(newest)))]


def set_fact(tx: Transaction, name: str, value: str) -> None:
    """Write a fact about this service once, at init."""
    tx.execute(service_facts.insert().values(name=name, value=value))


def facts(tx: Transaction) -> dict[str, str]:
    """Return all facts about this service."""
    return {row.name: row.value for row in tx.execute(service_facts.select())}
