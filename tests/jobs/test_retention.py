"""What was delivered is forgotten after 30 days; what was not delivered never is. Both databases."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from privyseal.actions.house import House
from privyseal.jobs.deliveries import Deliveries, RetryPlan
from privyseal.jobs.engine import ENDED
from privyseal.jobs.retention import KEEP_DONE, delete_done_rows
from privyseal.store import outbox
from privyseal.store.database import Database
from tests.jobs.workbench import Ear, add_row, bare_house, system_clock

DAY = timedelta(days=1)


def house_of(database: Database, ago: timedelta) -> House:
    """A house whose clock shows a moment in the past."""
    return bare_house(database, lambda: system_clock() - ago)


def add_done_row(database: Database, born_ago: timedelta, done_ago: timedelta) -> str:
    row_id = add_row(house_of(database, born_ago), "ear", dispatched=True)
    with database.write(system_clock() - done_ago) as tx:
        outbox.mark_done(tx, row_id)
    return row_id


def ids(database: Database) -> set[str]:
    with database.read(system_clock()) as tx:
        return set(tx.execute(sa.select(outbox.outbox.c.id)).scalars())


def test_done_rows_go_after_30_days_and_others_stay(database: Database) -> None:
    assert timedelta(days=30) == KEEP_DONE
    old = [add_done_row(database, 40 * DAY, 31 * DAY) for _ in range(7)]
    failing = add_row(house_of(database, 400 * DAY), "sore", dispatched=True)
    with database.write(system_clock() - 396 * DAY) as tx:
        outbox.note_failure(tx, failing, "the mail server refused it")
    kept = {
        failing,
        add_row(house_of(database, 400 * DAY), "ear"),  # never even dispatched
        add_done_row(database, 31 * DAY, 29 * DAY),  # tried for days
        add_done_row(database, DAY, DAY),
        add_row(bare_house(database), "ear"),
    }
    assert ids(database) == {*old, *kept}
    assert delete_done_rows(bare_house(database), batch=3) == 7
    assert ids(database) == kept
    assert delete_done_rows(bare_house(database), batch=3) == 0
    assert ids(database) == kept


def test_one_batch_is_one_bounded_transaction(database: Database) -> None:
    old = [add_done_row(database, 40 * DAY + timedelta(minutes=9 - number), 31 * DAY) for number in range(9)]
    with database.write(system_clock()) as tx:
        assert outbox.delete_done(tx, tx.now - KEEP_DONE, 4) == 4
    assert ids(database) == set(old[4:])  # the oldest went first


def test_a_row_that_is_gone_is_not_heard_again(database: Database) -> None:
    """A job that outlived its row, as after a restore of the job file, ends without a word."""
    house = bare_house(database)
    row_id = add_done_row(database, 40 * DAY, 31 * DAY)
    delete_done_rows(house)
    ear = Ear()
    assert Deliveries(house, {"ear": ear}, RetryPlan()).hear(row_id, 2) == ENDED
    assert ear.heard == []
    with database.read(system_clock()) as tx:
        assert outbox.open_rows(tx, dispatched_before=tx.now, created_after=tx.now - 100 * DAY) == []
