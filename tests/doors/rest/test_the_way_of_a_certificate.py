"""The whole way over REST: submitted, confirmed, approved, issued, picked up, revoked; and its side ways."""

from __future__ import annotations

import base64
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs7

from privyseal.jobs.sweep import sweep
from privyseal.model.administrator import Role
from privyseal.model.custom_field import CustomField, FieldPattern
from privyseal.model.fact import FactKind
from privyseal.model.policy import Lint
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.statement import utc_text
from privyseal.store import revocations
from privyseal_agent.check.verdict import Verdict
from privyseal_wire.statements import Rejection, Revocation
from tests.doors.rest.rest_rig import API, ORG, RestRig, later, require_problem
from tests.rigs.changes import change_policy
from tests.rigs.service import PHRASE, AdministratorRig, make_csr, make_key

BASE = f"{API}/organizations/{ORG}"
PROVIDER = Role.PROVIDER_ADMINISTRATOR


def test_from_a_form_of_nobody_to_a_certificate_and_back(rest: RestRig, fox: AdministratorRig) -> None:
    rest.service.listeners[FactKind.REQUEST_RECEIVED] = ("letters",)
    dana, admin = rest.anonymous(), rest.administrator(fox)
    received = dana.post(f"{BASE}/requests", json=rest.body())
    assert received.status_code == 201, received.text
    assert received.json()["state"] == "unconfirmed"
    assert received.json()["confirmation"] == "mail"
    assert "contact" not in received.json(), "nobody learns more than he sent"
    request_id = received.json()["id"]
    assert admin.get(f"{BASE}/requests", params={"state": "pending"}).json() == {"items": [], "next": ""}

    code = rest.mailed_code(request_id)
    require_problem(dana.post(f"{BASE}/requests/{request_id}/confirmation", json={"code": "x" * 52}), 404, "confirmation-not-found")
    for _ in range(2):
        confirmed = dana.post(f"{BASE}/requests/{request_id}/confirmation", json={"code": code})
        assert (confirmed.status_code, confirmed.json()["state"]) == (200, "pending")

    [pending] = admin.get(f"{BASE}/requests", params={"state": "pending"}).json()["items"]
    assert pending == admin.get(f"{BASE}/requests/{request_id}").json()
    assert pending["names"] == ["dns:www.resource-marketing.test"]
    assert pending["approvals"] == []
    assert pending["approvals_needed"] == 1

    require_problem(dana.post(f"{BASE}/requests/{request_id}/pickup", json={"phrase": PHRASE}), 409, "not-issued")
    signature = rest.approval(admin, request_id, fox)
    approved = admin.post(f"{BASE}/requests/{request_id}/approval", json={"signature": signature})
    assert approved.status_code == 200, approved.text
    assert approved.json()["request"]["state"] == "issued"
    serial = approved.json()["certificate"]["serial"]
    assert approved.json()["request"]["serial"] == serial

    picks_it_up(rest, fox, request_id, serial)


