"""The audit logs: entries as stored bytes, their place in the tree, tree nodes and checkpoints.

An entry has no index until the sequencer integrates it; from then on neither changes. No function here changes or
deletes an entry (I8).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects.postgresql import ARRAY

from privyseal.model.errors import Unavailable
from privyseal.store.database import Transaction
from privyseal.store.prepared import Prepared, is_among
from privyseal.store.schema import Digest, Id, UtcTime, metadata
from privyseal.store.schema import Sequence as SequenceType
from privyseal.store.upsert import insert_once, insert_or_change

entries = sa.Table(
    "audit_entries",
    metadata,
    sa.Column("sequence", SequenceType, primary_key=True, autoincrement=True),
    sa.Column("id", Id, nullable=False, unique=True),
    sa.Column("log", sa.String(64), nullable=False),
    sa.Column("entry", sa.LargeBinary, nullable=False),
    sa.Column("at", UtcTime, nullable=False, index=True),
    sa.Column("leaf_index", sa.BigInteger),
    sa.Column("leaf_hash", Digest),
    sa.UniqueConstraint("log", "leaf_index"),
    sa.Index(
        "ix_audit_entries_newest",
        "log",
        "leaf_index",
        "at",
        sqlite_where=sa.text("leaf_index IS NOT NULL"),
        postgresql_where=sa.text("leaf_index IS NOT NULL"),
    ),
    sa.Index(
        "ix_audit_entries_waiting",
        "sequence",
        sqlite_where=sa.text("leaf_index IS NULL"),
        postgresql_where=sa.text("leaf_index IS NULL"),
    ),
)

objects = sa.Table(
    "audit_objects",
    metadata,
    sa.Column("object_id", sa.String(128).with_variant(sa.String(256), "postgresql"), primary_key=True),
    sa.Column("entry_id", Id, primary_key=True),
    sa.Column("log", sa.String(64), nullable=False),
)

marks = sa.Table(
    "audit_marks",
    metadata,
    sa.Column("log", sa.String(64), primary_key=True),
    sa.Column("mark", sa.String(160), primary_key=True),
    sa.Column("leaf_index", sa.BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)
"""What integrated entries are found by besides their objects: written with the leaf, out of its bytes. No evidence itself."""

nodes = sa.Table(
    "audit_nodes",
    metadata,
    sa.Column("log", sa.String(64), primary_key=True),
    sa.Column("level", sa.Integer, primary_key=True),
    sa.Column("node_index", sa.BigInteger, primary_key=True),
    sa.Column("hash", sa.LargeBinary, nullable=False),
)

checkpoints = sa.Table(
    "audit_checkpoints",
    metadata,
    sa.Column("log", sa.String(64), primary_key=True),
    sa.Column("size", sa.BigInteger, primary_key=True),
    sa.Column("root", Digest, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

anchors = sa.Table(
    "audit_anchors",
    metadata,
    sa.Column("log", sa.String(64), primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("holder", sa.String(64), nullable=False),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
)

refusal_counts = sa.Table(
    "refusal_counts",
    metadata,
    sa.Column("minute", UtcTime, primary_key=True),
    sa.Column("kind", sa.String(40), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as stored; ``leaf_index`` is None until it is integrated."""

    sequence: int
    id: str
    log: str
    entry: bytes
    at: datetime
    leaf_index: int | None


LONGEST_LEASE = timedelta(seconds=30)
"""No lease is handed out for longer. One that ends later was taken by a clock that was ahead, and counts for nothing."""

