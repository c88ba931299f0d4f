"""The live queue when somebody else writes: another process, after a lost connection, behind a pooler that lets no signal through."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa

from privyseal.model.identifiers import OrganizationId, RequestId
from privyseal.model.request import RequestEvent
from privyseal.model.scope import EVERYTHING
from privyseal.reception import live
from privyseal.reception.live import Change, Watches, follow
from privyseal.store import organizations, queue_listener, requests
from privyseal.store.queue_signals import CHANNEL
from tests.reception.reception_rig import ORG, OTHER, ReceptionRig
from tests.rigs.ports import wait_until
from tests.rigs.service import make_csr, make_key

REJECT = """
import sys
from datetime import UTC, datetime
from privyseal.model.request import RequestEvent
from privyseal.store import requests
from privyseal.store.database import Database

database = Database(sys.argv[1])
with database.write(datetime.now(UTC)) as tx:
    assert requests.happen(tx, sys.argv[2:], RequestEvent.REJECT) == sys.argv[2:]
database.close()
"""
ALONE = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"

on_postgresql = pytest.mark.parametrize("service", ["postgresql"], indirect=True)


class Followers:
    """Many who follow one organization, in a thread with a loop of its own; ``heard`` is what each heard."""

    def __init__(self, rig: ReceptionRig, count: int) -> None:
        self._house = rig.service.house
        with self._house.database.read(rig.service.clock()) as tx:
            self.organization_id = organizations.require(tx, ORG).id
        self.watches = Watches()
        self.heard: list[list[Change]] = [[] for _ in range(count)]
        self._begun = threading.Semaphore(0)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        for _ in range(count):
            assert self._begun.acquire(timeout=30)

    async def _run(self) -> None:
        await asyncio.gather(*(self._follow(heard) for heard in self.heard))

    async def _follow(self, heard: list[Change]) -> None:
        stream = follow(self.watches, self._house, self.organization_id, scope=EVERYTHING, stopping=self._stopping, may_go_on=lambda: True)
        async for change in stream:
            if change is None:
                self._begun.release()
            else:
                heard.append(change)

    def wait_for(self, request_id: RequestId, state: str, *, seconds: float) -> None:
        """Return when everybody heard that the request came to this state."""
        wait_until(
            lambda: all(any(change[:2] == (request_id, state) for change in heard) for heard in self.heard),
            seconds=seconds,
            what=f"everybody knows that {request_id} is {state}",
        )

    def close(self) -> None:
        """End all of them."""
        self._stopping.set()
        self._thread.join(30)


@pytest.fixture
def followers(rig: ReceptionRig) -> Iterator[Followers]:
    many = Followers(rig, 100)
    yield many
    many.close()


def submit(rig: ReceptionRig, org: str = ORG) -> RequestId:
    return rig.service.submit(org, make_csr([f"www.{org}.test"], make_key())).id


def reject_elsewhere(rig: ReceptionRig, request_id: RequestId) -> None:
    """Another process of the service rejects the request."""
    subprocess.run([sys.executable, "-c", REJECT, rig.service.settings.database, request_id], check=True, timeout=60)


def reject_and_fail(rig: ReceptionRig, request_id: RequestId) -> None:
    """A transaction of this process that rejects the request and is undone."""
    with rig.service.house.database.write(rig.service.clock()) as tx:
        assert requests.happen(tx, [request_id], RequestEvent.REJECT) == [request_id]
        raise ZeroDivisionError


def ask(rig: ReceptionRig, statement: str) -> int:
    """One number of the server's."""
    with rig.service.house.database.writer.begin() as connection:
        return int(connection.execute(sa.text(statement)).scalar_one())


def wait_until_sure(rig: ReceptionRig) -> None:
    signals = rig.service.house.database.signals
    wait_until(lambda: signals.is_sure, seconds=15, what="signals of other processes arrive")


def test_what_another_process_writes_is_told_within_two_seconds(rig: ReceptionRig, followers: Followers) -> None:
    request_id = submit(rig)
    followers.wait_for(request_id, "pending", seconds=2)
    submit(rig, OTHER)
    reject_elsewhere(rig, request_id)
    followers.wait_for(request_id, "rejected", seconds=2)
    assert {change[0] for heard in followers.heard for change in heard} == {request_id}, "of other organizations nothing is told"
    assert all(len(heard) == 2 for heard in followers.heard), "each change is told once"


@on_postgresql
def test_a_hundred_followers_hear_by_one_connection_and_ask_nothing_meanwhile(
    rig: ReceptionRig, followers: Followers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SAFETY_SECONDS", 600.0)
    wait_until_sure(rig)
    assert ask(rig, ALONE) == 1
    request_id = submit(rig)
    followers.wait_for(request_id, "pending", seconds=2)
    asked = 0

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal asked
        asked += "requests.changed_at >" in statement

    sa.event.listen(rig.service.house.database.writer, "before_cursor_execute", count)
    time.sleep(2)
    assert asked <= 2, "after the last signal there is one look more"
    reject_elsewhere(rig, request_id)
    followers.wait_for(request_id, "rejected", seconds=2)
    followers.close()
    rig.service.house.database.close()
    assert ask(rig, ALONE) == 0


@on_postgresql
def test_a_killed_connection_loses_nothing_and_comes_back(rig: ReceptionRig, followers: Followers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SAFETY_SECONDS", 600.0)
    wait_until_sure(rig)
    first = submit(rig)
    assert ask(rig, KILL) == 1
    reject_elsewhere(rig, first)
    followers.wait_for(first, "rejected", seconds=2)
    wait_until_sure(rig)
    assert ask(rig, ALONE) == 1
    second = submit(rig)
    reject_elsewhere(rig, second)
    followers.wait_for(second, "rejected", seconds=2)


@on_postgresql
def test_where_signals_do_not_come_through_it_is_looked_for(
    rig: ReceptionRig, followers: Followers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pooler that lends connections for a transaction takes LISTEN and passes nothing on: no proof arrives in time."""
    wait_until_sure(rig)
    monkeypatch.setattr(queue_listener, "PROOF_WITHIN_SECONDS", 0.0)
    assert ask(rig, KILL) == 1
    signals = rig.service.house.database.signals
    wait_until(lambda: not signals.is_sure, seconds=10, what="nobody believes in signals")
    request_id = submit(rig)
    reject_elsewhere(rig, request_id)
    followers.wait_for(request_id, "rejected", seconds=2)
    assert not signals.is_sure


@on_postgresql
def test_a_signal_names_the_organization_and_nothing_else_and_comes_with_the_commit(rig: ReceptionRig) -> None:
    house = rig.service.house
    url = sa.make_url(house.database.url).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as listening:
        listening.execute(f"LISTEN {CHANNEL}")
        request_id = submit(rig)
        with pytest.raises(ZeroDivisionError):
            reject_and_fail(rig, request_id)
        with house.database.read(house.clock()) as tx:
            organization_id = organizations.require(tx, ORG).id
        assert {heard.payload for heard in listening.notifies(timeout=1)} == {organization_id}


def test_a_write_that_is_undone_is_not_told(rig: ReceptionRig) -> None:
    house = rig.service.house
    signals = house.database.signals
    request_id = submit(rig)
    with house.database.read(house.clock()) as tx:
        organization_id: OrganizationId = organizations.require(tx, ORG).id
    before = signals.told(organization_id)
    with pytest.raises(ZeroDivisionError):
        reject_and_fail(rig, request_id)
    assert signals.told(organization_id) == before
    with house.database.write(house.clock()) as tx:
        requests.happen(tx, [request_id], RequestEvent.REJECT)
    assert signals.told(organization_id) != before
