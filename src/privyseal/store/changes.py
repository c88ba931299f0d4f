"""Changes under dual control with what was signed about them; nothing of it is ever deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from privyseal.model.change import Change, ChangeKind, ChangeSignature, ChangeState, Decision
from privyseal.model.identifiers import AdministratorId, ChangeId, OrganizationId
from privyseal.store.database import Transaction
from privyseal.store.prepared import Prepared
from privyseal.store.schema import Digest, Id, UtcTime, metadata
from privyseal.store.upsert import insert_once

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id")),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("subject", sa.String(64), nullable=False),
    sa.Column("base", sa.Integer, nullable=False),
    sa.Column("quorum", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("content_sha256", Digest, nullable=False),
    sa.Column("proposer_id", Id, sa.ForeignKey("administrators.id"), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason", sa.String(1000), nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("closed_at", UtcTime),
    sa.Index("ix_changes_of", "organization_id", "state", "id"),
)

signatures = sa.Table(
    "change_signatures",
    metadata,
    sa.Column("change_id", Id, sa.ForeignKey("changes.id"), primary_key=True),
    # One line for each person and decision: nobody is counted twice, whatever he signs with.
    sa.Column("administrator_id", Id, sa.ForeignKey("administrators.id"), primary_key=True),
    sa.Column("decision", sa.String(16), primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    sa.Column("credential_sha256", Digest, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

_GET = Prepared(changes.select().where(changes.c.id == sa.bindparam("id")))
_SIGNATURES = Prepared(signatures.select().where(signatures.c.change_id == sa.bindparam("change")).order_by(signatures.c.at))


def _change(row: Mapping[Any, Any]) -> Change:
    fields = {column.name: row[column.name] for column in changes.columns}
    content = bytes(fields["content"])
    return Change(**{**fields, "kind": ChangeKind(fields["kind"]), "state": ChangeState(fields["state"]), "content": content})


def _signature(row: Mapping[Any, Any]) -> ChangeSignature:
    fields = {column.name: row[column.name] for column in signatures.columns}
    kept = {name: bytes(fields[name]) for name in ("content", "signature")}
    return ChangeSignature(**{**fields, **kept, "decision": Decision(fields["decision"])})


def insert(tx: Transaction, change: Change) -> bool:
    """Add a change; tells whether none of this id was there."""
    values = {column.name: getattr(change, column.name) for column in changes.columns}
    return insert_once(tx, changes, values | {"kind": change.kind.value, "state": change.state.value})


def insert_signature(tx: Transaction, signature: ChangeSignature) -> bool:
    """Keep what somebody signed; tells whether he had not said the same before."""
    values = {column.name: getattr(signature, column.name) for column in signatures.columns}
    return insert_once(tx, signatures, values | {"decision": signature.decision.value})


def get(tx: Transaction, change_id: ChangeId) -> Change | None:
    """Return a change or None; whose it is is the caller's question."""
    row = _GET.first(tx, id=change_id)
    return None if row is None else _change(row)


def lock(tx: Transaction, change_id: ChangeId) -> Change | None:
    """The same, and nobody else who locks it goes on before this transaction ends."""
    row = tx.execute(changes.select().where(changes.c.id == change_id).with_for_update()).first()
    return None if row is None else _change(row._mapping)


def signatures_of(tx: Transaction, change_id: ChangeId) -> list[ChangeSignature]:
    """Return what was signed about a change, in the order in which it came."""
    return [_signature(row) for row in _SIGNATURES.every(tx, change=change_id)]


def signers_of(tx: Transaction, change_ids: Sequence[ChangeId]) -> dict[ChangeId, list[AdministratorId]]:
    """Return who signed each of these changes, for lists."""
    clause = (signatures.c.change_id.in_(list(change_ids)), signatures.c.decision == Decision.SIGN.value)
    found: dict[ChangeId, list[AdministratorId]] = {change_id: [] for change_id in change_ids}
    for row in tx.execute(sa.select(signatures.c.change_id, signatures.c.administrator_id).where(*clause).order_by(signatures.c.at)):
        found[row.change_id].append(row.administrator_id)
    return found