_INSERT_ENTRIES = Prepared(entries.insert().inline(), ("id", "log", "entry", "at"))
_INSERT_OBJECTS = Prepared(objects.insert(), ("object_id", "entry_id", "log"))
_INSERT_MARKS = Prepared(marks.insert())
_INSERT_NODES = Prepared(nodes.insert())
# The log by the objects' own column: by that of the entries, SQLite reads the log from its first entry to its last.
_ABOUT = sa.select(objects.c.entry_id).where(is_among(objects.c.object_id, "objects"), objects.c.log == sa.bindparam("log"))
_NEWEST_ABOUT = _ABOUT.order_by(objects.c.entry_id.desc()).limit(sa.bindparam("newest"))  # Ids sort by time of birth.
_OF_OBJECTS, _NEWEST_OF_OBJECTS = (
    Prepared(sa.select(entries.c.entry).where(entries.c.id.in_(about)).order_by(entries.c.sequence)) for about in (_ABOUT, _NEWEST_ABOUT)
)
_PLACE = Prepared(
    entries.update()
    .where(entries.c.sequence == sa.bindparam("row"), entries.c.leaf_index.is_(None))
    .values(leaf_index=sa.bindparam("leaf"), leaf_hash=sa.bindparam("digest"))
)
_placed = (
    sa.func.unnest(
        sa.bindparam("rows", type_=ARRAY(sa.BigInteger)),
        sa.bindparam("leaves", type_=ARRAY(sa.BigInteger)),
        sa.bindparam("digests", type_=ARRAY(sa.Text)),
    )
    .table_valued("sequence", "leaf", "digest")
    .render_derived("placed")
)
_PLACE_TOGETHER = Prepared(
    entries.update()
    .where(entries.c.sequence == _placed.c.sequence, entries.c.leaf_index.is_(None))
    .values(leaf_index=_placed.c.leaf, leaf_hash=_placed.c.digest)
)
"""The same for many at once, which PostgreSQL knows and which spares its client a round for each row."""

_WAITING = Prepared(
    sa.select(entries.c.sequence, entries.c.id, entries.c.log, entries.c.entry, entries.c.at)
    .where(entries.c.leaf_index.is_(None))
    .order_by(entries.c.sequence)
    .limit(sa.bindparam("most"))
)
_OLDEST_WAITING = sa.select(entries.c.at).where(entries.c.leaf_index.is_(None)).order_by(entries.c.sequence).limit(1)
_NEWEST_TIME = sa.select(sa.func.max(entries.c.at))


def _newest_checkpoints() -> sa.Select[Any]:
    """From one log to the next, and of each the largest head: two steps in the key for a log, however many heads it has had."""
    found = sa.select(sa.func.min(checkpoints.c.log).label("log")).cte("logs", recursive=True)
    following = sa.select(sa.func.min(checkpoints.c.log)).where(checkpoints.c.log > found.c.log).scalar_subquery()
    found = found.union_all(sa.select(following).where(found.c.log.is_not(None)))
    known = checkpoints.alias("known")
    largest = sa.select(sa.func.max(known.c.size)).where(known.c.log == found.c.log).scalar_subquery()
    columns = (checkpoints.c.log, checkpoints.c.size, checkpoints.c.note)
    return sa.select(*columns).join_from(found, checkpoints, sa.and_(checkpoints.c.log == found.c.log, checkpoints.c.size == largest))


_NEWEST_CHECKPOINTS = _newest_checkpoints()


def insert(tx: Transaction, rows: Sequence[tuple[str, str, bytes, str]]) -> None:
    """Add entries given as (id, log, canonical bytes, id of the object).

    Raises Unavailable ``audit-unavailable`` when the database does not take them, whatever the reason: without its entry
    nothing is done.
    """
    try:
        _INSERT_ENTRIES.each(tx, [{"id": entry_id, "log": log, "entry": entry, "at": tx.now} for entry_id, log, entry, _ in rows])
        _INSERT_OBJECTS.each(tx, [{"object_id": object_id, "entry_id": entry_id, "log": log} for entry_id, log, _, object_id in rows])
    except (exc.IntegrityError, exc.ProgrammingError) as error:
        sentence = "The database does not take an entry of the audit log, so nothing was done. Tell the operator of the service."
        raise Unavailable("audit-unavailable", sentence) from error


