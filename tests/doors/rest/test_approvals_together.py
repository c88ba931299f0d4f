"""Approvals of several requests in one call: certificates for those that count, a problem for each other one."""

from __future__ import annotations

from privyseal.doors.rest.bodies import MAXIMUM_APPROVALS
from tests.doors.rest.rest_rig import API, ORG, Json, RestRig, require_problem
from tests.rigs.service import AdministratorRig

ADDRESS = f"{API}/organizations/{ORG}/approvals"
UNKNOWN = f"req-{'0' * 32}"


def submit(rest: RestRig, count: int) -> list[str]:
    token = rest.token("read", "submit")
    return [str(rest.submit(token, names=[f"host-{number}.resource-marketing.test"])["id"]) for number in range(count)]


def body(rest: RestRig, fox: AdministratorRig, request_ids: list[str]) -> Json:
    admin = rest.administrator(fox)
    return {"approvals": [{"request": item, "signature": rest.approval(admin, item, fox)} for item in request_ids]}


def test_all_are_issued_before_the_answer(rest: RestRig, fox: AdministratorRig) -> None:
    wanted = submit(rest, 4)
    answer = rest.administrator(fox).post(ADDRESS, json=body(rest, fox, wanted))
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert [item["request"] for item in items] == wanted
    assert all((item["state"], item["approvals"], item["approvals_needed"]) == ("issued", 1, 1) for item in items)
    assert all("problem" not in item for item in items)
    assert len({item["certificate"]["serial"] for item in items}) == 4


def test_each_that_is_refused_says_why(rest: RestRig, fox: AdministratorRig) -> None:
    first, second, third = submit(rest, 3)
    sent = body(rest, fox, [first, second, third])
    sent["approvals"][1]["signature"] = sent["approvals"][0]["signature"]
    sent["approvals"].insert(1, {"request": UNKNOWN, "signature": sent["approvals"][0]["signature"]})
    answer = rest.token("read").post(ADDRESS, json=sent)
    assert answer.status_code == 200, answer.text
    done, unknown, other, last = answer.json()["items"]
    assert (done["state"], last["state"]) == ("issued", "issued")
    assert unknown == {
        "request": UNKNOWN,
        "state_reason": "",
        "problem": {
            "type": "urn:privyseal:problem:not-found",
            "title": "Not found",
            "status": 404,
            "detail": "There is no such request in your organization.",
            "kind": "not-found",
        },
    }
    assert (other["state"], other["problem"]["status"], other["problem"]["kind"]) == ("pending", 422, "approval-content")
    assert "approvals" not in other


def test_what_the_issuer_cannot_sign_now_is_kept(rest: RestRig, fox: AdministratorRig) -> None:
    wanted = submit(rest, 2)
    rest.issuer.is_away = True
    answer = rest.administrator(fox).post(ADDRESS, json=body(rest, fox, wanted))
    assert (answer.status_code, [item["state"] for item in answer.json()["items"]]) == (202, ["issuing", "issuing"])


def test_the_form_of_the_call(rest: RestRig, fox: AdministratorRig) -> None:
    admin = rest.administrator(fox)
    [request_id] = submit(rest, 1)
    one = body(rest, fox, [request_id])["approvals"][0]
    for wrong in ([], [one] * (MAXIMUM_APPROVALS + 1), [{"request": "nonsense", "signature": "AAAA"}], [{"request": request_id}]):
        require_problem(admin.post(ADDRESS, json={"approvals": wrong}), 400, "body")
    require_problem(admin.post(ADDRESS, json={"approvals": [one, {"request": request_id, "signature": "!"}]}), 400, "signature")
    assert admin.get(f"{API}/organizations/{ORG}/requests/{request_id}").json()["state"] == "pending", "nothing was judged"


def test_the_same_call_again_is_answered_again(rest: RestRig, fox: AdministratorRig) -> None:
    sent = body(rest, fox, submit(rest, 2))
    admin = rest.administrator(fox)
    first, second = (admin.post(ADDRESS, json=sent, headers={"Idempotency-Key": "lunch"}) for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    replayed = admin.post(ADDRESS, json=sent).json()["items"]
    assert {item["problem"]["kind"] for item in replayed} == {"approval-replayed"}
    assert {item["state"] for item in replayed} == {"issued"}
