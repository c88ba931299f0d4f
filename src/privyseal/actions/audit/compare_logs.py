"""Compare the database with the checkpoints that lie outside of it (architecture section 5, P5).

A database that is shorter than a checkpoint, or has another tree under it, was cut, changed or restored from an older
state: it signs nothing until a person reconciled it. Whoever signs compares when it starts and goes on comparing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from privyseal.engine.merkle import root_at
from privyseal.store import audit
from privyseal.store.database import Transaction
from privyseal.store.seen_heads import SeenHeads, evidence_differs
from privyseal_wire.checkpoint import open_checkpoint
from privyseal_wire.errors import WireError


def compare_logs(tx: Transaction, vkey_of: Callable[[str], str], notes: Iterable[tuple[str, str]], seen: SeenHeads | None = None) -> int:
    """Return how many of the (log, note) agree; raises Unavailable ``evidence-differs`` naming the first that does not.

    ``vkey_of`` gives the verifier key of a log. What agrees is remembered in ``seen``.
    """
    compared = 0
    for log, note in notes:
        try:
            checkpoint = open_checkpoint(note, vkey_of(log))
        except WireError as error:
            raise evidence_differs(log, f"its checkpoint cannot be read: {error.sentence}") from error
        size = audit.size(tx, log)
        if size < checkpoint.size:
            raise evidence_differs(log, f"it has {size} entries, the checkpoint {checkpoint.size}")
        if checkpoint.size and root_at(checkpoint.size, partial(audit.node, tx, log)) != checkpoint.root:
            raise evidence_differs(log, f"its first {checkpoint.size} entries are not those of the checkpoint")
        if seen is not None:
            seen.remember(log, checkpoint.size, checkpoint.root.hex())
        compared += 1
    return compared
