"""From the fact in the outbox to the mail server, through the worker, on both databases and through what goes wrong."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from privyseal.actions.house import House, announce
from privyseal.features.notices import FEATURE
from privyseal.jobs.deliveries import RetryPlan
from privyseal.jobs.worker import Worker
from privyseal.model.fact import FactKind
from privyseal.model.request import RequestState
from privyseal.store import outbox
from privyseal.store.database import Database
from tests.features.notices.household import CODE, add_request, make_house, settle_in, to_server
from tests.jobs.workbench import state_of, system_clock
from tests.rigs.mail import MailSink
from tests.rigs.ports import wait_until
from tests.rigs.processes import Child


@pytest.fixture
def alive(database: Database) -> House:
    """A house with the real clock, on each database."""
    house = make_house(database, system_clock)
    settle_in(house)
    return house


@contextmanager
def working(house: House, sink: MailSink, node: str) -> Iterator[None]:
    """A worker with the letters wing in this process."""
    listeners = FEATURE.make_listeners(house, to_server(sink.host, sink.port))
    worker = Worker(house, listeners, [], node, plan=RetryPlan(0.3, 1.0, timedelta(days=4)))
    worker.start()
    try:
        yield
    finally:
        worker.stop()


@pytest.fixture
def worker(alive: House, sink: MailSink) -> Iterator[None]:
    with working(alive, sink, "letters"):
        yield


def tell(house: House, kind: FactKind, number: int, **payload: object) -> dict[str, str]:
    """Announce a fact as an action does; returns the ids of its rows by listener."""
    with house.database.write(house.clock()) as tx:
        before = {row.id for row in outbox.waiting(tx)}
        announce(house, tx, kind, {"organization": "acme", "request": f"req-{number}"} | payload)
        return {row.listener: row.id for row in outbox.waiting(tx) if row.id not in before}


def every_row(database: Database) -> list[str]:
    with database.read(system_clock()) as tx:
        return list(tx.execute(sa.select(outbox.outbox.c.id)).scalars())


def all_done(house: House) -> bool:
    return all(state_of(house.database, row_id).done for row_id in every_row(house.database))


def await_all_done(house: House) -> None:
    wait_until(lambda: all_done(house), seconds=20, what="every row is done", pause=0.1)


def await_refusals(sink: MailSink, count: int) -> None:
    wait_until(lambda: sink.refused >= count, seconds=10, what=f"{count} refusals")


def failure_of(house: House, row_id: str) -> str:
    return state_of(house.database, row_id).failure


@pytest.mark.usefixtures("worker")
def test_letters_arrive_once_whatever_the_mail_server_does(alive: House, sink: MailSink) -> None:
    # 1. The mail server is away: letters wait, and arrive once it is back.
    sink.go_down()
    add_request(alive, 1)
    waiting = tell(alive, FactKind.REQUEST_RECEIVED, 1)
    received, pending = waiting["notices.received"], waiting["notices.pending"]
    wait_until(lambda: "does not answer" in failure_of(alive, received), seconds=10, what="a failure is noted")
    sink.come_back()
    await_all_done(alive)
    people = ["carol@acme.test", "dana@acme.test", "erin@acme.test"]
    assert sorted(delivery.recipients for delivery in sink.deliveries) == [(person,) for person in people]
    # Each letter is a row of its own; the row that only addressed copies to the administrators sent none.
    letters = set(every_row(alive.database)) - {pending}
    assert {delivery.message_id for delivery in sink.deliveries} == {f"<{row_id}@privyseal.test>" for row_id in letters}
    assert state_of(alive.database, received).attempts >= 1

    # 2. It wants letters later (451), then never (550, which may be its mistake), then it takes them.
    for number, refuse in ((2, sink.refuse_for_now), (3, sink.refuse_for_good)):
        refuse()
        refused, before = sink.refused, len(sink.deliveries)
        add_request(alive, number, RequestState.REJECTED, state_reason="no")
        (row_id,) = tell(alive, FactKind.REQUEST_REJECTED, number).values()
        await_refusals(sink, refused + 2)
        assert ("451" if number == 2 else "550") in failure_of(alive, row_id)
        assert "carol" not in failure_of(alive, row_id)
        sink.accept()
        await_all_done(alive)
        assert [delivery.message_id for delivery in sink.deliveries[before:]] == [f"<{row_id}@privyseal.test>"]
    with alive.database.read(system_clock()) as tx:
        assert outbox.failing(tx) == []


def test_a_letter_whose_sender_was_killed_comes_again_under_its_message_id(alive: House, sink: MailSink) -> None:
    add_request(alive, 1, RequestState.UNCONFIRMED)
    row_id = tell(alive, FactKind.REQUEST_RECEIVED, 1, code=CODE)["notices.received"]
    command = [sys.executable, "-m", "tests.features.notices.letter_process", alive.database.url, str(sink.port), "killed"]
    with Child(command, environment={"PRIVYSEAL_FAILPOINT": "release.after-mail"}) as first:
        assert first.wait(seconds=120) == -signal.SIGKILL
    # The mail server has it, nobody knows.
    (lost,) = sink.to("carol@acme.test")
    state = state_of(alive.database, row_id)
    assert (state.done, state.payload["code"]) == (False, CODE)
    with working(alive, sink, "alive"):
        await_all_done(alive)
    again = sink.to("carol@acme.test")
    assert [delivery.message_id for delivery in again] == [lost.message_id] * 2 == [f"<{row_id}@privyseal.test>"] * 2
    assert state_of(alive.database, row_id).payload == {}