def picks_it_up(rest: RestRig, fox: AdministratorRig, request_id: str, serial: str) -> None:
    """Dana looks at her request, fetches the certificate, and revokes it."""
    dana, admin = rest.anonymous(), rest.administrator(fox)
    status = dana.post(f"{BASE}/requests/{request_id}/status", json={"phrase": PHRASE}).json()
    assert status == {"id": request_id, "state": "issued", "state_reason": "", "serial": serial}
    picked = dana.post(f"{BASE}/requests/{request_id}/pickup", json={"phrase": f"  {PHRASE} "}).json()
    leaf, issuing = x509.load_pem_x509_certificates(picked["chain_pem"].encode())
    assert f"{leaf.serial_number:x}" == serial.lstrip("0")
    leaf.verify_directly_issued_by(issuing)
    [root] = x509.load_pem_x509_certificates(picked["root_pem"].encode())
    issuing.verify_directly_issued_by(root)
    assert set(pkcs7.load_pem_pkcs7_certificates(picked["pkcs7_pem"].encode())) == {leaf, issuing}

    shown = admin.get(f"{BASE}/certificates/{serial}").json()
    steps = ["submit-request", "confirm-request", "approve-request", "prepare-certificate", "issue-certificate", "pick-up-certificate"]
    assert [entry["action"] for entry in shown["history"] if entry["outcome"] == "done"] == steps
    assert {entry["object"]["id"] for entry in shown["history"]} == {request_id, serial}
    assert [entry["time"] for entry in shown["history"]] == sorted(entry["time"] for entry in shown["history"])
    assert shown["picked_up_at"]
    assert admin.get(f"{BASE}/certificates/{serial}/pem").text == picked["certificate_pem"]
    assert admin.get(f"{BASE}/certificates/{serial}/pkcs7").text == picked["pkcs7_pem"]
    assert admin.get(f"{BASE}/units").json()["standard"] == {"bought": 5, "reserved": 0, "used": 1, "available": 4}

    for _ in range(2):
        revoked = dana.post(f"{BASE}/certificates/{serial}/revocation", json={"phrase": PHRASE, "reason": "keyCompromise"})
        assert (revoked.status_code, revoked.json()["state"]) == (200, "revoked"), revoked.text
        assert revoked.json()["revocation_reason"] == "keyCompromise"


def test_a_program_of_the_organization_vouches_for_the_contact(rest: RestRig) -> None:
    program = rest.token("read", "submit")
    received = rest.submit(program)
    assert (received["state"], received["confirmation"]) == ("pending", "not-needed")
    assert received["requester"]["kind"] == "api-token"
    assert received["contact"] == {"name": "Dana Scully", "email": "dana@resource-marketing.test"}


def test_questions_of_the_organizations_own(rest: RestRig, fox: AdministratorRig) -> None:
    center = CustomField("cost-center", "Cost center", required=True, pattern=FieldPattern.DIGITS, max_length=6)
    change_policy(rest.service, ORG, PolicyDraft(custom_fields=(center,)), fox)
    machine, admin = rest.token("read", "submit"), rest.administrator(fox)
    [policy] = rest.anonymous().get(BASE).json()["policies"]
    asked = {"name": "cost-center", "label": "Cost center", "required": True, "pattern": "digits", "max_length": 6}
    assert policy["custom_fields"] == [asked]
    body = rest.body()
    for given, kind in (({}, "custom-field"), ({"cost-center": "x"}, "custom-field"), ({"cost-center": "1", "x": "y"}, "custom-field")):
        problem = require_problem(machine.post(f"{BASE}/requests", json=body | {"custom_fields": given}), 422, kind)
        assert problem["field"].startswith("field-")
    wrong_ones: tuple[object, ...] = ("x", [], {"cost-center": 4711}, {"cost-center": None}, {"x" * 65: "y"})
    for wrong in wrong_ones:
        require_problem(machine.post(f"{BASE}/requests", json=body | {"custom_fields": wrong}), 400, "body")
    sent = machine.post(f"{BASE}/requests", json=body | {"custom_fields": {"cost-center": "4711"}})
    assert sent.status_code == 201, sent.text
    request_id = sent.json()["id"]
    assert sent.json()["custom_fields"] == [{"name": "cost-center", "label": "Cost center", "value": "4711"}]
    approved = admin.post(f"{BASE}/requests/{request_id}/approval", json={"signature": rest.approval(admin, request_id, fox)})
    assert approved.json()["request"]["state"] == "issued"