def oldest_waiting(tx: Transaction) -> datetime | None:
    """Return the time of the oldest entry without a place in the tree, or None."""
    return tx.execute(_OLDEST_WAITING).scalar_one_or_none()


def newest_time(tx: Transaction) -> datetime | None:
    """Return the time of the newest entry, or None."""
    return tx.execute(_NEWEST_TIME).scalar_one_or_none()


def waiting(tx: Transaction, limit: int = 5000) -> list[StoredEntry]:
    """Return entries without a place in the tree, in the order in which they were written."""
    return [StoredEntry(**row, leaf_index=None) for row in _WAITING.every(tx, most=limit)]


def place(tx: Transaction, placed: Sequence[tuple[int, int, str]]) -> None:
    """Give entries their leaf: (sequence, leaf index, leaf hash); an entry that has one already keeps it."""
    if len(placed) > 1 and tx.connection.dialect.name == "postgresql":
        rows, leaves, digests = (list(column) for column in zip(*placed, strict=True))
        _PLACE_TOGETHER.changed(tx, rows=rows, leaves=leaves, digests=digests)
        return
    _PLACE.each(tx, [{"row": sequence, "leaf": leaf, "digest": digest} for sequence, leaf, digest in placed])


def marks_of(entry: bytes) -> list[str]:
    """Return what an entry is found by: its action, who acted, and its outcome unless it was simply done."""
    fields = json.loads(entry)
    found = [f"action:{fields['action']}", f"actor:{fields['actor']['id']}"]
    return found if fields["outcome"] == "done" else [*found, f"outcome:{fields['outcome']}"]


def mark(tx: Transaction, log: str, first: int, entries_in_order: Sequence[bytes]) -> None:
    """Let integrated entries be found by what they say; ``first`` is the leaf index of the first one."""
    rows = [
        {"log": log, "mark": text[:160], "leaf_index": index}
        for index, entry in enumerate(entries_in_order, first)
        for text in marks_of(entry)
    ]
    _INSERT_MARKS.each(tx, rows)


def size(tx: Transaction, log: str) -> int:
    """Return the number of leaves of a log."""
    last = tx.execute(sa.select(sa.func.max(entries.c.leaf_index)).where(entries.c.log == log)).scalar_one_or_none()
    return 0 if last is None else int(last) + 1


def node(tx: Transaction, log: str, level: int, index: int) -> bytes:
    """Return the hash of a complete subtree; raises LookupError when it is not stored."""
    value = tx.execute(
        sa.select(nodes.c.hash).where(nodes.c.log == log, nodes.c.level == level, nodes.c.node_index == index)
    ).scalar_one_or_none()
    if value is None:
        message = f"no node {level}/{index} in log {log}"
        raise LookupError(message)
    return bytes(value)


def insert_nodes(tx: Transaction, log: str, added: Sequence[tuple[int, int, bytes]]) -> None:
    """Add (level, index, hash) of complete subtrees."""
    _INSERT_NODES.each(tx, [{"log": log, "level": level, "node_index": index, "hash": value} for level, index, value in added])


def insert_checkpoint(tx: Transaction, log: str, tree_size: int, root_hex: str, note: str) -> None:
    """Store the signed head of a log at this size."""
    tx.execute(checkpoints.insert().values(log=log, size=tree_size, root=root_hex, note=note, at=tx.now))


def newest_checkpoint(tx: Transaction, log: str) -> tuple[int, str, datetime] | None:
    """Return size, note and time of the newest checkpoint of a log, or None."""
    row = tx.execute(checkpoints.select().where(checkpoints.c.log == log).order_by(checkpoints.c.size.desc()).limit(1)).first()
    return None if row is None else (row.size, row.note, row.at)


def checkpoint_note(tx: Transaction, log: str, tree_size: int) -> str | None:
    """Return the signed note of a log's head of this size, or None."""
    return tx.execute(sa.select(checkpoints.c.note).where(checkpoints.c.log == log, checkpoints.c.size == tree_size)).scalar_one_or_none()


