"""``seal request list --follow``: the live queue over server-sent events."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Iterator

from tests.agent import sample
from tests.agent.conftest import Rig
from tests.agent.rest_service import Answer, Reply, Seen, problem
from tests.rigs.ports import wait_until

EVENTS = "/organizations/acme/events"
REQUESTS = "/organizations/acme/requests"
SECOND = f"req-{'4' * 32}"


def event(request: str, state: str, cursor: str) -> bytes:
    data = json.dumps({"id": request, "state": state, "cursor": cursor})
    return f": keep-alive\n\nevent: request\ndata: {data}\n\n".encode()


def stock(rig: Rig) -> None:
    rig.service.on("GET", REQUESTS, {"items": [sample.request()], "next": ""})
    rig.service.on("GET", sample.REQUEST_PATH, sample.request())
    rig.service.on("GET", f"{REQUESTS}/{SECOND}", sample.request(id=SECOND, names=["dns:shop.acme.test"]))


def streams(rig: Rig, *bodies: list[bytes]) -> None:
    """Answer the connections to the stream one by one with these pieces, and then refuse the caller."""
    left = list(bodies)

    def open_stream(seen: Seen) -> Reply:
        del seen
        if not left:
            return problem(401, "session", "Your token was revoked.")
        return Answer(200, iter(left.pop(0)), {"Content-Type": "text/event-stream"})

    rig.service.on("GET", EVENTS, open_stream)


def test_first_what_is_pending_then_every_change_once(rig: Rig) -> None:
    stock(rig)
    streams(rig, [event(sample.REQUEST_ID, "pending", "7"), event(SECOND, "pending", "8"), event(sample.REQUEST_ID, "issued", "9")])
    told = rig.seal("request", "list", "--follow")
    lines = [line.split("  ", 1)[1].split() for line in told.out.splitlines()]
    assert lines == [
        ["pending", sample.REQUEST_ID, "www.acme.test,", "acme.test"],
        ["pending", SECOND, "shop.acme.test"],
        ["issued", sample.REQUEST_ID, "www.acme.test,", "acme.test"],
    ]
    assert told.status == 1
    assert told.err == "Your token was revoked.\n"
    assert rig.service.asked("GET", REQUESTS)[0].query["state"] == ["pending"]
    assert "since" not in rig.service.asked("GET", EVENTS)[0].query


def test_the_stream_opens_before_the_list_is_read(rig: Rig) -> None:
    stock(rig)
    streams(rig, [])
    rig.seal("request", "list", "--follow")
    paths = [seen.path.removeprefix("/api/v1") for seen in rig.service.seen]
    assert paths.index(EVENTS) < paths.index(REQUESTS)


def test_a_lost_connection_is_taken_up_at_the_cursor(rig: Rig) -> None:
    stock(rig)
    streams(rig, [event(SECOND, "pending", "8")], [event(SECOND, "approved", "9")], [])
    told = rig.seal("request", "list", "--follow", "--json")
    changes = [json.loads(line) for line in told.out.splitlines()]
    assert [(change.get("id"), change.get("state"), change.get("cursor")) for change in changes[:-1]] == [
        (sample.REQUEST_ID, "pending", ""),
        (SECOND, "pending", "8"),
        (SECOND, "approved", "9"),
    ]
    assert changes[1]["names"] == ["dns:shop.acme.test"]
    assert changes[-1]["error"]["kind"] == "session"
    assert [seen.query.get("since") for seen in rig.service.asked("GET", EVENTS)] == [None, ["8"], ["9"], ["9"]]
    assert len(rig.service.asked("GET", REQUESTS)) == 1


def test_without_a_cursor_the_list_is_read_again(rig: Rig) -> None:
    stock(rig)
    streams(rig, [], [])
    told = rig.seal("request", "list", "--follow")
    assert len(rig.service.asked("GET", REQUESTS)) == 2
    assert len(told.out.splitlines()) == 1  # Told once.


def test_a_stream_that_tells_its_last_seconds_again(rig: Rig) -> None:
    stock(rig)
    changes = [event(SECOND, "approved", "8"), event(SECOND, "issued", "9")]
    streams(rig, changes, changes)
    told = rig.seal("request", "list", "--follow")
    assert [line.split()[1] for line in told.out.splitlines()] == ["pending", "approved", "issued"]


def test_only_some_states(rig: Rig) -> None:
    stock(rig)
    streams(rig, [event(SECOND, "pending", "8"), event(SECOND, "issued", "9")])
    told = rig.seal("request", "list", "--follow", "--state", "issued")
    assert rig.service.asked("GET", REQUESTS)[0].query["state"] == ["issued"]
    assert f"issued       {SECOND}" in told.out
    assert f"pending      {SECOND}" not in told.out


def test_nobody_there_at_the_start_is_unreachable(rig: Rig) -> None:
    rig.service.stop()
    assert rig.seal("request", "list", "--follow").status == 3
    assert rig.slept == []


def test_a_service_that_is_away_is_waited_for_longer_and_longer(rig: Rig) -> None:
    stock(rig)
    replies: list[Reply] = [
        Answer(200, iter([event(SECOND, "pending", "8")]), {"Content-Type": "text/event-stream"}),
        *[problem(503, "database", "The database is away.")] * 7,
        problem(401, "session", "Your token was revoked."),
    ]
    rig.service.on("GET", EVENTS, replies)
    told = rig.seal("request", "list", "--follow")
    assert rig.slept == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert "The database is away. Trying again in 2 s." in told.err


def test_ctrl_c_ends_the_queue_cleanly(rig: Rig) -> None:
    stock(rig)
    released = threading.Event()

    def quiet() -> Iterator[bytes]:
        yield event(SECOND, "pending", "8")
        released.wait(30)

    rig.service.on("GET", EVENTS, Answer(200, quiet(), {"Content-Type": "text/event-stream"}))
    words = rig.command("request", "list", "--follow", "--json")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=rig.environment) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline(), child.stdout.readline()]
        assert [json.loads(line)["id"] for line in lines] == [sample.REQUEST_ID, SECOND]  # At once, not when the buffer is full.
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=30)
    released.set()
    assert (child.returncode, out, err) == (0, "", "")


def test_a_reader_that_has_seen_enough_ends_the_queue_without_a_traceback(rig: Rig) -> None:
    stock(rig)

    def many() -> Iterator[bytes]:
        for number in range(20_000):
            yield event(SECOND, "pending" if number % 2 else "held", str(number))

    rig.service.on("GET", EVENTS, Answer(200, many(), {"Content-Type": "text/event-stream"}))
    words = rig.command("request", "list", "--follow")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=rig.environment) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.readline()
        child.stdout.close()
        wait_until(lambda: child.poll() is not None, seconds=30, what="seal ends when nobody reads it")
        assert child.stderr.read() == ""
    assert child.returncode == 0
