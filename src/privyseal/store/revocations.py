"""Revoked serials, CRL pages and CRLs, keys that are never certified again, and the generation that status fronts watch.

Entries are stored encoded, so that publishing copies bytes. Pages are append-only; a CRL names the pages it is made of.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from privyseal.model.audit import MAXIMUM_CLOCK_STEP_BACK
from privyseal.model.identifiers import AuthorityId
from privyseal.model.revocation import Revocation
from privyseal.store.database import Transaction
from privyseal.store.prepared import Prepared, is_among
from privyseal.store.schema import Digest, Id, Serial, UtcTime, metadata
from privyseal.store.upsert import insert_each_once, insert_once

revocations = sa.Table(
    "revocations",
    metadata,
    sa.Column("ca_id", Id, sa.ForeignKey("cas.id"), primary_key=True),
    sa.Column("serial_hex", Serial, primary_key=True),
    sa.Column("revoked_at", UtcTime, nullable=False),
    sa.Column("reason", sa.Integer, nullable=False),
    sa.Column("shard", sa.Integer, nullable=False),
    sa.Column("entry", sa.LargeBinary, nullable=False),
    sa.Column("page_id", Id),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Index(
        "ix_revocations_unpaged", "ca_id", "shard", sqlite_where=sa.text("page_id IS NULL"), postgresql_where=sa.text("page_id IS NULL")
    ),
)

statements = sa.Table(
    "revocation_statements",
    metadata,
    sa.Column("content_sha256", Digest, primary_key=True),
    sa.Column("certificate_id", Id, nullable=False, index=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    sa.Column("credential_sha256", Digest, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

pages = sa.Table(
    "crl_pages",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("ca_id", Id, sa.ForeignKey("cas.id"), nullable=False),
    sa.Column("shard", sa.Integer, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("entries", sa.LargeBinary, nullable=False),
    sa.Column("entry_count", sa.Integer, nullable=False),
    sa.UniqueConstraint("ca_id", "shard", "sequence"),
)

crls = sa.Table(
    "crls",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("ca_id", Id, sa.ForeignKey("cas.id"), nullable=False),
    sa.Column("scope", sa.String(16), nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("this_update", UtcTime, nullable=False),
    sa.Column("next_update", UtcTime, nullable=False),
    sa.Column("prefix", sa.LargeBinary, nullable=False),
    sa.Column("suffix", sa.LargeBinary, nullable=False),
    sa.Column("page_ids", sa.Text, nullable=False),
    sa.Column("tail", sa.LargeBinary, nullable=False),
    sa.Column("sha256", Digest, nullable=False),
    sa.Column("byte_length", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("ca_id", "scope", "number"),
)

crl_scopes = sa.Table(
    "crl_scopes",
    metadata,
    sa.Column("ca_id", Id, sa.ForeignKey("cas.id"), primary_key=True),
    sa.Column("scope", sa.String(16), primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("next_update", UtcTime),
    sa.Column("changed", sa.Boolean, nullable=False),
    sa.Column("this_update", UtcTime),
)

KEY_DISCLOSED = "private-key-disclosed"
"""Why a key is blocked whose private half somebody sent to the service."""

KEY_LISTED = "on-a-list-of-known-keys"
"""Why a key is blocked that is on a list of keys whose private halves are known."""

blocked_keys = sa.Table(
    "blocked_keys",
    metadata,
    sa.Column("spki_sha256", Digest, primary_key=True),
    sa.Column("reason", sa.String(40), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

status_generation = sa.Table(
    "status_generation",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("generation", sa.BigInteger, nullable=False),
)

FULL = "full"


def _in_scope(statement: sa.Select[Any], shard: sa.ColumnElement[int], *order: sa.ColumnElement[Any]) -> dict[bool, Prepared]:
    """The statement for every shard of a CA (True), and for one (False)."""
    one = statement.where(shard == sa.bindparam("in_shard"))
    return {True: Prepared(statement.order_by(*order)), False: Prepared(one.order_by(*order))}


_OF_CA: sa.BindParameter[str] = sa.bindparam("ca")
_OF_SCOPE: sa.BindParameter[str] = sa.bindparam("of_scope")
_WAITING = (revocations.c.ca_id == _OF_CA, revocations.c.page_id.is_(None))
_UNPAGED_ENTRIES = _in_scope(sa.select(revocations.c.entry).where(*_WAITING), revocations.c.shard)
_UNPAGED = _in_scope(
    sa.select(revocations.c.serial_hex, revocations.c.shard, revocations.c.entry).where(*_WAITING),
    revocations.c.shard,
    revocations.c.revoked_at,
    revocations.c.serial_hex,
)
_PAGES_OF = _in_scope(
    sa.select(pages.c.id, sa.func.length(pages.c.entries).label("size")).where(pages.c.ca_id == _OF_CA),
    pages.c.shard,
    pages.c.shard,
    pages.c.sequence,
)
_PAGE_ENTRIES = Prepared(sa.select(pages.c.entries).where(pages.c.id == sa.bindparam("page")))
_CLAIM_NUMBER = Prepared(
    crl_scopes.update()
    .where(crl_scopes.c.ca_id == _OF_CA, crl_scopes.c.scope == _OF_SCOPE, crl_scopes.c.number == sa.bindparam("old"))
    .values(
        number=sa.bindparam("new"), this_update=sa.bindparam("this_update"), next_update=sa.bindparam("next_update"), changed=sa.false()
    )
)
_INSERT_CRL = Prepared(crls.insert())
_PRUNE_CRLS = Prepared(crls.delete().where(crls.c.ca_id == _OF_CA, crls.c.scope == _OF_SCOPE, crls.c.number < sa.bindparam("keep_from")))
_ADVANCE_GENERATION = Prepared(
    status_generation.update().where(status_generation.c.id == 1).values(generation=status_generation.c.generation + 1)
)
_BLOCKED_REASON = Prepared(sa.select(blocked_keys.c.reason).where(blocked_keys.c.spki_sha256 == sa.bindparam("key")))
_BLOCKED_AMONG = Prepared(sa.select(blocked_keys.c.spki_sha256).where(is_among(blocked_keys.c.spki_sha256, "keys")))


@dataclass(frozen=True, slots=True)
class StoredCrl:
    """A signed CRL as the parts it is served from: prefix, pages, tail, suffix."""

    id: str
    ca_id: AuthorityId
    scope: str
    number: int
    this_update: datetime
    next_update: datetime
    prefix: bytes
    suffix: bytes
    page_ids: tuple[str, ...]
    tail: bytes
    sha256: str
    byte_length: int


@dataclass(frozen=True, slots=True)
class DueScope:
    """A CRL scope that must be published: it changed, or its CRL gets old."""

    ca_id: AuthorityId
    scope: str
    number: int


_MARK_CHANGED = Prepared(
    crl_scopes.update()
    .where(crl_scopes.c.ca_id == sa.bindparam("of_ca"), crl_scopes.c.scope == sa.bindparam("of_scope"))
    .values(changed=True)
)


def insert(tx: Transaction, revocation: Revocation, entry: bytes) -> bool:
    """Add a revoked serial and mark its scopes as changed; tells whether it was new (revoked is final)."""
    return insert_all(tx, [(revocation, entry)]) == 1


def insert_all(tx: Transaction, revoked: Sequence[tuple[Revocation, bytes]]) -> int:
    """Add revoked serials with their encoded entries and mark their scopes as changed; return how many were new.

    Scopes and generation are locked once, at the end and in one order: the publisher holds a scope when it asks for the
    generation, and two who revoke have scopes in common.
    """
    scopes: set[tuple[str, str]] = set()
    new = 0
    for revocation, entry in sorted(revoked, key=lambda item: (item[0].authority_id, item[0].serial_hex)):
        values = {
            "ca_id": revocation.authority_id,
            "serial_hex": revocation.serial_hex,
            "revoked_at": revocation.revoked_at,
            "reason": revocation.reason.code,
            "shard": revocation.shard,
            "entry": entry,
            "page_id": None,
            "expires_at": revocation.expires_at,
        }
        if insert_once(tx, revocations, values):
            scopes |= {(revocation.authority_id, FULL), (revocation.authority_id, str(revocation.shard))}
            new += 1
    for ca_id, scope in sorted(scopes):
        _MARK_CHANGED.changed(tx, of_ca=ca_id, of_scope=scope)
    if new:
        advance_generation(tx)
    return new


def advance_generation(tx: Transaction) -> None:
    """Tell every status front that its answers may be old."""
    _ADVANCE_GENERATION.changed(tx)


def create_scopes(tx: Transaction, authority_id: AuthorityId, shard_count: int) -> None:
    """Add the CRL scopes of a new CA, all due, and the generation row if it is the first CA."""
    scopes = [FULL, *(str(shard) for shard in range(shard_count))]
    tx.execute(
        crl_scopes.insert(),
        [
            {"ca_id": authority_id, "scope": scope, "number": 0, "next_update": None, "changed": True, "this_update": None}
            for scope in scopes
        ],
    )
    if tx.execute(sa.select(status_generation.c.id)).first() is None:
        tx.execute(status_generation.insert().values(id=1, generation=1))


def due_scopes(tx: Transaction, refresh_before: datetime, limit: int = 300) -> list[DueScope]:
    """Return the scopes that changed or whose CRL was made before ``refresh_before``; changed ones first.

    A CRL from the future is due as well: the clock was ahead when it was signed, and clients do not take it yet.
    """
    made = crl_scopes.c.this_update
    aged = sa.or_(made.is_(None), made < refresh_before, made > tx.now + MAXIMUM_CLOCK_STEP_BACK)
    statement = (
        crl_scopes.select()
        .where(sa.or_(crl_scopes.c.changed.is_(True), aged))
        .order_by(crl_scopes.c.changed.desc(), crl_scopes.c.this_update)
        .limit(limit)
    )
    return [DueScope(AuthorityId(row.ca_id), row.scope, row.number) for row in tx.execute(statement)]


def claim_number(tx: Transaction, due: DueScope, this_update: datetime, next_update: datetime) -> bool:
    """Take the next CRL number of a scope; tells whether nobody else took it first (rising per scope, F16)."""
    dates = {"this_update": this_update, "next_update": next_update}
    return _CLAIM_NUMBER.changed(tx, ca=due.ca_id, of_scope=due.scope, old=due.number, new=due.number + 1, **dates) == 1


def pages_of(tx: Transaction, due: DueScope) -> list[tuple[str, int]]:
    """Return (id, length of entries in bytes) of the pages of a scope, in order."""
    rows = _PAGES_OF[due.scope == FULL].every(tx, ca=due.ca_id, in_shard=_shard(due.scope))
    return [(row["id"], row["size"]) for row in rows]


def page_entries(tx: Transaction, page_id: str) -> bytes:
    """Return the encoded entries of one page; raises ValueError when there is no such page."""
    [entries] = _PAGE_ENTRIES.column(tx, page=page_id)
    return bytes(entries)


def unpaged_entries(tx: Transaction, ca_id: AuthorityId, scope: str) -> list[bytes]:
    """Return the entries of the revocations of a scope that stand in no page yet, in no particular order."""
    return _UNPAGED_ENTRIES[scope == FULL].column(tx, ca=ca_id, in_shard=_shard(scope))


def unpaged(tx: Transaction, ca_id: AuthorityId, scope: str) -> list[tuple[str, int, bytes]]:
    """Return (serial, shard, entry) of the revocations of a scope that stand in no page yet, oldest first."""
    rows = _UNPAGED[scope == FULL].every(tx, ca=ca_id, in_shard=_shard(scope))
    return [(row["serial_hex"], row["shard"], row["entry"]) for row in rows]


def _shard(scope: str) -> int:
    return -1 if scope == FULL else int(scope)


def add_page(tx: Transaction, page_id: str, ca_id: AuthorityId, shard: int, serials: Sequence[str], entries: bytes) -> None:
    """Move these revocations of one shard into a new page at its end."""
    last = tx.execute(sa.select(sa.func.max(pages.c.sequence)).where(pages.c.ca_id == ca_id, pages.c.shard == shard)).scalar_one()
    tx.execute(
        pages.insert().values(
            id=page_id, ca_id=ca_id, shard=shard, sequence=0 if last is None else last + 1, entries=entries, entry_count=len(serials)
        )
    )
    for start in range(0, len(serials), 500):
        chunk = list(serials[start : start + 500])
        tx.execute(revocations.update().where(revocations.c.ca_id == ca_id, revocations.c.serial_hex.in_(chunk)).values(page_id=page_id))


def insert_crl(tx: Transaction, crl: StoredCrl) -> None:
    """Store a signed CRL; fronts serve the highest number of a scope."""
    values = {name: getattr(crl, name) for name in StoredCrl.__slots__} | {"page_ids": json.dumps(list(crl.page_ids))}
    _INSERT_CRL.each(tx, [values])
    advance_generation(tx)


def prune_crls(tx: Transaction, ca_id: AuthorityId, scope: str, keep_from: int) -> None:
    """Drop the stored form of CRLs that newer ones replaced; their numbers stay used."""
    _PRUNE_CRLS.changed(tx, ca=ca_id, of_scope=scope, keep_from=keep_from)


def newest_crl(tx: Transaction, ca_id: AuthorityId, scope: str) -> StoredCrl | None:
    """Return the CRL in force of a scope, or None before the first."""
    statement = crls.select().where(crls.c.ca_id == ca_id, crls.c.scope == scope).order_by(crls.c.number.desc()).limit(1)
    row = tx.execute(statement).first()
    if row is None:
        return None
    fields = dict(row._mapping) | {
        "page_ids": tuple(json.loads(row.page_ids)),
        "prefix": bytes(row.prefix),
        "suffix": bytes(row.suffix),
        "tail": bytes(row.tail),
    }
    return StoredCrl(**fields)


def of_serial(tx: Transaction, ca_id: AuthorityId, serial_hex: str) -> tuple[datetime, int] | None:
    """Return when and why (CRLReason) a serial was revoked, or None."""
    row = tx.execute(revocations.select().where(revocations.c.ca_id == ca_id, revocations.c.serial_hex == serial_hex)).first()
    return None if row is None else (row.revoked_at, row.reason)


def insert_statement(
    tx: Transaction, certificate_id: str, content: bytes, content_sha256: str, signature: bytes, credential_sha256: str
) -> None:
    """Keep an administrator's signed revocation as it came; the same content a second time is the first one."""
    values = {
        "content_sha256": content_sha256,
        "certificate_id": certificate_id,
        "content": content,
        "signature": signature,
        "credential_sha256": credential_sha256,
        "at": tx.now,
    }
    insert_once(tx, statements, values)