def first_checkpoint_at(tx: Transaction, log: str) -> datetime | None:
    """Return when the first head of a log was signed, or None."""
    return tx.execute(
        sa.select(checkpoints.c.at).where(checkpoints.c.log == log).order_by(checkpoints.c.size).limit(1)
    ).scalar_one_or_none()


def newest_checkpoints(tx: Transaction) -> dict[str, tuple[int, str]]:
    """Return log -> (size, note) of the newest checkpoint of every log."""
    return {row.log: (row.size, row.note) for row in tx.execute(_NEWEST_CHECKPOINTS)}


def export(tx: Transaction, log: str, *, start: int = 0, limit: int = 1000) -> Iterator[tuple[int, str, bytes]]:
    """Yield (index, leaf hash, entry bytes) of integrated entries from ``start``."""
    statement = (
        sa.select(entries.c.leaf_index, entries.c.leaf_hash, entries.c.entry)
        .where(entries.c.log == log, entries.c.leaf_index >= start)
        .order_by(entries.c.leaf_index)
        .limit(limit)
    )
    for row in tx.execute(statement):
        yield row.leaf_index, row.leaf_hash, bytes(row.entry)


def newest(
    tx: Transaction,
    log: str,
    *,
    object_id: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    marked: Sequence[str] = (),
    limit: int = 500,
) -> list[tuple[int, bytes | None]]:
    """Return (index, entry) of integrated entries, newest first: of one object, from ``since`` on, before ``until``, below ``before``.

    With ``marked``, what an entry is found by, ``limit`` of the newest so marked are looked at, and instead of one of another
    time stands None.
    """
    times = [*([entries.c.at >= since] if since else []), *([entries.c.at < until] if until else [])]
    if marked and not object_id:
        return _newest_marked(tx, log, marked, times, before, limit)
    narrow = sa.select(entries.c.sequence).where(entries.c.leaf_index.is_not(None), *times)
    if object_id:
        about = sa.select(objects.c.entry_id).where(objects.c.object_id == object_id, objects.c.log == log)
        narrow = narrow.where(entries.c.id.in_(about))
    else:
        narrow = narrow.where(entries.c.log == log)
    if before is not None:
        narrow = narrow.where(entries.c.leaf_index < before)
    # Places first, which an index holds with their times: entries are wide, and most may be of other days.
    found = narrow.order_by(entries.c.leaf_index.desc()).limit(limit)
    statement = sa.select(entries.c.leaf_index, entries.c.entry).where(entries.c.sequence.in_(found))
    return [(row.leaf_index, bytes(row.entry)) for row in tx.execute(statement.order_by(entries.c.leaf_index.desc()))]


def _newest_marked(
    tx: Transaction, log: str, marked: Sequence[str], times: Sequence[sa.ColumnElement[bool]], before: int | None, limit: int
) -> list[tuple[int, bytes | None]]:
    narrow = sa.select(marks.c.leaf_index).where(marks.c.log == log, marks.c.mark == marked[0])
    for number, text in enumerate(marked[1:]):
        other = marks.alias(f"other_{number}")
        narrow = narrow.where(sa.exists().where(other.c.log == log, other.c.mark == text, other.c.leaf_index == marks.c.leaf_index))
    if before is not None:
        narrow = narrow.where(marks.c.leaf_index < before)
    found = narrow.order_by(marks.c.leaf_index.desc()).limit(limit).subquery()
    entry: sa.ColumnElement[Any] = sa.case((sa.and_(*times), entries.c.entry), else_=None) if times else entries.c.entry
    statement = (
        sa.select(entries.c.leaf_index, entry.label("entry"))
        .join(found, found.c.leaf_index == entries.c.leaf_index)
        .where(entries.c.log == log)
        .order_by(entries.c.leaf_index.desc())
    )
    return [(row.leaf_index, None if row.entry is None else bytes(row.entry)) for row in tx.execute(statement)]