def page(
    tx: Transaction, organization_id: OrganizationId | None, *, only_open: bool = False, after: str = "", limit: int = 50
) -> list[Change]:
    """Return changes of an organization (None: of the provider), the newest first, older than the one of the id ``after``."""
    statement = changes.select().where(_of(organization_id)).order_by(changes.c.created_at.desc(), changes.c.id.desc()).limit(limit)
    if only_open:
        statement = statement.where(*_open(tx))
    if after:
        last = get(tx, ChangeId(after))
        if last is None or last.organization_id != organization_id:
            return []
        statement = statement.where(
            sa.tuple_(changes.c.created_at, changes.c.id) < sa.tuple_(sa.literal(last.created_at, UtcTime), last.id)
        )
    return [_change(row._mapping) for row in tx.execute(statement)]


def waiting_for(
    tx: Transaction, organization_id: OrganizationId | None, administrator_id: AdministratorId, kinds: Sequence[ChangeKind]
) -> list[Change]:
    """Return the open changes of these kinds that this person has not signed, the oldest first."""
    signed = sa.select(signatures.c.change_id).where(signatures.c.administrator_id == administrator_id)
    clause = (_of(organization_id), *_open(tx), changes.c.kind.in_([kind.value for kind in kinds]), changes.c.id.not_in(signed))
    return [_change(row._mapping) for row in tx.execute(changes.select().where(*clause).order_by(changes.c.created_at))]


def open_of(tx: Transaction, organization_id: OrganizationId | None, kind: ChangeKind, subject: str) -> list[Change]:
    """Return the changes of one thing that wait for signatures, the newest first: whichever is applied first overtakes the others."""
    clause = (_of(organization_id), *_open(tx), changes.c.kind == kind.value, changes.c.subject == subject)
    return [_change(row._mapping) for row in tx.execute(changes.select().where(*clause).order_by(changes.c.created_at.desc()))]


def open_of_kind(tx: Transaction, organization_id: OrganizationId | None, kind: ChangeKind) -> list[Change]:
    """Return the changes of a kind that wait for signatures, the oldest first."""
    clause = (_of(organization_id), *_open(tx), changes.c.kind == kind.value)
    return [_change(row._mapping) for row in tx.execute(changes.select().where(*clause).order_by(changes.c.created_at))]


def close(tx: Transaction, change_id: ChangeId, state: ChangeState, reason: str = "") -> bool:
    """End an open change; tells whether it was open."""
    statement = changes.update().where(changes.c.id == change_id, changes.c.state == ChangeState.OPEN.value)
    return tx.changed(statement.values(state=state.value, reason=reason, closed_at=tx.now)) == 1


def close_others(tx: Transaction, applied: Change) -> list[ChangeId]:
    """End the open changes of the same thing, which were made of a version that is not the newest any more; return their ids."""
    clause = (
        _of(applied.organization_id),
        changes.c.kind == applied.kind.value,
        changes.c.subject == applied.subject,
        changes.c.state == ChangeState.OPEN.value,
        changes.c.id != applied.id,
    )
    statement = changes.update().where(*clause).values(state=ChangeState.OVERTAKEN.value, closed_at=tx.now)
    return [ChangeId(row.id) for row in tx.execute(statement.returning(changes.c.id))]


def expired(tx: Transaction, limit: int = 100) -> list[Change]:
    """Return changes that did not get their signatures in time and are still marked as open."""
    clause = (changes.c.state == ChangeState.OPEN.value, changes.c.expires_at <= tx.now)
    return [_change(row._mapping) for row in tx.execute(changes.select().where(*clause).order_by(changes.c.expires_at).limit(limit))]


def _of(organization_id: OrganizationId | None) -> sa.ColumnElement[bool]:
    return changes.c.organization_id.is_(None) if organization_id is None else changes.c.organization_id == organization_id


def _open(tx: Transaction) -> tuple[sa.ColumnElement[bool], ...]:
    return changes.c.state == ChangeState.OPEN.value, changes.c.expires_at > tx.now
