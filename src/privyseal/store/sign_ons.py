"""The OpenID Connect provider of each organization, who is linked there, and who is on the way to it.

Settings and links end and stay; the secret of settings that ended is emptied. Of states, browsers and people of the provider
only hashes are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from privyseal.model.identifiers import AdministratorId, OrganizationId, SignOnId
from privyseal.model.sign_on import (
    MAXIMUM_CLAIM,
    MAXIMUM_CLIENT_ID,
    MAXIMUM_ISSUER,
    MAXIMUM_SECRET,
    LinkEnd,
    SignOn,
    SignOnAttempt,
    SignOnLink,
    SignOnSettings,
)
from privyseal.store.database import Transaction
from privyseal.store.schema import Digest, Id, UtcTime, metadata
from privyseal.store.upsert import insert_once

sign_ons = sa.Table(
    "sign_ons",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("issuer", sa.String(MAXIMUM_ISSUER), nullable=False),
    sa.Column("client_id", sa.String(MAXIMUM_CLIENT_ID), nullable=False),
    sa.Column("client_secret", sa.String(MAXIMUM_SECRET), nullable=False),
    sa.Column("claim", sa.String(MAXIMUM_CLAIM), nullable=False),
    sa.Column("set_at", UtcTime, nullable=False),
    sa.Column("set_by", Id, nullable=False),
    sa.Column("ended_at", UtcTime),
)
sa.Index(
    "uq_sign_ons_in_force",
    sign_ons.c.organization_id,
    unique=True,
    sqlite_where=sign_ons.c.ended_at.is_(None),
    postgresql_where=sign_ons.c.ended_at.is_(None),
)

sign_on_links = sa.Table(
    "sign_on_links",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("administrator_id", Id, sa.ForeignKey("administrators.id"), nullable=False, index=True),
    sa.Column("subject_hash", Digest, nullable=False),
    sa.Column("linked_at", UtcTime, nullable=False),
    sa.Column("linked_with", Digest, nullable=False),
    sa.Column("ended_at", UtcTime),
    sa.Column("end_reason", sa.String(20)),
)
sa.Index(
    "uq_sign_on_links_in_force",
    sign_on_links.c.organization_id,
    sign_on_links.c.subject_hash,
    unique=True,
    sqlite_where=sign_on_links.c.ended_at.is_(None),
    postgresql_where=sign_on_links.c.ended_at.is_(None),
)

sign_on_attempts = sa.Table(
    "sign_on_attempts",
    metadata,
    sa.Column("state_sha256", Digest, primary_key=True),
    sa.Column("sign_on_id", Id, sa.ForeignKey("sign_ons.id"), nullable=False),
    sa.Column("audience", sa.String(40), nullable=False),
    sa.Column("browser_sha256", Digest, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False, index=True),
    sa.Column("administrator_id", Id),
    sa.Column("session_id", Id),
)


def insert(tx: Transaction, sign_on: SignOn) -> None:
    """Add settings; those before have been ended in this transaction."""
    settings = sign_on.settings
    tx.execute(
        sign_ons.insert().values(
            id=sign_on.id,
            organization_id=sign_on.organization_id,
            issuer=settings.issuer,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            claim=settings.claim,
            set_at=sign_on.set_at,
            set_by=sign_on.set_by,
        )
    )


def in_force(tx: Transaction, organization_id: OrganizationId, *, hold: bool = False) -> SignOn | None:
    """Return the settings of an organization, or None; with ``hold`` whoever else holds them waits until this transaction ends."""
    statement = sign_ons.select().where(sign_ons.c.organization_id == organization_id, sign_ons.c.ended_at.is_(None))
    return _sign_on(tx.execute(statement.with_for_update() if hold else statement).first())


def get(tx: Transaction, sign_on_id: SignOnId) -> SignOn | None:
    """Return settings, those that ended as well, or None."""
    return _sign_on(tx.execute(sign_ons.select().where(sign_ons.c.id == sign_on_id)).first())


def end(tx: Transaction, sign_on_id: SignOnId) -> bool:
    """End settings and forget their secret; tells whether this call did."""
    statement = sign_ons.update().where(sign_ons.c.id == sign_on_id, sign_ons.c.ended_at.is_(None))
    return tx.changed(statement.values(ended_at=tx.now, client_secret="")) == 1


def _sign_on(row: sa.Row[Any] | None) -> SignOn | None:
    if row is None:
        return None
    settings = SignOnSettings(row.issuer, row.client_id, row.client_secret, row.claim)
    return SignOn(SignOnId(row.id), OrganizationId(row.organization_id), settings, row.set_at, row.set_by)


def _link(row: Mapping[Any, Any]) -> SignOnLink:
    fields = {column.name: row[column.name] for column in sign_on_links.columns}
    return SignOnLink(**{**fields, "end_reason": LinkEnd(fields["end_reason"]) if fields["end_reason"] else None})


def insert_link(tx: Transaction, link: SignOnLink) -> bool:
    """Add a link unless this person of the provider has one; tells whether it was added."""
    values = {column.name: getattr(link, column.name) for column in sign_on_links.columns}
    return insert_once(tx, sign_on_links, values | {"end_reason": None})


def link_of_subject(tx: Transaction, organization_id: OrganizationId, subject_hash: str) -> SignOnLink | None:
    """Return the link of a person of the provider, or None."""
    clause = (sign_on_links.c.organization_id == organization_id, sign_on_links.c.subject_hash == subject_hash)
    row = tx.execute(sign_on_links.select().where(*clause, sign_on_links.c.ended_at.is_(None))).first()
    return None if row is None else _link(row._mapping)


def links_of(
    tx: Transaction, organization_id: OrganizationId, administrator_ids: Sequence[AdministratorId] | None = None
) -> list[SignOnLink]:
    """Return the links that count, the oldest first: all of an organization (None), or those of these people; of nobody, none."""
    statement = sign_on_links.select().where(sign_on_links.c.organization_id == organization_id, sign_on_links.c.ended_at.is_(None))
    if administrator_ids is not None:
        statement = statement.where(sign_on_links.c.administrator_id.in_(administrator_ids))
    return [_link(row._mapping) for row in tx.execute(statement.order_by(sign_on_links.c.id))]


def end_links(
    tx: Transaction, organization_id: OrganizationId, why: LinkEnd, administrator_id: AdministratorId | None = None
) -> list[SignOnLink]:
    """End the links of a person, or of everybody; return those that this call ended."""
    clause = [sign_on_links.c.organization_id == organization_id, sign_on_links.c.ended_at.is_(None)]
    if administrator_id is not None:
        clause.append(sign_on_links.c.administrator_id == administrator_id)
    statement = sign_on_links.update().where(*clause).values(ended_at=tx.now, end_reason=why.value)
    return [_link(row._mapping) for row in tx.execute(statement.returning(*sign_on_links.columns))]


def insert_attempt(tx: Transaction, attempt: SignOnAttempt) -> None:
    """Add somebody who is on the way."""
    tx.execute(sign_on_attempts.insert().values(**{column.name: getattr(attempt, column.name) for column in sign_on_attempts.columns}))


def take_attempt(tx: Transaction, state_sha256: str) -> SignOnAttempt | None:
    """Remove an attempt and return it, or None; of several calls at once exactly one gets it."""
    statement = sign_on_attempts.delete().where(sign_on_attempts.c.state_sha256 == state_sha256)
    row = tx.execute(statement.returning(*sign_on_attempts.columns)).first()
    return None if row is None else SignOnAttempt(**row._mapping)


def forget_attempts(tx: Transaction) -> int:
    """Delete the attempts whose time has passed; return how many."""
    return tx.changed(sign_on_attempts.delete().where(sign_on_attempts.c.expires_at <= tx.now))