def block_key(tx: Transaction, spki_sha256: str, reason: str) -> None:
    """Never certify this key again; a second time is harmless."""
    insert_once(tx, blocked_keys, {"spki_sha256": spki_sha256, "reason": reason, "at": tx.now})


def block_listed_keys(tx: Transaction, spki_sha256: Collection[str]) -> int:
    """Never certify the keys of a published list; returns how many were not blocked before."""
    rows = [{"spki_sha256": key, "reason": KEY_LISTED, "at": tx.now} for key in sorted(spki_sha256)]
    return insert_each_once(tx, blocked_keys, rows)


def block_disclosed_key(tx: Transaction, spki_sha256: str) -> bool:
    """Never certify a key again whose private half was shown to us; tells whether this is the first time that it was shown.

    It outweighs what somebody only said of the key before.
    """
    if insert_once(tx, blocked_keys, {"spki_sha256": spki_sha256, "reason": KEY_DISCLOSED, "at": tx.now}):
        return True
    known = blocked_keys.update().where(blocked_keys.c.spki_sha256 == spki_sha256, blocked_keys.c.reason != KEY_DISCLOSED)
    return tx.changed(known.values(reason=KEY_DISCLOSED, at=tx.now)) == 1


def blocked_among(tx: Transaction, spki_sha256: Iterable[str]) -> set[str]:
    """Return those of these keys that are blocked."""
    return set(_BLOCKED_AMONG.column(tx, keys=list(spki_sha256)))


