"""One try: what it does to the outbox row."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from privyseal.jobs.deliveries import Deliveries, RetryPlan, describe
from privyseal.jobs.engine import AGAIN, ENDED, HEARD, MOOT
from privyseal.model.errors import Refused
from privyseal.store import audit
from privyseal.store.database import Database
from tests.jobs.workbench import Ear, add_row, bare_house, state_of, system_clock


def test_delays_double_up_to_the_ceiling() -> None:
    plan = RetryPlan()
    assert [plan.wait_seconds(number) for number in (1, 2, 3, 4, 10, 11, 500)] == [1, 2, 4, 8, 512, 900, 900]


def test_a_heard_row_is_settled_and_forgets_its_payload(database: Database) -> None:
    house, ear = bare_house(database), Ear()
    deliveries = Deliveries(house, {"ear": ear}, RetryPlan())
    row_id = add_row(house, "ear", {"code": "one-time"})
    assert deliveries.hear(row_id, 1) == HEARD
    assert not state_of(database, row_id).done
    deliveries.settle(row_id)
    state = state_of(database, row_id)
    assert (state.done, state.payload, state.failure) == (True, {}, "")
    assert ear.heard == [(row_id, row_id)]
    # Whatever comes after that, from whichever worker, does nothing.
    assert deliveries.hear(row_id, 2) == ENDED
    assert len(ear.heard) == 1


def test_what_had_nothing_to_tell_is_noted_as_that(database: Database) -> None:
    house = bare_house(database)
    deliveries = Deliveries(house, {"ear": Ear(tells=False)}, RetryPlan())
    row_id = add_row(house, "ear", {"recipient": "adm-1"})
    assert deliveries.hear(row_id, 1) == MOOT
    deliveries.settle(row_id, True)
    assert state_of(database, row_id).done
    with database.read(house.clock()) as tx:
        entries = [json.loads(entry) for entry in tx.execute(sa.select(audit.entries.c.entry)).scalars()]
    assert [entry["reason"].partition(", ")[2] for entry in entries] == ["nothing to tell any more"]


def test_a_row_that_is_gone_is_nothing_to_do(database: Database) -> None:
    assert Deliveries(bare_house(database), {}, RetryPlan()).hear("fact-0000", 1) == ENDED


def test_a_failure_is_noted_for_operators(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    house = bare_house(database)
    deliveries = Deliveries(house, {"ear": Ear(failures=2)}, RetryPlan())
    row_id = add_row(house, "ear")
    assert [deliveries.hear(row_id, number) for number in (1, 2)] == [AGAIN, AGAIN]
    state = state_of(database, row_id)
    assert (state.attempts, state.done) == (2, False)
    assert state.failure == "ConnectionRefusedError: [Errno 111] the mail server is away"
    assert "delivery failed" in capsys.readouterr().out
    assert deliveries.hear(row_id, 3) == HEARD
    deliveries.settle(row_id)
    assert state_of(database, row_id).failure == ""


def test_a_chain_of_tries_ends_when_a_younger_one_has_the_row(database: Database) -> None:
    house, ear = bare_house(database), Ear(failures=99)
    deliveries = Deliveries(house, {"ear": ear}, RetryPlan())
    row_id = add_row(house, "ear")
    # Two chains side by side, as after `privyseal letters retry`: the older one is left behind after one more try.
    assert [deliveries.hear(row_id, number) for number in (1, 2)] == [AGAIN, AGAIN]
    assert [deliveries.hear(row_id, number) for number in (2, 3)] == [AGAIN, AGAIN]
    assert [deliveries.hear(row_id, number) for number in (3, 4)] == [ENDED, AGAIN]
    assert state_of(database, row_id).attempts == 5


def test_a_listener_that_is_not_installed_is_a_failure_with_its_reason(database: Database) -> None:
    house = bare_house(database)
    row_id = add_row(house, "chargeback.entry")
    assert Deliveries(house, {}, RetryPlan()).hear(row_id, 1) == AGAIN
    assert "no listener chargeback.entry" in state_of(database, row_id).failure


@pytest.mark.parametrize(("days", "outcome"), [(3.9, AGAIN), (4.1, ENDED)])
def test_after_four_days_a_row_is_left_to_operators(database: Database, days: float, outcome: str) -> None:
    row_id = add_row(bare_house(database), "ear")
    late = bare_house(database, lambda: system_clock() + timedelta(days=days))
    assert Deliveries(late, {"ear": Ear(failures=9)}, RetryPlan()).hear(row_id, 1) == outcome
    state = state_of(database, row_id)
    assert (state.done, state.attempts) == (False, 1)


def test_an_absent_database_is_a_failed_try(database: Database) -> None:
    house = bare_house(database)
    row_id = add_row(house, "ear")
    away = bare_house(Database("postgresql://nobody@127.0.0.1:1/nothing"))
    ear = Ear()
    assert Deliveries(away, {"ear": ear}, RetryPlan()).hear(row_id, 1) == AGAIN
    assert ear.heard == []


def test_a_description_is_one_printable_line() -> None:
    assert describe(Refused("x", "A sentence.")) == "A sentence."
    forged = describe(ValueError("bad\n2026-11-22 ADMIN logged on \x1b[31m" + "x" * 900))
    assert len(forged) == 500
    assert forged.isprintable()
