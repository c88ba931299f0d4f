"""What was not delivered is found without a look at what was, however much that is."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from privyseal.model.identifiers import new_id
from privyseal.store import outbox
from privyseal.store.database import Transaction
from privyseal.store.outbox import outbox as table
from tests.rigs.plans import analyze, plans
from tests.rigs.service import ServiceRig

DELIVERED = 20_000


@pytest.fixture
def full(service: ServiceRig) -> ServiceRig:
    """A service whose letters all arrived but three: one waits, two failed."""
    now = service.clock()
    rows: list[dict[str, object]] = [
        {
            "id": new_id("fact", now, os.urandom),
            "fact": "certificate-issued",
            "listener": "notices.issued",
            "payload": {},
            "created_at": now,
            "dispatched_at": now,
            "done_at": now if number >= 3 else None,
            "failure": "refused by the mail server" if number in {1, 2} else "",
            "attempts": 1,
        }
        for number in range(DELIVERED)
    ]
    with service.house.database.write(now) as tx:
        for start in range(0, DELIVERED, 2000):
            tx.execute(table.insert(), rows[start : start + 2000])
    analyze(service.house.database, "outbox")
    return service


def test_failing_letters_are_found_by_their_index(full: ServiceRig) -> None:
    database = full.house.database
    with database.read(full.clock()) as tx:
        assert outbox.count_failing(tx) == 2
        assert [row.failure for row in outbox.failing(tx)] == ["refused by the mail server"] * 2

    def ask(tx: Transaction) -> None:
        outbox.count_failing(tx)
        outbox.failing(tx)
        outbox.open_rows(tx, dispatched_before=full.clock(), created_after=full.clock() - timedelta(days=1))

    found = plans(database, full.clock(), ask)
    assert len(found) == 3
    assert all("ix_outbox_undelivered" in plan for plan in found), found
