"""Administrator IDs that take the place of others: what their owners signed for it, and which one each took the place of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from privyseal.model.identifiers import AdministratorId
from privyseal.store.database import Transaction
from privyseal.store.schema import Digest, Id, UtcTime, metadata
from privyseal.store.upsert import insert_once

renewals = sa.Table(
    "credential_renewals",
    metadata,
    sa.Column("spki_sha256", Digest, primary_key=True),
    sa.Column("administrator_id", Id, sa.ForeignKey("administrators.id"), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    sa.Column("signer_sha256", Digest, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

replacements = sa.Table(
    "credential_replacements",
    metadata,
    sa.Column("replaced_sha256", Digest, primary_key=True),
    sa.Column("credential_sha256", Digest, nullable=False, unique=True),
    sa.Column("at", UtcTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Renewal:
    """What an administrator signed to get the next Administrator ID for the key ``spki_sha256``, as it came."""

    spki_sha256: str
    administrator_id: AdministratorId
    content: bytes
    signature: bytes
    signer_sha256: str
    at: datetime


def insert(tx: Transaction, renewal: Renewal) -> bool:
    """Keep what was signed; tells whether there was nothing for this key before."""
    return insert_once(tx, renewals, {column.name: getattr(renewal, column.name) for column in renewals.columns})


def of_key(tx: Transaction, administrator_id: AdministratorId, spki_sha256: str) -> Renewal | None:
    """Return what this person signed for this key, or None."""
    clause = (renewals.c.spki_sha256 == spki_sha256, renewals.c.administrator_id == administrator_id)
    row = tx.execute(renewals.select().where(*clause)).first()
    return None if row is None else Renewal(**row._mapping)


def replace(tx: Transaction, replaced_sha256: str, credential_sha256: str) -> bool:
    """Note that a credential took the place of another; tells whether none had before."""
    return insert_once(tx, replacements, {"replaced_sha256": replaced_sha256, "credential_sha256": credential_sha256, "at": tx.now})


def is_replaced(tx: Transaction, credential_sha256: str) -> bool:
    """Tell whether another credential has taken the place of this one."""
    statement = sa.select(replacements.c.at).where(replacements.c.replaced_sha256 == credential_sha256)
    return tx.execute(statement).first() is not None