def every_entry(tx: Transaction, log: str) -> Iterator[tuple[int | None, bytes]]:
    """Yield (leaf index, entry bytes) of all entries of a log: the integrated ones in order, then those that wait."""
    in_order = (entries.c.leaf_index.is_(None), entries.c.leaf_index, entries.c.sequence)
    statement = sa.select(entries.c.leaf_index, entries.c.entry).where(entries.c.log == log).order_by(*in_order)
    for row in tx.execute(statement):
        yield row.leaf_index, bytes(row.entry)


def behind(tx: Transaction, log: str, tree_size: int) -> list[bytes]:
    """Return the entries of a log that are not among its first ``tree_size`` ones, in the order in which they were written."""
    later = sa.or_(entries.c.leaf_index.is_(None), entries.c.leaf_index >= tree_size)
    statement = sa.select(entries.c.entry).where(entries.c.log == log, later).order_by(entries.c.sequence)
    return [bytes(row.entry) for row in tx.execute(statement)]


def of_objects(tx: Transaction, log: str, object_ids: Sequence[str], newest: int | None = None) -> list[bytes]:
    """Return the entries of one log about any of these objects, oldest first: their time line; with ``newest`` so many at most."""
    if newest is None:
        return [bytes(entry) for entry in _OF_OBJECTS.column(tx, objects=list(object_ids), log=log)]
    return [bytes(entry) for entry in _NEWEST_OF_OBJECTS.column(tx, objects=list(object_ids), log=log, newest=newest)]


def take_lease(tx: Transaction, name: str, holder: str, expires_at: datetime) -> int | None:
    """Take or keep a lease, for LONGEST_LEASE at most; return its fencing token, or None while another holder has it.

    The token rises whenever the holder changes, so that a late write of an old holder is recognized (F24). That makes it safe
    to take over from a holder whose clock is ahead, even if it lives.
    """
    latest = tx.now + LONGEST_LEASE
    values = {"holder": holder, "expires_at": min(expires_at, latest)}
    row = tx.execute(leases.select().where(leases.c.name == name)).first()
    if row is None:
        return 1 if insert_once(tx, leases, {"name": name, "token": 1} | values) else None
    if row.holder != holder and tx.now < row.expires_at <= latest:
        return None
    token = row.token if row.holder == holder else row.token + 1
    statement = leases.update().where(leases.c.name == name, leases.c.token == row.token, leases.c.holder == row.holder)
    return token if tx.changed(statement.values(token=token, **values)) == 1 else None


def require_lease(tx: Transaction, name: str, holder: str, token: int) -> bool:
    """Tell whether this holder still has the lease, locking it until the end of the transaction."""
    statement = leases.update().where(leases.c.name == name, leases.c.holder == holder, leases.c.token == token)
    return tx.changed(statement.values(holder=holder)) == 1


def count_refusal(tx: Transaction, minute: datetime, kind: str) -> int:
    """Count one more unauthenticated refusal of this kind in this minute; return the count."""
    insert_or_change(tx, refusal_counts, {"minute": minute, "kind": kind, "count": 1}, {"count": refusal_counts.c.count + 1})
    selected = sa.select(refusal_counts.c.count).where(refusal_counts.c.minute == minute, refusal_counts.c.kind == kind)
    return int(tx.execute(selected).scalar_one())


def anchored_sizes(tx: Transaction) -> dict[str, int]:
    """Return log -> size of the newest head that the provider's log has as a leaf."""
    return {row.log: row.size for row in tx.execute(anchors.select())}


def set_anchored(tx: Transaction, log: str, tree_size: int) -> None:
    """Note that a head of this size is a leaf of the provider's log."""
    insert_or_change(tx, anchors, {"log": log, "size": tree_size}, {"size": tree_size})
