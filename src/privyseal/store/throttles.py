"""Counters of wrong challenge phrases, codes and sign-ins, of what strangers cause, and answers kept under idempotency keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from privyseal.model.allowance import Allowance
from privyseal.model.session import FREE_SIGN_IN_MISSES, FREE_SIGN_IN_MISSES_PER_SOURCE, require_sign_in_turn
from privyseal.store.database import Transaction
from privyseal.store.schema import Digest, UtcTime, metadata
from privyseal.store.upsert import insert_once, insert_or_change

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("subject", sa.String(128), primary_key=True),
    sa.Column("misses", sa.Integer, nullable=False),
    sa.Column("last_at", UtcTime, nullable=False),
)

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("caller", sa.String(128), primary_key=True),
    sa.Column("key", sa.String(128), primary_key=True),
    sa.Column("request_sha256", Digest, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("media_type", sa.String(80), nullable=False),
    sa.Column("created_at", UtcTime, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The answer to an earlier call with the same idempotency key; status 0 while that call is under way."""

    request_sha256: str
    status: int
    body: bytes
    media_type: str
    created_at: datetime


def misses(tx: Transaction, subject: str) -> tuple[int, datetime | None]:
    """Return how often this subject missed and when last."""
    row = tx.execute(attempts.select().where(attempts.c.subject == subject)).first()
    return (0, None) if row is None else (row.misses, row.last_at)


def add_miss(tx: Transaction, subject: str) -> int:
    """Count a miss and return the count."""
    values = {"subject": subject, "misses": 1, "last_at": tx.now}
    insert_or_change(tx, attempts, values, {"misses": attempts.c.misses + 1, "last_at": tx.now})
    return misses(tx, subject)[0]


def clear_misses(tx: Transaction, subject: str) -> None:
    """Forget the misses after a hit."""
    tx.execute(attempts.delete().where(attempts.c.subject == subject))


def take(tx: Transaction, subject: str, allowance: Allowance) -> None:
    """Count one more of what is allowed so often; raises TooManyRequests when nothing is left, and then counts nothing."""
    taken, last_at = misses(tx, subject)
    if allowance.is_new(last_at, tx.now):
        clear_misses(tx, subject)
    else:
        allowance.require_room(taken, last_at, tx.now)
    add_miss(tx, subject)


def count_lately(tx: Transaction, subject: str, minutes: int) -> tuple[int, datetime]:
    """Count one more; return how many there were within so many minutes up to now, and when the first minute of these was.

    A row holds one minute and is used again a round later, so that a subject never has more rows than minutes.
    """
    this_minute = tx.now.replace(second=0, microsecond=0)
    slot = f"{subject}:{int(this_minute.timestamp()) // 60 % minutes}"
    tx.execute(attempts.delete().where(attempts.c.subject == slot, attempts.c.last_at < this_minute))
    add_miss(tx, slot)
    slots = [f"{subject}:{number}" for number in range(minutes)]
    since = this_minute - timedelta(minutes=minutes - 1)
    rows = tx.execute(attempts.select().where(attempts.c.subject.in_(slots), attempts.c.last_at >= since)).all()
    return sum(row.misses for row in rows), min(row.last_at for row in rows)


def is_first(tx: Transaction, subject: str, pause: timedelta) -> bool:
    """Tell whether this has not happened for so long, and note that it has now; of several at once one is the first."""
    if insert_once(tx, attempts, {"subject": subject, "misses": 1, "last_at": tx.now}):
        return True
    long_ago = attempts.update().where(attempts.c.subject == subject, attempts.c.last_at <= tx.now - pause)
    return tx.changed(long_ago.values(last_at=tx.now)) > 0


def forget_misses(tx: Transaction, before: datetime) -> int:
    """Delete what was counted last before this moment; return how many."""
    return tx.changed(attempts.delete().where(attempts.c.last_at < before))


def count_sign_in(tx: Transaction, identity: str, source: str) -> None:
    """Count a try to sign in, before it is looked at; raises TooManyRequests ``sign-in-locked`` while one has to wait.

    ``identity`` is the SHA-256 of what is shown, or nothing where it is not known yet; ``source`` a salted hash or nothing.
    """
    for subject, free in _sign_in_subjects(identity, source):
        require_sign_in_turn(*misses(tx, subject), tx.now, free)
    for subject, _ in _sign_in_subjects(identity, source):
        add_miss(tx, subject)


def clear_sign_in(tx: Transaction, identity: str, source: str) -> None:
    """Forget the misses after a good sign-in."""
    for subject, _ in _sign_in_subjects(identity, source):
        clear_misses(tx, subject)


def _sign_in_subjects(identity: str, source: str) -> list[tuple[str, int]]:
    subjects = [(f"sign-in:{identity}", FREE_SIGN_IN_MISSES)] if identity else []
    return subjects + ([(f"sign-in-source:{source}", FREE_SIGN_IN_MISSES_PER_SOURCE)] if source else [])


def kept_answer(tx: Transaction, caller: str, key: str) -> KeptAnswer | None:
    """Return the answer kept under this key of this caller, or None."""
    row = tx.execute(idempotency_keys.select().where(idempotency_keys.c.caller == caller, idempotency_keys.c.key == key)).first()
    return None if row is None else KeptAnswer(row.request_sha256, row.status, bytes(row.body), row.media_type, row.created_at)


def claim_key(tx: Transaction, caller: str, key: str, request_sha256: str) -> bool:
    """Claim a key for a call that begins; tells whether nobody claimed it before."""
    values = {
        "caller": caller,
        "key": key,
        "request_sha256": request_sha256,
        "status": 0,
        "body": b"",
        "media_type": "",
        "created_at": tx.now,
    }
    return insert_once(tx, idempotency_keys, values)


def keep_answer(tx: Transaction, caller: str, key: str, status: int, body: bytes, media_type: str) -> None:
    """Keep the answer of the call that claimed the key."""
    statement = idempotency_keys.update().where(idempotency_keys.c.caller == caller, idempotency_keys.c.key == key)
    tx.execute(statement.values(status=status, body=body, media_type=media_type))


def release_key(tx: Transaction, caller: str, key: str) -> None:
    """Forget a claim whose call ended without doing anything (503): the caller may try again."""
    tx.execute(idempotency_keys.delete().where(idempotency_keys.c.caller == caller, idempotency_keys.c.key == key))


def forget_answers(tx: Transaction, before: datetime) -> int:
    """Drop answers older than ``before``; return how many."""
    return tx.changed(idempotency_keys.delete().where(idempotency_keys.c.created_at < before))
