"""Give waiting audit entries their place in the tree and sign the new heads (architecture section 5).

Only the holder of the sequencer's lease does this; the index is assigned here and never at insert. Leaves, tree nodes
and checkpoint are written in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass

from privyseal.actions.house import House, record
from privyseal.engine.log_key import LogKey, note_sha256
from privyseal.engine.merkle import append_leaves
from privyseal.model.actor import Actor
from privyseal.model.audit import PROVIDER_LOG, AuditEvent, Outcome
from privyseal.model.errors import Conflict
from privyseal.store import audit
from privyseal.store.database import Transaction
from privyseal.store.failpoints import failpoint
from privyseal_wire.merkle import leaf_hash

LEASE = "sequencer"
BATCH = 5000


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that sequences, and the fencing token of its lease."""

    name: str
    token: int


@dataclass(frozen=True, slots=True)
class Integrated:
    """The new head of one log; ``root`` in hex."""

    log: str
    old_size: int
    size: int
    root: str
    note: str


def integrate_audit_log(house: House, tx: Transaction, actor: Actor, log_key: LogKey, holder: Holder, *, anchor: bool) -> list[Integrated]:
    """Integrate what waits; with ``anchor`` the heads that changed since the last time become leaves of the provider's log.

    Raises Conflict ``lease`` when another process took the lease over: then nothing was written (F24).
    """
    if not audit.require_lease(tx, LEASE, holder.name, holder.token):
        raise Conflict("lease", "Another process integrates the audit log now.")
    if anchor:
        _anchor(house, tx, actor)
    by_log: dict[str, list[audit.StoredEntry]] = {}
    for entry in audit.waiting(tx, BATCH):
        by_log.setdefault(entry.log, []).append(entry)
    heads = [_integrate(tx, log_key, log, entries) for log, entries in by_log.items()]
    failpoint("integrate.before-commit")
    return heads


def _integrate(tx: Transaction, log_key: LogKey, log: str, entries: list[audit.StoredEntry]) -> Integrated:
    old_size = audit.size(tx, log)
    hashes = [leaf_hash(entry.entry) for entry in entries]
    growth = append_leaves(old_size, hashes, lambda level, index: audit.node(tx, log, level, index))
    audit.place(
        tx, [(entry.sequence, old_size + offset, digest.hex()) for offset, (entry, digest) in enumerate(zip(entries, hashes, strict=True))]
    )
    audit.mark(tx, log, old_size, [entry.entry for entry in entries])
    audit.insert_nodes(tx, log, [(node.level, node.number, node.hash) for node in growth.nodes])
    note = log_key.sign(log, growth.size, growth.root)
    audit.insert_checkpoint(tx, log, growth.size, growth.root.hex(), note)
    return Integrated(log, old_size, growth.size, growth.root.hex(), note)


def _anchor(house: House, tx: Transaction, actor: Actor) -> None:
    """Take each changed head of an organization's log into the provider's, so that a log cannot be cut back unseen."""
    anchored = audit.anchored_sizes(tx)
    events = []
    for log, (size, note) in audit.newest_checkpoints(tx).items():
        if log != PROVIDER_LOG and anchored.get(log, 0) < size:
            events.append(AuditEvent("anchor-log", Outcome.DONE, "log", log, note_sha256(note), f"size {size}"))
            audit.set_anchored(tx, log, size)
    if events:
        record(house, tx, actor, "", *events)
