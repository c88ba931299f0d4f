"""Whether each CA issues; a version is only ever added, and a CA without one issues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from privyseal.model.authority_state import AuthorityState
from privyseal.model.identifiers import AuthorityId, ChangeId
from privyseal.store.authorities import authorities
from privyseal.store.database import Transaction
from privyseal.store.prepared import Prepared
from privyseal.store.schema import Id, UtcTime, metadata
from privyseal.store.upsert import insert_once

states = sa.Table(
    "ca_states",
    metadata,
    sa.Column("ca_id", Id, sa.ForeignKey("cas.id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("issues", sa.Boolean, nullable=False),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.Column("change_id", Id, sa.ForeignKey("changes.id"), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

_JOINED = sa.select(*states.columns, authorities.c.slug).join(authorities, authorities.c.id == states.c.ca_id)
_NEWEST = Prepared(_JOINED.where(states.c.ca_id == sa.bindparam("ca")).order_by(states.c.version.desc()))
_LATER = states.alias()
_IS_NEWEST = ~sa.exists().where(_LATER.c.ca_id == states.c.ca_id, _LATER.c.version > states.c.version)
_PAUSED = Prepared(sa.select(states.c.ca_id).where(states.c.issues.is_(False), _IS_NEWEST))


def insert(tx: Transaction, authority_id: AuthorityId, state: AuthorityState, change_id: ChangeId) -> bool:
    """Add a version; tells whether nobody else added it first."""
    values = {"version": state.version, "issues": state.issues, "reason": state.reason, "at": state.at}
    return insert_once(tx, states, {"ca_id": authority_id, "change_id": change_id} | values)


def newest(tx: Transaction, authority_id: AuthorityId) -> tuple[AuthorityState, ChangeId] | None:
    """Return what holds now for a CA, and the change that it came by; None for one that was never paused."""
    row = _NEWEST.first(tx, ca=authority_id)
    return None if row is None else (_state(row), ChangeId(row["change_id"]))


def paused(tx: Transaction) -> frozenset[AuthorityId]:
    """Return the CAs that are paused now, in one look-up."""
    return frozenset(AuthorityId(found) for found in _PAUSED.column(tx))


def newest_of_each(tx: Transaction) -> dict[str, AuthorityState]:
    """Return what holds now for each CA that was ever paused, by short name."""
    return {row.slug: _state(row._mapping) for row in tx.execute(_JOINED.where(_IS_NEWEST))}


def by_version(tx: Transaction, authority: str, version: int) -> AuthorityState | None:
    """Return one version of the CA of this short name, or None."""
    row = tx.execute(_JOINED.where(authorities.c.slug == authority, states.c.version == version)).first()
    return None if row is None else _state(row._mapping)


def _state(row: Mapping[Any, Any]) -> AuthorityState:
    return AuthorityState(row["slug"], row["version"], row["issues"], row["reason"], row["at"])
