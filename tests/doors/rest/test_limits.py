"""How often somebody may try: nobody, wrong tokens, wrong phrases; and whose address counts behind a proxy."""

from __future__ import annotations

from datetime import timedelta

import pytest

from privyseal.doors import AnonymousLimit
from privyseal.model.errors import TooManyRequests
from privyseal.model.proof import FREE_MISSES
from tests.doors.rest.rest_rig import API, ORG, RestRig, later, require_problem
from tests.rigs.service import PHRASE, AdministratorRig, MovableClock

BASE = f"{API}/organizations/{ORG}"


def limited(rest: RestRig, burst: int = 3) -> None:
    rest.app.state.authenticator.limit = AnonymousLimit(rest.service.clock, burst=burst, per_second=0.1)


def test_nobody_may_call_too_often(rest: RestRig) -> None:
    limited(rest)
    client = rest.anonymous()
    assert [client.get(f"{API}/service").status_code for _ in range(3)] == [200] * 3
    refused = client.get(f"{API}/service")
    require_problem(refused, 429, "rate")
    with later(rest, timedelta(seconds=int(refused.headers["retry-after"]))):
        assert client.get(f"{API}/service").status_code == 200
    require_problem(client.post(f"{BASE}/requests", json=rest.body()), 429, "rate")


def test_whoever_is_known_is_not_counted(rest: RestRig) -> None:
    limited(rest)
    program = rest.token()
    assert {program.get(f"{BASE}/units").status_code for _ in range(10)} == {200}


def test_wrong_tokens_are_counted(rest: RestRig) -> None:
    limited(rest)
    guesses = [rest.bearer(f"pst_{number}").get(f"{BASE}/units").status_code for number in range(5)]
    assert guesses == [401, 401, 401, 429, 429]
    assert rest.token().get(f"{BASE}/units").status_code == 200, "a right one of the same address works all the same"


def test_a_proxys_word_counts_and_nobody_elses(rest: RestRig) -> None:
    limited(rest, burst=1)
    client = rest.anonymous()
    forged = [client.get(f"{API}/service", headers={"X-Forwarded-For": f"192.0.2.{number}"}).status_code for number in range(3)]
    assert forged == [200, 429, 429]


def test_a_bucket_refills_and_forgets() -> None:
    clock = MovableClock()
    limit = AnonymousLimit(clock, burst=2, per_second=1.0)
    limit.take("a")
    limit.take("a")
    with pytest.raises(TooManyRequests) as refusal:
        limit.take("a")
    assert refusal.value.retry_after_seconds >= 1
    limit.take("b")
    clock.advance(timedelta(seconds=1.5))
    limit.take("a")
    clock.advance(timedelta(days=1))
    limit.take("a")
    limit.take("a")
    with pytest.raises(TooManyRequests):
        limit.take("a")
    clock.advance(timedelta(days=-1))
    with pytest.raises(TooManyRequests):
        limit.take("a")


def test_wrong_phrases_lock_the_subscriber_and_not_the_administrator(rest: RestRig, fox: AdministratorRig) -> None:
    admin, dana = rest.administrator(fox), rest.anonymous()
    issued = rest.issue(admin, fox)
    address = f"{BASE}/requests/{issued['request']['id']}/pickup"
    for number in range(FREE_MISSES):
        require_problem(dana.post(address, json={"phrase": f"wrong phrase {number}"}), 422, "phrase")
    locked = dana.post(address, json={"phrase": PHRASE})
    require_problem(locked, 429, "phrase-locked")
    assert admin.get(f"{BASE}/certificates/{issued['certificate']['serial']}").status_code == 200
    with later(rest, timedelta(seconds=int(locked.headers["retry-after"]) + 1)):
        assert dana.post(address, json={"phrase": PHRASE}).status_code == 200
        assert dana.post(address, json={"phrase": PHRASE}).status_code == 200