def test_the_same_request_sent_again_is_the_first_one(rest: RestRig) -> None:
    body = rest.body()
    first, second = (rest.token().post(f"{BASE}/requests", json=body) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()


def test_what_is_given_out_to_be_signed(rest: RestRig, fox: AdministratorRig) -> None:
    admin = rest.administrator(fox)
    request_id = rest.submit(rest.token())["id"]
    end = utc_text(rest.service.clock() + timedelta(hours=1))
    content = admin.get(f"{BASE}/requests/{request_id}/approval-content", params={"expires": end})
    assert content.headers["content-type"] == "application/json"
    fields = content.json()
    assert (fields["approver"], fields["expires"], fields["request"]) == (fox.administrator.id, end, request_id)
    assert len(content.headers["privyseal-fingerprint"].replace(" ", "").replace("-", "")) == 20
    for wrong, status, kind in (
        ("2026-02-30T00:00:00Z", 400, "expires"),
        ("soon", 400, "query"),
        (utc_text(rest.service.clock() - timedelta(seconds=2)), 422, "statement-expired"),
        (utc_text(rest.service.clock() + timedelta(days=8)), 422, "statement-life"),
    ):
        require_problem(admin.get(f"{BASE}/requests/{request_id}/approval-content", params={"expires": wrong}), status, kind)
    require_problem(rest.token("read").get(f"{BASE}/requests/{request_id}/approval-content"), 403, "permission")


def test_a_program_may_carry_a_signature_but_never_make_one(rest: RestRig, fox: AdministratorRig) -> None:
    request_id = rest.submit(rest.token())["id"]
    signature = rest.approval(rest.administrator(fox), request_id, fox)
    carried = rest.token("read").post(f"{BASE}/requests/{request_id}/approval", json={"signature": signature})
    assert carried.json()["request"]["state"] == "issued"
    assert [item["administrator"] for item in carried.json()["request"]["approvals"]] == [fox.administrator.id]


def test_a_signature_over_something_else_approves_nothing(rest: RestRig, fox: AdministratorRig) -> None:
    admin = rest.administrator(fox)
    first, second = (rest.submit(rest.token(), names=[f"{name}.resource-marketing.test"])["id"] for name in ("a", "b"))
    signature = rest.approval(admin, first, fox)
    require_problem(admin.post(f"{BASE}/requests/{second}/approval", json={"signature": signature}), 422, "approval-content")
    changed = base64.b64decode(signature).replace(b"a.resource", b"c.resource")
    broken = base64.b64encode(changed).decode()
    require_problem(admin.post(f"{BASE}/requests/{first}/approval", json={"signature": broken}), 422, "cms-digest")
    assert admin.get(f"{BASE}/requests/{first}").json()["state"] == "pending"


def test_two_approvals_are_two_people(rest: RestRig, fox: AdministratorRig) -> None:
    provider = rest.administrator(rest.service.administrator("", "Provider", PROVIDER))
    late = provider.post(f"{API}/provider/organizations/{ORG}/policies", json={"approvals": 2, "lint": "template"})
    require_problem(late, 403, "organization-decides")
    assert change_policy(rest.service, ORG, PolicyDraft(approvals=2, lint=Lint.TEMPLATE), fox).version == 2
    dana = rest.service.administrator(ORG, "Walter Skinner", by=fox)
    request_id = rest.submit(rest.token())["id"]
    address = f"{BASE}/requests/{request_id}/approval"
    first = rest.administrator(fox).post(address, json={"signature": rest.approval(rest.administrator(fox), request_id, fox)})
    assert (first.json()["approvals"], first.json()["approvals_needed"], first.json()["request"]["state"]) == (1, 2, "pending")
    rest.service.clock.advance(timedelta(seconds=1))
    again = rest.approval(rest.administrator(fox), request_id, fox)
    require_problem(rest.administrator(fox).post(address, json={"signature": again}), 409, "already-approved")
    second = rest.administrator(dana).post(address, json={"signature": rest.approval(rest.administrator(dana), request_id, dana)})
    assert second.json()["request"]["state"] == "issued"


def test_while_the_issuer_is_away_an_approval_is_kept(rest: RestRig, fox: AdministratorRig) -> None:
    admin = rest.administrator(fox)
    request_id = rest.submit(rest.token())["id"]
    signature = rest.approval(admin, request_id, fox)
    rest.issuer.is_away = True
    kept = admin.post(f"{BASE}/requests/{request_id}/approval", json={"signature": signature})
    assert (kept.status_code, kept.json()["request"]["state"]) == (202, "issuing")
    assert "certificate" not in kept.json()
    rest.issuer.is_away = False
    with later(rest, timedelta(seconds=30)):
        sweep(rest.service.house, rest.issuer.complete)
        assert admin.get(f"{BASE}/requests/{request_id}").json()["state"] == "issued"


def test_while_the_audit_log_lags_nothing_is_issued(rest: RestRig, fox: AdministratorRig) -> None:
    admin = rest.administrator(fox)
    request_id = rest.submit(rest.token())["id"]
    rest.service.clock.advance(timedelta(minutes=2))
    signature = rest.approval(admin, request_id, fox)
    kept = admin.post(f"{BASE}/requests/{request_id}/approval", json={"signature": signature})
    assert (kept.status_code, kept.json()["request"]["state"]) == (202, "approved")


def test_what_cannot_be_prepared_has_failed_with_its_reason(rest: RestRig, fox: AdministratorRig) -> None:
    admin = rest.administrator(fox)
    request_id = rest.submit(rest.token())["id"]
    signature = rest.approval(admin, request_id, fox)
    with rest.service.house.database.write(rest.service.clock()) as tx:
        revocations.block_key(tx, admin.get(f"{BASE}/requests/{request_id}").json()["spki_sha256"], "became-known")
    answer = admin.post(f"{BASE}/requests/{request_id}/approval", json={"signature": signature})
    assert (answer.status_code, answer.json()["request"]["state"]) == (200, "failed")
    assert "somebody else may have its key" in answer.json()["request"]["state_reason"]


def test_a_rejection_is_signed_and_has_a_reason(rest: RestRig, fox: AdministratorRig) -> None:
    admin = rest.administrator(fox)
    request_id = rest.submit(rest.token())["id"]
    end = utc_text(rest.service.clock() + timedelta(minutes=5))
    statement = Rejection(
        service="privyseal.localhost",
        organization=ORG,
        expires=end,
        request=request_id,
        approver=fox.administrator.id,
        reason="The server is retired.",
    )
    signature = base64.b64encode(rest.service.sign(statement.to_bytes(), fox)).decode()
    rejected = admin.post(f"{BASE}/requests/{request_id}/rejection", json={"signature": signature})
    assert (rejected.status_code, rejected.json()["state"]) == (200, "rejected")
    assert rejected.json()["state_reason"] == "The server is retired."
    require_problem(admin.post(f"{BASE}/requests/{request_id}/rejection", json={"signature": signature}), 409, "request-state")


def test_a_request_is_held_with_a_question_and_answered(rest: RestRig, fox: AdministratorRig) -> None:
    admin, dana = rest.administrator(fox), rest.anonymous()
    request_id = rest.submit(rest.token())["id"]
    address, key = f"{BASE}/requests/{request_id}", {"Idempotency-Key": "asked"}
    question = {"question": "Which team runs this server?"}
    for who in (dana, rest.token()):
        require_problem(
            who.post(f"{address}/hold", json=question), 401 if who is dana else 403, "credential-needed" if who is dana else "permission"
        )
    for wrong in ("", "two\nlines", "x" * 501):
        require_problem(admin.post(f"{address}/hold", json={"question": wrong}), 422, "text")
    require_problem(admin.post(f"{address}/hold", json={}), 400, "body")
    require_problem(admin.post(f"{address}/release", json={}), 409, "request-state")
    require_problem(dana.post(f"{address}/answer", json={"phrase": PHRASE, "answer": "Early"}), 409, "request-state")
    held = admin.post(f"{address}/hold", json=question, headers=key)
    assert (held.status_code, held.json()["state"], held.json()["state_reason"]) == (200, "held", question["question"])
    [asked] = held.json()["questions"]
    assert (asked["question"], asked["administrator"], "answer" in asked) == (question["question"], fox.administrator.id, False)
    again = admin.post(f"{address}/hold", json=question, headers=key)
    assert (again.content, again.headers["idempotency-replayed"]) == (held.content, "true")
    require_problem(admin.post(f"{address}/hold", json=question), 409, "request-state")
    assert dana.post(f"{address}/status", json={"phrase": PHRASE}).json()["state_reason"] == question["question"]
    require_problem(dana.post(f"{address}/answer", json={"phrase": "wrong phrase 1", "answer": "x"}), 422, "phrase")
    require_problem(dana.post(f"{address}/answer", json={"phrase": PHRASE, "answer": "a\u202eb"}), 422, "text")
    answered = dana.post(f"{address}/answer", json={"phrase": PHRASE, "answer": "The web team."})
    assert (answered.status_code, answered.json()["state"]) == (200, "pending")
    shown = admin.get(address).json()
    assert [item["answer"] for item in shown["questions"]] == ["The web team."]
    assert shown["questions"][0]["answered_at"] >= shown["questions"][0]["asked_at"]


def test_a_question_is_taken_back(rest: RestRig, fox: AdministratorRig) -> None:
    admin = rest.administrator(fox)
    address = f"{BASE}/requests/{rest.submit(rest.token())['id']}"
    require_problem(rest.token().post(f"{address}/release", json={}), 403, "permission")
    for number in range(2):
        assert admin.post(f"{address}/hold", json={"question": f"Question {number}"}).json()["state"] == "held"
        require_problem(admin.post(f"{address}/release", json={"reason": "x"}), 400, "body")
        released = admin.post(f"{address}/release", json={})
        assert (released.status_code, released.json()["state"], released.json()["state_reason"]) == (200, "pending", "")
    require_problem(admin.post(f"{address}/release", json={}), 409, "request-state")
    [listed] = admin.get(f"{BASE}/requests").json()["items"]
    assert [item["question"] for item in listed["questions"]] == ["Question 0", "Question 1"]


def test_a_subscriber_takes_his_request_back(rest: RestRig) -> None:
    dana = rest.anonymous()
    request_id = rest.submit(rest.token())["id"]
    require_problem(dana.post(f"{BASE}/requests/{request_id}/withdrawal", json={"phrase": "wrong phrase 1"}), 422, "phrase")
    assert dana.post(f"{BASE}/requests/{request_id}/withdrawal", json={"phrase": PHRASE}).json()["state"] == "withdrawn"
    require_problem(dana.post(f"{BASE}/requests/{request_id}/withdrawal", json={"phrase": PHRASE}), 409, "request-state")


def test_an_administrator_revokes_under_his_signature(rest: RestRig, fox: AdministratorRig) -> None:
    admin = rest.administrator(fox)
    serial = rest.issue(admin, fox)["certificate"]["serial"]
    end = utc_text(rest.service.clock() + timedelta(minutes=5))
    statement = Revocation(
        service="privyseal.localhost",
        organization=ORG,
        expires=end,
        ca="issuing",
        serial=serial,
        reason="superseded",
        comment="",
        revoker=fox.administrator.id,
    )
    signature = base64.b64encode(rest.service.sign(statement.to_bytes(), fox)).decode()
    address = f"{BASE}/certificates/{serial}/revocation"
    require_problem(admin.post(address, json={}), 400, "body")
    require_problem(admin.post(address, json={"signature": signature, "phrase": PHRASE}), 400, "body")
    require_problem(rest.anonymous().post(address, json={"signature": signature}), 401, "credential-needed")
    for _ in range(2):
        revoked = admin.post(address, json={"signature": signature})
        assert (revoked.status_code, revoked.json()["revocation_reason"]) == (200, "superseded"), revoked.text


def test_a_reissue_has_a_new_key_and_the_same_names(rest: RestRig, fox: AdministratorRig) -> None:
    admin, dana = rest.administrator(fox), rest.anonymous()
    serial = rest.issue(admin, fox)["certificate"]["serial"]
    address = f"{BASE}/certificates/{serial}/reissue"
    csr = make_csr(["www.resource-marketing.test"], make_key())
    require_problem(dana.post(address, json={"csr": csr}), 401, "credential-needed")
    require_problem(dana.post(address, json={"csr": csr, "phrase": "wrong phrase 1"}), 422, "phrase")
    other = make_csr(["mail.resource-marketing.test"], make_key())
    require_problem(dana.post(address, json={"csr": other, "phrase": PHRASE}), 422, "names-differ")
    asked = dana.post(address, json={"csr": csr, "phrase": PHRASE})
    assert (asked.status_code, asked.json()["state"]) == (201, "pending")
    request = admin.get(f"{BASE}/requests/{asked.json()['id']}").json()
    assert (request["kind"], request["replaces"], request["unit_tier"]) == ("reissue", serial, "none")
    signature = rest.approval(admin, request["id"], fox)
    new = admin.post(f"{BASE}/requests/{request['id']}/approval", json={"signature": signature}).json()["certificate"]["serial"]
    assert admin.get(f"{BASE}/certificates/{new}").json()["replaces"] == serial
    assert admin.get(f"{BASE}/units").json()["standard"]["used"] == 1


def test_the_history_of_a_certificate_is_its_own(rest: RestRig, fox: AdministratorRig) -> None:
    admin = rest.administrator(fox)
    first, second = (rest.issue(admin, fox, names=[f"{name}.resource-marketing.test"]) for name in ("first", "second"))
    for issued in (first, second):
        own = {issued["certificate"]["serial"], issued["request"]["id"]}
        history = admin.get(f"{BASE}/certificates/{issued['certificate']['serial']}").json()["history"]
        assert {entry["object"]["id"] for entry in history} == own
        assert [entry["action"] for entry in history] == ["submit-request", "approve-request", "prepare-certificate", "issue-certificate"]
        assert {entry["log"] for entry in history} == {f"o-{ORG}"}


def test_a_check_from_outside_is_recorded(rest: RestRig, fox: AdministratorRig) -> None:
    admin = rest.administrator(fox)
    serial = rest.issue(admin, fox)["certificate"]["serial"]
    address = f"{BASE}/certificates/{serial}/checks"
    for verdict in Verdict:
        body = {"endpoint": "www.resource-marketing.test:443", "verdict": verdict.value, "handshake_ms": 12}
        assert rest.token("read").post(address, json=body).status_code == 201, verdict
    require_problem(admin.post(address, json={"endpoint": "www:443", "verdict": "fine"}), 422, "verdict")
    history = admin.get(f"{BASE}/certificates/{serial}").json()["history"]
    checks = [entry["outcome"] for entry in history if entry["action"] == "check-certificate"]
    assert checks == ["done"] * len(Verdict) + ["refused"]


def test_lists_come_in_pages(rest: RestRig, fox: AdministratorRig) -> None:
    program = rest.token()
    ids = [rest.submit(program, names=[f"w{number}.resource-marketing.test"])["id"] for number in range(3)]
    first = program.get(f"{BASE}/requests", params={"limit": 2}).json()
    rest_of_them = program.get(f"{BASE}/requests", params={"limit": 2, "after": first["next"]}).json()
    assert [item["id"] for item in first["items"] + rest_of_them["items"]] == ids
    assert rest_of_them["next"] == ""
    admin = rest.administrator(fox)
    serials = [rest.issue(admin, fox, names=[f"c{number}.resource-marketing.test"])["certificate"]["serial"] for number in range(2)]
    newest = admin.get(f"{BASE}/certificates", params={"limit": 1}).json()
    older = admin.get(f"{BASE}/certificates", params={"limit": 1, "after": newest["next"]}).json()
    assert [newest["items"][0]["serial"], older["items"][0]["serial"]] == serials[::-1]
    named = admin.get(f"{BASE}/certificates", params={"name": "C0.Resource-Marketing.test."}).json()["items"]
    assert [item["serial"] for item in named] == serials[:1]
