"""The same POST sent twice under one key is done once and answered twice alike (F8); what is kept gives nothing away."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from privyseal.doors.rest.idempotency import GIVEN_UP_AFTER
from privyseal.store import administrators, throttles
from tests.doors.rest.rest_rig import API, ORG, RestRig, later, require_problem
from tests.rigs.service import PHRASE, AdministratorRig

BASE = f"{API}/organizations/{ORG}"


def key(text: str) -> dict[str, str]:
    return {"Idempotency-Key": text}


def test_a_call_sent_twice_is_done_once(rest: RestRig) -> None:
    program, body = rest.token(), rest.body()
    first = program.post(f"{BASE}/requests", json=body, headers=key("one"))
    second = program.post(f"{BASE}/requests", json=body, headers=key("one"))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert second.headers["content-type"] == first.headers["content-type"]


def test_a_refusal_is_repeated_too(rest: RestRig) -> None:
    program, body = rest.token(), rest.body(names=["www.example.org"])
    first, second = (program.post(f"{BASE}/requests", json=body, headers=key("refused")) for _ in range(2))
    require_problem(first, 422, "name-not-validated")
    require_problem(second, 422, "name-not-validated")
    assert second.headers["idempotency-replayed"] == "true"


def test_a_key_belongs_to_one_body_one_address_and_one_caller(rest: RestRig) -> None:
    program, body = rest.token(), rest.body()
    request = program.post(f"{BASE}/requests", json=body, headers=key("k")).json()
    changed = program.post(f"{BASE}/requests", json={**body, "comment": "urgent"}, headers=key("k"))
    require_problem(changed, 422, "idempotency-key")
    elsewhere = program.post(f"{BASE}/requests/{request['id']}/status", json=body, headers=key("k"))
    require_problem(elsewhere, 422, "idempotency-key")
    somebody_else = rest.token().post(f"{BASE}/requests", json=body, headers=key("k"))
    assert (somebody_else.status_code, somebody_else.json()["id"]) == (200, request["id"])


@pytest.mark.parametrize("wrong", ["", "x" * 129, "with blank", "tab\tinside"])
def test_a_key_has_a_form(rest: RestRig, wrong: str) -> None:
    require_problem(rest.token().post(f"{BASE}/requests", json=rest.body(), headers=key(wrong)), 422, "idempotency-key")


def test_two_at_once_are_one(rest: RestRig) -> None:
    body, token = rest.body(), rest.token_text()
    gate = threading.Barrier(6)

    def send(_number: int) -> tuple[int, str, str]:
        gate.wait()
        answer = rest.bearer(token).post(f"{BASE}/requests", json=body, headers=key("race"))
        return answer.status_code, str(answer.json().get("id", "")), answer.headers.get("retry-after", "")

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(6)))
    made = {identity for status, identity, _ in answers if status == 201}
    assert len(made) == 1
    assert {status for status, _, _ in answers} <= {201, 409}
    assert all(wait == "1" for status, _, wait in answers if status == 409)
    again = rest.bearer(token).post(f"{BASE}/requests", json=body, headers=key("race"))
    assert {again.json()["id"]} == made


def test_what_did_nothing_may_be_tried_again_under_its_key(rest: RestRig) -> None:
    nobody, body = rest.anonymous(), {"code": "x" * 52, "csr": rest.body()["csr"]}
    rest.issuer.is_away = True
    first = nobody.post(f"{API}/administrators/enroll", json=body, headers=key("again"))
    require_problem(first, 503, "issuer")
    assert int(first.headers["retry-after"]) > 0
    rest.issuer.is_away = False
    require_problem(nobody.post(f"{API}/administrators/enroll", json=body, headers=key("again")), 404, "link")


def test_a_revoked_credential_gets_no_kept_answer(rest: RestRig) -> None:
    program, body = rest.token(), rest.body()
    assert program.post(f"{BASE}/requests", json=body, headers=key("k")).status_code == 201
    with rest.service.house.database.write(rest.service.clock()) as tx:
        tx.execute(administrators.api_tokens.update().values(revoked_at=tx.now))
    require_problem(program.post(f"{BASE}/requests", json=body, headers=key("k")), 401, "token")


def test_a_secret_shown_once_is_not_kept(rest: RestRig, fox: AdministratorRig) -> None:
    admin = rest.administrator(fox)
    body = {"name": "deployment", "scopes": ["read"], "days": 30}
    token = admin.post(f"{BASE}/tokens", json=body, headers=key("t")).json()["token"]
    again = admin.post(f"{BASE}/tokens", json=body, headers=key("t"))
    require_problem(again, 409, "shown-once")
    assert token not in again.text
    assert rest.bearer(token).get(f"{BASE}/units").status_code == 200
    refused = {**body, "days": 4000}
    for _ in range(2):
        require_problem(admin.post(f"{BASE}/tokens", json=refused, headers=key("refused")), 422, "token-life")
    assert token.encode() not in b"".join(bytes(row.body) for row in kept_rows(rest))


def test_neither_key_nor_body_can_be_guessed_from_what_is_kept(rest: RestRig, fox: AdministratorRig) -> None:
    serial = rest.issue(rest.administrator(fox), fox)["certificate"]["serial"]
    body = {"phrase": PHRASE, "reason": "superseded"}
    rest.anonymous().post(f"{BASE}/certificates/{serial}/revocation", json=body, headers=key("a-random-key-of-seal"))
    text = repr([tuple(row) for row in kept_rows(rest)])
    assert PHRASE not in text
    assert "a-random-key-of-seal" not in text


def test_the_key_of_a_process_that_died_is_given_up(rest: RestRig) -> None:
    program, body = rest.token(), rest.body()
    program.post(f"{BASE}/requests", json=body, headers=key("died"))
    with rest.service.house.database.write(rest.service.clock()) as tx:
        tx.execute(throttles.idempotency_keys.update().values(status=0, body=b""))
    waiting = program.post(f"{BASE}/requests", json=body, headers=key("died"))
    require_problem(waiting, 409, "idempotency-key")
    assert waiting.headers["retry-after"] == "1"
    with later(rest, GIVEN_UP_AFTER + timedelta(seconds=1)):
        assert program.post(f"{BASE}/requests", json=body, headers=key("died")).status_code == 200


def kept_rows(rest: RestRig) -> list[sa.Row[tuple[object, ...]]]:
    with rest.service.house.database.read(rest.service.clock()) as tx:
        return list(tx.execute(throttles.idempotency_keys.select()))
