"""The live queue over real sockets: told within two seconds, ids and states alone, once in the database for everybody, ended in time."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from privyseal.actions.administrator.revoke_credentials import revoke_credentials
from privyseal.actions.house import About, perform
from privyseal.model.administrator import AdministratorState
from privyseal.model.revocation import RevocationReason
from privyseal.reception import live
from privyseal.store import administrators
from tests.doors.rest.rest_rig import RestRig
from tests.doors.rest.served import Served, serving
from tests.pages.control_center.console_rig import ORG, OTHER, ConsoleRig, Desk
from tests.rigs.service import AdministratorRig

EVENTS = f"/o/{ORG}/console/events"


@pytest.fixture
def served(rig: ConsoleRig, tmp_path: Path) -> Iterator[Served]:
    door = RestRig(rig.service)
    door.app = rig.app
    with serving(door, tmp_path) as running:
        yield running


def follow(served: Served, cookie: str) -> http.client.HTTPResponse:
    """An open stream, after its first line."""
    connection = served.anybody()
    connection.request("GET", EVENTS, headers={"Cookie": cookie})
    response = connection.getresponse()
    assert response.status == 200, response.read()
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.readline() == b": the queue is followed\n"
    assert response.readline() == b"\n"
    return response


def event(response: http.client.HTTPResponse) -> dict[str, str]:
    """The next event."""
    while not (line := response.readline().decode()).startswith("data: "):
        assert line, "the stream ended"
    told: dict[str, str] = json.loads(line.removeprefix("data: "))
    assert set(told) == {"id", "state"}
    return told


def test_a_new_request_is_told_within_two_seconds(rig: ConsoleRig, served: Served, fox: Desk) -> None:
    rig.submit("before.resource-marketing.test")
    with follow(served, fox.cookie) as stream:
        rig.submit("mail.hoffman-brandt.test", org=OTHER)
        began = time.monotonic()
        request = rig.submit()
        assert event(stream) == {"id": request.id, "state": "pending"}
        assert time.monotonic() - began < 2
        fox.send(f"/requests/{request.id}/hold", {"question": "Why?"})
        assert event(stream) == {"id": request.id, "state": "held"}


def test_a_hundred_consoles_ask_the_database_as_often_as_one(rig: ConsoleRig, served: Served, fox: Desk) -> None:
    asked = 0

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal asked
        asked += "requests.changed_at >" in statement

    streams = [follow(served, fox.cookie) for _ in range(100)]
    assert rig.context.watches.followers() == 100
    sa.event.listen(rig.service.house.database.reader, "before_cursor_execute", count)
    began = time.monotonic()
    request = rig.submit()
    told: list[float] = []

    def wait(stream: http.client.HTTPResponse) -> None:
        assert event(stream)["id"] == request.id
        told.append(time.monotonic() - began)

    threads = [threading.Thread(target=wait, args=(stream,)) for stream in streams]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert len(told) == 100
    assert max(told) < 2
    seconds = time.monotonic() - began
    # Each look asks twice when there is something: once for the changes, once for what is behind them.
    assert asked <= 2 * (seconds / live.LOOK_SECONDS + 2), asked
    for stream in streams:
        stream.close()


def test_the_stream_of_a_removed_administrator_ends(rig: ConsoleRig, served: Served, fox: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert live.CHECK_SECONDS + live.LOOK_SECONDS < 30
    monkeypatch.setattr(live, "CHECK_SECONDS", 1.0)
    with follow(served, fox.cookie) as stream:
        with rig.service.house.database.write(rig.service.clock()) as tx:
            assert administrators.change_state(tx, fox.who.administrator.id, AdministratorState.ACTIVE, AdministratorState.REMOVED)
        rest = stream.read()
    assert b"data:" not in rest
    connection = served.anybody()
    connection.request("GET", EVENTS, headers={"Cookie": fox.cookie})
    assert connection.getresponse().status == 401


def test_the_stream_of_somebody_whose_credentials_are_revoked_ends(
    rig: ConsoleRig, served: Served, fox: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CHECK_SECONDS", 1.0)
    service, person = rig.service, fox.who.administrator
    assert isinstance(fox.who, AdministratorRig)
    by = service.administrator(ORG, "Dana Scully", by=fox.who)
    with follow(served, fox.cookie) as stream:
        about = About("revoke-credentials", ORG, "administrator", person.id)
        assert perform(service.house, by.actor, about, revoke_credentials, ORG, person.id, RevocationReason.KEY_COMPROMISE) == 1
        rest = stream.read()
    assert b"data:" not in rest
    connection = served.anybody()
    connection.request("GET", EVENTS, headers={"Cookie": fox.cookie})
    assert connection.getresponse().status == 401


def test_nobody_else_follows(rig: ConsoleRig, served: Served, helen: Desk) -> None:
    for cookie in (helen.cookie, "", helen.cookie.replace(OTHER, ORG)):
        connection = served.anybody()
        connection.request("GET", EVENTS, headers={"Cookie": cookie})
        assert connection.getresponse().status == 401
    assert rig.context.watches.followers() == 0


def test_nothing_is_left_when_the_last_one_goes(rig: ConsoleRig, served: Served, fox: Desk) -> None:
    with follow(served, fox.cookie):
        assert rig.context.watches.followers() == 1
    for connection in served.connections:
        connection.close()
    deadline = time.monotonic() + 5
    while rig.context.watches.followers() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert rig.context.watches.followers() == 0
