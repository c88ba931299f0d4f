"""`privyseal letters`: what an operator sees of undelivered letters, and having them tried again."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from privyseal.jobs.deliveries import Deliveries, Listener, RetryPlan
from privyseal.jobs.engine import HEARD
from privyseal.model.errors import NotFound, Unavailable
from privyseal.store import audit, outbox
from privyseal.store.outbox import OutboxRow
from tests.rigs.operator import run_command
from tests.rigs.service import ServiceRig

CODE = "a-one-time-code"


def add_letters(service: ServiceRig, number: int) -> list[str]:
    """Letters that a dispatcher has queued."""
    now = service.clock()
    rows = sorted(service.house.id("fact", now) for _ in range(number))
    with service.house.database.write(now) as tx:
        outbox.insert(tx, [(row_id, "request-received", "notices.received", {"code": CODE}) for row_id in rows])
        outbox.mark_dispatched(tx, rows)
    return rows


def refuse(row: OutboxRow, _message_id: str) -> bool:
    """A mail server that knows nobody."""
    raise Unavailable("mail-refused", "The mail server mail.example.test:25 refused the letter: 550 <dana@example.test> is unknown.")


def hear(service: ServiceRig, row_id: str, number: int, listener: Listener) -> str:
    """One try."""
    return Deliveries(service.house, {"notices.received": listener}, RetryPlan()).hear(row_id, number)


def test_what_failed_is_listed_without_names_and_queued_again(service: ServiceRig, capsys: pytest.CaptureFixture[str]) -> None:
    run_command(service, "letters", "list")
    assert capsys.readouterr().out == "Everything was delivered, or waits for its first try.\n"
    first, second, fine = add_letters(service, 3)
    for row_id, number in ((first, 1), (first, 2), (second, 1)):
        hear(service, row_id, number, refuse)
    assert hear(service, fine, 1, lambda *_: True) == HEARD
    capsys.readouterr()
    run_command(service, "letters", "list")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [first, second, "2"]
    assert f"request-received by notices.received  since {service.clock():%Y-%m-%d}" in lines[0]
    assert lines[0].endswith("Z  2 tries  The mail server mail.example.test:25 refused the letter: 550 (address) is unknown.")
    assert "dana" not in "".join(lines)
    assert CODE not in "".join(lines)
    run_command(service, "letters", "list", "--limit", "1")
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [first, "2"]


def test_one_or_all_are_tried_again(service: ServiceRig, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, fine = add_letters(service, 3)
    for row_id in (first, second):
        hear(service, row_id, 1, refuse)
    run_command(service, "letters", "retry", second)
    assert waiting(service) == [(second, 1)]
    with pytest.raises(NotFound):
        run_command(service, "letters", "retry", first, fine)
    assert waiting(service) == [(second, 1)], "all of them or none"
    run_command(service, "letters", "retry")
    assert waiting(service) == [(first, 1), (second, 1)]
    assert "2 queued" in capsys.readouterr().out
    with service.house.database.read(service.clock()) as tx:
        logged = [json.loads(row.entry) for row in tx.execute(sa.select(audit.entries.c.entry).order_by(audit.entries.c.id))]
    tried = [(entry["outcome"], entry["object"]["id"]) for entry in logged if entry["action"] == "retry-deliveries"]
    assert tried == [("done", second), ("refused", "all"), ("done", "all")]


def waiting(service: ServiceRig) -> list[tuple[str, int]]:
    """What the dispatcher takes at its next turn: (id, failures so far)."""
    with service.house.database.read(service.clock()) as tx:
        return [(row.id, row.attempts) for row in outbox.waiting(tx)]
