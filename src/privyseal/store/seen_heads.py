"""The heads that this process has seen: what a database that is cut, restored or exchanged under a running process is found out by.

A head is seen in a checkpoint file or as work of this process. From then on the database must hold it, with its last entry
and the same root: a log only grows. Whoever signs asks before each batch, and while a head is missing nothing is signed.
"""

from __future__ import annotations

import threading
from typing import Final

import sqlalchemy as sa

from privyseal.model.errors import Unavailable
from privyseal.store.audit import checkpoints, entries
from privyseal.store.database import Transaction
from privyseal.store.prepared import Prepared

SLICE: Final = 100
"""So many heads are asked for at one look, about 7 ms of SQLite's time; services with more logs go round them in a few looks."""

_HELD = sa.select(checkpoints.c.log, checkpoints.c.root).join(
    entries, sa.and_(entries.c.log == checkpoints.c.log, entries.c.leaf_index == checkpoints.c.size - 1)
)
_ONE: Final = Prepared(_HELD.where(checkpoints.c.log == sa.bindparam("of_log"), checkpoints.c.size == sa.bindparam("of_size")))


class SeenHeads:
    """Log -> the newest head seen of it. Safe to use from any thread."""

    def __init__(self) -> None:
        self._heads: dict[str, tuple[int, str]] = {}
        """The head seen last stands last."""
        self._turn = 0
        self._lock = threading.Lock()

    def remember(self, log: str, size: int, root_hex: str) -> None:
        """Keep a head that the database was seen to hold, unless a newer one of the log is known."""
        with self._lock:
            known, _ = self._heads.get(log, (0, ""))
            if size > known:
                self._heads.pop(log, None)
                self._heads[log] = (size, root_hex)

    def require_newest(self, tx: Transaction) -> None:
        """Raise Unavailable ``evidence-differs`` unless the database holds the head seen last; one look-up.

        All logs are in one database: whatever older or other one stands there now lacks what was written last.
        """
        with self._lock:
            newest = next(reversed(self._heads.items()), None)
        if newest is None:
            return
        log, (size, root_hex) = newest
        row = _ONE.first(tx, of_log=log, of_size=size)
        if row is None or row["root"] != root_hex:
            raise _missing(log, size)

    def require(self, tx: Transaction) -> None:
        """Raise Unavailable ``evidence-differs`` unless the database holds the head seen last, and the next SLICE of all in turn."""
        self.require_newest(tx)
        with self._lock:
            heads = list(self._heads.items())
            start, self._turn = self._turn, self._turn + SLICE if self._turn + SLICE < len(heads) else 0
        asked = heads[start : start + SLICE]
        if not asked:
            return
        # Not a pair of columns IN a list: for that SQLite would read every checkpoint there is.
        wanted = sa.or_(*(sa.and_(checkpoints.c.log == log, checkpoints.c.size == size) for log, (size, _) in asked))
        held = {row.log: row.root for row in tx.execute(_HELD.where(wanted))}
        for log, (size, root_hex) in asked:
            if held.get(log) != root_hex:
                raise _missing(log, size)


def _missing(log: str, size: int) -> Unavailable:
    return evidence_differs(log, f"it does not hold the head of {size} entries that was seen before")


def evidence_differs(log: str, what: str) -> Unavailable:
    """Return the refusal of everybody who would sign."""
    sentence = (
        f"The audit log {log} in the database does not agree with a checkpoint outside of it: {what}. "
        "Nothing is signed until this is reconciled."
    )
    return Unavailable("evidence-differs", sentence, retry_after_seconds=3600)
