"""The live queue over real sockets: a change is told within two seconds, ids only, and the stream ends with the credential."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from privyseal.reception import live
from privyseal.store import administrators
from tests.doors.rest.rest_rig import API, ORG, RestRig, require_problem
from tests.doors.rest.served import Served, serving
from tests.rigs.service import AdministratorRig, make_csr, make_key

EVENTS = f"{API}/organizations/{ORG}/events"


@pytest.fixture
def served(rest: RestRig, tmp_path: Path) -> Iterator[Served]:
    with serving(rest, tmp_path) as running:
        yield running


def follow(served: Served, token: str, query: str = "", **headers: str) -> http.client.HTTPResponse:
    """An open stream, after its first line."""
    connection = served.anybody()
    connection.request("GET", f"{EVENTS}{query}", headers={"Authorization": f"Bearer {token}", **headers})
    response = connection.getresponse()
    assert response.status == 200, response.read()
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.readline() == b": the queue is followed\n"
    assert response.readline() == b"\n"
    return response


def event(response: http.client.HTTPResponse) -> dict[str, str]:
    """The next event."""
    lines: list[str] = []
    while (line := response.readline().decode().rstrip("\n")) or not lines:
        if line and not line.startswith(":"):
            lines.append(line)
    fields = dict(line.split(": ", 1) for line in lines)
    assert fields["event"] == "request"
    data: dict[str, str] = json.loads(fields["data"])
    assert data["cursor"] == fields["id"]
    assert set(data) == {"id", "state", "cursor"}
    return data


def submit(rest: RestRig, name: str) -> str:
    return rest.service.submit(ORG, make_csr([f"{name}.resource-marketing.test"], make_key())).id


def test_a_change_is_told_within_two_seconds(served: Served, rest: RestRig, fox: AdministratorRig) -> None:
    submit(rest, "before")
    with follow(served, rest.token_text("read")) as stream:
        began = time.monotonic()
        request_id = submit(rest, "after")
        told = event(stream)
        assert time.monotonic() - began < 2
        assert (told["id"], told["state"]) == (request_id, "pending"), "what was there before is not told"
        request = rest.service.request(rest.service.submit(ORG, make_csr(["third.resource-marketing.test"], make_key())))
        assert event(stream)["id"] == request.id
        rest.service.approve(request, fox)
        assert event(stream)["state"] == "approved"


def test_after_a_lost_connection_nothing_is_missed(served: Served, rest: RestRig) -> None:
    token = rest.token_text("read")
    with follow(served, token) as stream:
        first = submit(rest, "first")
        cursor = event(stream)["cursor"]
    missed = submit(rest, "missed")
    for query, headers in ((f"?since={cursor}", {}), ("", {"Last-Event-ID": cursor})):
        with follow(served, token, query, **headers) as stream:
            ids = [event(stream)["id"]]
            if ids == [first]:
                ids.append(event(stream)["id"])
            assert ids[-1] == missed


def test_the_stream_of_a_revoked_token_ends(served: Served, rest: RestRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "CHECK_SECONDS", 1.0)
    token = rest.token_text("read")
    with follow(served, token) as stream:
        with rest.service.house.database.write(rest.service.clock()) as tx:
            tx.execute(administrators.api_tokens.update().values(revoked_at=tx.now))
        assert stream.read() == b""


def test_keep_alives_come_while_nothing_changes(served: Served, rest: RestRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "KEEP_ALIVE_SECONDS", 0.5)
    with follow(served, rest.token_text("read")) as stream:
        assert stream.readline() == b": still here\n"


def test_an_open_stream_does_not_hold_the_end_of_the_server(rest: RestRig, tmp_path: Path) -> None:
    token = rest.token_text("read")
    with serving(rest, tmp_path) as running:
        stream = follow(running, token)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert stream.read() == b""


def test_who_may_follow(rest: RestRig) -> None:
    require_problem(rest.anonymous().get(EVENTS), 401, "credential-needed")
    require_problem(rest.token("submit").get(EVENTS), 403, "permission")
    require_problem(rest.token("read").get(EVENTS, params={"since": "99999999999999999999"}), 400, "cursor")
    require_problem(rest.token("read").get(EVENTS, params={"since": "yesterday"}), 400, "query")
    require_problem(rest.token("read").get(EVENTS, headers={"Last-Event-ID": "-1;"}), 400, "cursor")
