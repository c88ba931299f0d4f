"""I19 in what stays open: whoever follows the live queue hears of his own departments alone, and no longer than his right lasts.

By both ways, the control center's and that of programs, over real sockets, as the administrator of one department.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import pytest

from privyseal.actions.department.move_department import move_department
from privyseal.actions.department.move_request import move_request
from privyseal.actions.house import About, perform
from privyseal.actions.request.hold_request import hold_request
from privyseal.cli.web_application import make_application
from privyseal.doors.rest import DOOR as REST
from privyseal.model.administrator import Role
from privyseal.model.department import Department
from privyseal.model.identifiers import DepartmentId
from privyseal.model.request import Request
from privyseal.pages.control_center import SITE
from privyseal.reception import live
from tests.doors.rest.rest_rig import API, ORG, RestRig
from tests.doors.rest.served import Served, serving
from tests.invariants.test_i19_departments_are_apart import Agencies, make_agencies
from tests.pages.control_center.console_rig import ConsoleRig
from tests.rigs.service import ServiceRig, hashes_hex

ABOUT = About("test", ORG, "request", "any")
WAYS: Final = ("console", "rest")
by_both_ways = pytest.mark.parametrize("way", WAYS)
Told = tuple[str, str]
"""Id and state."""


@dataclass(frozen=True, slots=True)
class Stream:
    """An open stream, after its first line."""

    response: http.client.HTTPResponse

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.response.close()

    def event(self) -> dict[str, str]:
        """The next event, as it was sent."""
        while not (line := self.response.readline().decode()).startswith("data: "):
            assert line, "the stream ended"
        sent: dict[str, str] = json.loads(line.removeprefix("data: "))
        return sent

    def until(self, told: Told) -> list[Told]:
        """What is told before this."""
        found: list[Told] = []
        while (event := self.event()) and (event["id"], event["state"]) != told:
            found.append((event["id"], event["state"]))
        return found

    def rest(self) -> bytes:
        """What comes until the server ends the stream."""
        return self.response.read()


@dataclass(frozen=True, slots=True)
class Quarter:
    """The agencies, served: ``xena`` follows as the administrator of ``x``."""

    agencies: Agencies
    console: ConsoleRig
    served: Served
    cookie: str

    def ask(self, way: str, query: str = "", **headers: str) -> http.client.HTTPResponse:
        """What Xena gets who wants to follow: with her session, or with her certificate."""
        if way == "console":
            connection = self.served.anybody()
            connection.request("GET", f"/o/{ORG}/console/events{query}", headers=headers | {"Cookie": self.cookie})
        else:
            connection = self.served.administrator(self.agencies.xena)
            connection.request("GET", f"{API}/organizations/{ORG}/events{query}", headers=headers)
        return connection.getresponse()

    def follow(self, way: str, query: str = "", **headers: str) -> Stream:
        """Her stream."""
        response = self.ask(way, query, **headers)
        assert response.status == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.readline() == b": the queue is followed\n"
        return Stream(response)

    def submit(self, department: Department | None, host: str) -> Told:
        return self.agencies.submit(department, host).id, "pending"

    def move(self, request: Request, department: Department | None) -> None:
        """Fox, who sees everything, moves it."""
        agencies, place = self.agencies, None if department is None else department.id
        perform(agencies.service.house, agencies.fox.actor, ABOUT, move_request, ORG, request.id, place)

    def hold(self, request: Request) -> None:
        perform(self.agencies.service.house, self.agencies.fox.actor, ABOUT, hold_request, ORG, request.id, "Why?")


@pytest.fixture
def quarter(service: ServiceRig, tmp_path: Path) -> Iterator[Quarter]:
    agencies = make_agencies(service)
    console, door = ConsoleRig(service), RestRig(service)
    door.app = make_application(console.context, [REST], [SITE])
    door.app.state.doors.application()
    cookie = console.cookie(agencies.xena.administrator, ORG, hashes_hex(agencies.xena.certificate_der))
    with serving(door, tmp_path) as served:
        yield Quarter(agencies, console, served, cookie)


@by_both_ways
def test_only_the_own_department_is_heard_of_while_requests_come_and_are_moved(quarter: Quarter, way: str) -> None:
    x, y = quarter.agencies.x, quarter.agencies.y
    below = quarter.agencies.service.department(quarter.agencies.fox, "Motor vehicles", x.id)
    mine = quarter.agencies.submit(x, "before")
    with quarter.follow(way) as stream:
        other = quarter.agencies.submit(y, "other")
        quarter.submit(None, "everybodys")
        assert stream.until(quarter.submit(x, "first")) == []
        quarter.hold(mine)
        assert stream.until((mine.id, "held")) == []
        # What left the department is out of hearing, whatever happens to it there.
        quarter.move(mine, y)
        assert stream.until(quarter.submit(below, "second")) == []
        quarter.hold(other)
        quarter.move(mine, None)
        assert stream.until(quarter.submit(x, "third")) == []
        quarter.move(mine, x)
        assert stream.until((mine.id, "held")) == []
        quarter.move(other, x)
        assert stream.until((other.id, "held")) == []
        quarter.move(other, y)
        assert stream.until(quarter.submit(x, "last")) == []


def test_what_was_missed_is_told_within_the_department_too(quarter: Quarter) -> None:
    """A program names the last event it saw, and what changed since comes from the database, not from who else followed."""
    x, y = quarter.agencies.x, quarter.agencies.y
    went, came = quarter.agencies.submit(x, "went"), quarter.agencies.submit(y, "came")
    with quarter.follow("rest") as stream:
        first = quarter.submit(x, "first")
        sent = stream.event()
    cursor = sent["cursor"]
    assert (sent["id"], sent["state"]) == first
    quarter.submit(y, "other")
    quarter.submit(None, "everybodys")
    quarter.move(went, y)
    quarter.move(came, x)
    back = quarter.agencies.submit(x, "back")
    quarter.move(back, y)
    quarter.move(back, x)
    last = quarter.submit(x, "last")
    for query, headers in ((f"?since={cursor}", {}), ("", {"Last-Event-ID": cursor}), ("?since=0", {})):
        with quarter.follow("rest", query, **headers) as stream:
            told = stream.until(last)
        assert set(told) == {first, (came.id, "pending"), (back.id, "pending")}, query


def take(quarter: Quarter) -> None:
    agencies = quarter.agencies
    agencies.service.assign(agencies.xena, Role.DEPARTMENT_ADMINISTRATOR, by=agencies.fox, department=agencies.x.id, change="take")


def give(quarter: Quarter) -> None:
    agencies = quarter.agencies
    agencies.service.assign(agencies.xena, Role.DEPARTMENT_ADMINISTRATOR, by=agencies.fox, department=agencies.y.id)


def give_and_take(quarter: Quarter) -> None:
    give(quarter)
    take(quarter)


def put_below(quarter: Quarter) -> None:
    """Her department lies somewhere else from now on."""
    agencies = quarter.agencies
    place: DepartmentId = agencies.y.id
    perform(agencies.service.house, agencies.fox.actor, ABOUT, move_department, ORG, agencies.x.id, place)


@by_both_ways
@pytest.mark.parametrize(
    ("happening", "heard_of"),
    [(take, ""), (give, "xy"), (give_and_take, "y"), (put_below, "x")],
    ids=["the role was taken", "a role more", "another department instead", "the department moved"],
)
def test_a_stream_ends_when_what_she_may_see_changes(
    quarter: Quarter, way: str, happening: Callable[[Quarter], None], heard_of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert live.CHECK_SECONDS + live.LOOK_SECONDS < 30
    monkeypatch.setattr(live, "CHECK_SECONDS", 1.0)
    with quarter.follow(way) as stream:
        happening(quarter)
        quarter.submit(quarter.agencies.y, "meanwhile")
        assert b"data:" not in stream.rest(), "what was not hers when she came is not told before she comes again"
    if not heard_of:
        assert quarter.ask(way).status == 403
        return
    monkeypatch.setattr(live, "CHECK_SECONDS", 20.0)
    with quarter.follow(way) as stream:
        in_y, in_x = quarter.submit(quarter.agencies.y, "y"), quarter.submit(quarter.agencies.x, "x")
        last = in_x if "x" in heard_of else quarter.submit(quarter.agencies.y, "last")
        assert stream.until(last) == ([in_y] if "y" in heard_of else [])
