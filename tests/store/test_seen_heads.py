"""Heads that were seen, on both databases: missing, shorter, other; thousands of logs are gone through in turn."""

from __future__ import annotations

import pytest

from privyseal.model.errors import Unavailable
from privyseal.store import audit
from privyseal.store.database import Transaction
from privyseal.store.seen_heads import SLICE, SeenHeads
from tests.rigs.service import ServiceRig


def write_head(tx: Transaction, log: str, size: int) -> None:
    """A log of ``size`` entries with one checkpoint."""
    audit.insert(tx, [(f"aud-{log}-{number}", log, b"{}", "x") for number in range(size)])
    waiting = [entry for entry in audit.waiting(tx) if entry.log == log]
    audit.place(tx, [(entry.sequence, index, "00" * 32) for index, entry in enumerate(waiting)])
    audit.insert_checkpoint(tx, log, size, f"{size:064x}", "note")


def refused_log(seen: SeenHeads, tx: Transaction) -> str:
    with pytest.raises(Unavailable) as refusal:
        seen.require(tx)
    assert refusal.value.kind == "evidence-differs"
    return refusal.value.sentence


def test_what_was_seen_must_be_there(service: ServiceRig) -> None:
    seen = SeenHeads()
    with service.house.database.write(service.clock()) as tx:
        seen.require(tx)  # nothing seen, nothing to miss
        for log, size in (("a", 2), ("b", 3)):
            write_head(tx, log, size)
            seen.remember(log, size, f"{size:064x}")
        seen.require(tx)
        seen.remember("a", 1, "f" * 64)  # an older head of the log says nothing new
        seen.require(tx)
        seen.require_newest(tx)
        tx.execute(audit.checkpoints.update().where(audit.checkpoints.c.log == "a").values(root="f" * 64))
        seen.require_newest(tx)  # b was seen last
        assert "audit log a " in refused_log(seen, tx)
        tx.execute(audit.checkpoints.update().where(audit.checkpoints.c.log == "a").values(root=f"{2:064x}"))
        seen.require(tx)
        seen.remember("a", 5, f"{5:064x}")
        with pytest.raises(Unavailable):
            seen.require_newest(tx)


def test_many_logs_are_gone_through_in_turn(service: ServiceRig) -> None:
    seen, count = SeenHeads(), 2 * SLICE + 5
    with service.house.database.write(service.clock()) as tx:
        for number in range(count):
            write_head(tx, f"log{number}", 1)
            seen.remember(f"log{number}", 1, f"{1:064x}")
        for _ in range(7):
            seen.require(tx)
        for number in (0, SLICE, 2 * SLICE):
            log = f"log{number}"
            tx.execute(audit.checkpoints.update().where(audit.checkpoints.c.log == log).values(root="f" * 64))
            found = []
            for _ in range(3):
                try:
                    seen.require(tx)
                except Unavailable as refusal:
                    found.append(refusal.sentence)
            assert len(found) == 1
            assert f"audit log {log} " in found[0]
            tx.execute(audit.checkpoints.update().where(audit.checkpoints.c.log == log).values(root=f"{1:064x}"))