def blocked_reason(tx: Transaction, spki_sha256: str) -> str | None:
    """Return why a key is blocked, or None."""
    row = _BLOCKED_REASON.first(tx, key=spki_sha256)
    return None if row is None else str(row["reason"])


@dataclass(frozen=True, slots=True)
class ScopeHealth:
    """How the CRLs of a CA stand: ``scopes`` in all, ``overdue`` whose newest has ended or was never made, ``waiting`` to be made.

    ``ends_first`` is the earliest end, ``full_number`` the number of the newest full CRL, ``entries`` the serials revoked.
    """

    authority_id: AuthorityId
    scopes: int
    overdue: int
    waiting: int
    ends_first: datetime | None
    full_number: int
    entries: int


def health(tx: Transaction) -> list[ScopeHealth]:
    """Return the state of every CA's CRLs."""
    is_over = sa.or_(crl_scopes.c.next_update.is_(None), crl_scopes.c.next_update <= tx.now)
    statement = sa.select(
        crl_scopes.c.ca_id,
        sa.func.count().label("scopes"),
        sa.func.sum(sa.case((is_over, 1), else_=0)).label("overdue"),
        sa.func.sum(sa.case((crl_scopes.c.changed, 1), else_=0)).label("waiting"),
        sa.func.min(crl_scopes.c.next_update).label("ends_first"),
        sa.func.max(sa.case((crl_scopes.c.scope == FULL, crl_scopes.c.number), else_=0)).label("full_number"),
    ).group_by(crl_scopes.c.ca_id)
    by_authority = sa.select(revocations.c.ca_id, sa.func.count().label("entries")).group_by(revocations.c.ca_id)
    counts: dict[str, int] = {row.ca_id: row.entries for row in tx.execute(by_authority)}
    return [
        ScopeHealth(
            AuthorityId(row.ca_id),
            row.scopes,
            int(row.overdue),
            int(row.waiting),
            row.ends_first,
            row.full_number,
            counts.get(row.ca_id, 0),
        )
        for row in tx.execute(statement)
    ]
