"""``seal request`` against a service that speaks the REST reference."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from privyseal_wire.cms import verify_attached
from privyseal_wire.statements import Approval, Rejection
from tests.agent import sample
from tests.agent.conftest import ADMINISTRATOR_ID, SERVICE_ID, Rig
from tests.agent.rest_service import Answer, Reply, Seen, problem

ORGANIZATION = {
    "slug": "acme",
    "name": "Acme Rockets",
    "domains": ["acme.test"],
    "contact": "pki@acme.test",
    "policies": [{"name": "tls-server", "version": 3, "lifetimes_days": [365, 730], "key_algorithms": ["p256"], "unit_tier": "standard"}],
}
REQUESTS = "/organizations/acme/requests"


@pytest.fixture
def files(rig: Rig) -> Rig:
    """The rig with a CSR and a file with a challenge phrase."""
    (rig.folder / "www.csr").write_text(sample.CSR)
    phrase = rig.folder / "phrase"
    phrase.touch(mode=0o600)
    phrase.write_text("seven green bottles\n")
    rig.service.on("GET", "/organizations/acme", ORGANIZATION)
    return rig


def submit(rig: Rig, *more: str, **options: Any) -> Any:  # noqa: ANN401 - a transcript
    words = ["request", "submit", str(rig.folder / "www.csr"), "--endpoint", "www.acme.test"]
    words += ["--contact-name", "Bob Example", "--contact-email", "bob@acme.test", *more]
    return rig.seal(*words, **options)


def phrase(rig: Rig) -> tuple[str, str]:
    return "--phrase-file", str(rig.folder / "phrase")


def test_submit(files: Rig) -> None:
    answer = {"id": sample.REQUEST_ID, "state": "unconfirmed", "state_reason": "", "names": ["dns:www.acme.test"], "confirmation": "mail"}
    files.service.on("POST", REQUESTS, Answer(201, json.dumps(answer).encode()))
    told = submit(files, *phrase(files), "--platform", "nginx", "--comment", "for the shop")
    assert told.status == 0
    assert told.out == (
        f"Request {sample.REQUEST_ID} is waiting for its contact to confirm the address.\n"
        f"A mail with a code goes to bob@acme.test. Confirm the address with: seal request confirm {sample.REQUEST_ID} CODE\n"
    )
    assert files.service.asked("POST", REQUESTS)[0].json == {
        "csr": sample.CSR,
        "policy": "tls-server",
        "lifetime_days": 730,
        "endpoints": ["www.acme.test"],
        "contact_name": "Bob Example",
        "contact_email": "bob@acme.test",
        "phrase": "seven green bottles",
        "server_platform": "nginx",
        "comment": "for the shop",
        "department": "",
    }


def test_answers_to_the_organizations_own_questions(files: Rig) -> None:
    files.service.on("POST", REQUESTS, {**sample.request(), "confirmation": "not-needed"})
    assert submit(files, *phrase(files), "--field", "cost-center=47=11", "--field", "note=").status == 0
    assert files.service.asked("POST", REQUESTS)[0].json["custom_fields"] == {"cost-center": "47=11", "note": ""}
    for given in (("--field", "cost-center"), ("--field", "=4711"), ("--field", "a=1", "--field", "a=2")):
        told = submit(files, *phrase(files), *given)
        assert (told.status, "field" in told.err) == (2, True), told.err
    assert len(files.service.asked("POST", REQUESTS)) == 1


def test_submit_asks_for_a_new_phrase_twice(files: Rig) -> None:
    files.service.on("POST", REQUESTS, {**sample.request(), "confirmation": "not-needed"})
    assert submit(files, "--lifetime-days", "365", secrets=("seven green bottles", "seven green bottles")).status == 0
    assert files.service.asked("POST", REQUESTS)[0].json["phrase"] == "seven green bottles"
    told = submit(files, secrets=("seven green bottles", "six green bottles"))
    assert told.status == 2
    assert "The two challenge phrases differ" in told.err
    assert len(files.service.asked("POST", REQUESTS)) == 1


def test_without_a_terminal_the_phrase_comes_from_a_file(files: Rig) -> None:
    told = submit(files)
    assert told.status == 2
    assert told.err == "There is no terminal to ask for the challenge phrase. Give a file with --phrase-file.\n"


def test_a_private_key_is_not_sent(files: Rig) -> None:
    pem = files.ada.key_pem
    bare = b"".join(line for line in pem.splitlines() if b"-----" not in line)
    for content in (pem + sample.CSR.encode(), pem, pem.decode().encode("utf-16"), bare, base64.b64decode(bare)):
        (files.folder / "www.csr").write_bytes(content)
        told = submit(files, *phrase(files))
        assert told.status == 1
        assert "contains a private key. It was not sent" in told.err
    assert files.service.seen == []


def test_which_policy(files: Rig) -> None:
    files.service.on("POST", REQUESTS, sample.request())
    assert "The organization has no policy gold. Its policies: tls-server." in submit(files, *phrase(files), "--policy", "gold").err
    second = {**ORGANIZATION["policies"][0], "name": "short-lived"}  # type: ignore[dict-item]
    files.service.on("GET", "/organizations/acme", {**ORGANIZATION, "policies": [*ORGANIZATION["policies"], second]})
    told = submit(files, *phrase(files))
    assert told.status == 2
    assert told.err == "Which policy? Give --policy with one of: tls-server, short-lived.\n"
    assert submit(files, *phrase(files), "--policy", "short-lived").status == 0
    assert [item.json["policy"] for item in files.service.asked("POST", REQUESTS)] == ["short-lived"]


def test_confirm_withdraw_and_status(files: Rig) -> None:
    short = {
        "id": sample.REQUEST_ID,
        "state": "pending",
        "state_reason": "",
        "names": ["dns:www.acme.test"],
        "created_at": "2026-11-22T01:02:03Z",
    }
    files.service.on("POST", f"{sample.REQUEST_PATH}/confirmation", short)
    told = files.seal("request", "confirm", sample.REQUEST_ID, "1234-5678")
    assert told.out == f"The address is confirmed. Request {sample.REQUEST_ID} is waiting for a decision.\n"
    assert files.service.seen[-1].json == {"code": "1234-5678"}
    files.service.on("POST", f"{sample.REQUEST_PATH}/withdrawal", {**short, "state": "withdrawn"})
    assert files.seal("request", "withdraw", sample.REQUEST_ID, *phrase(files)).out == f"Request {sample.REQUEST_ID} is withdrawn.\n"
    assert files.service.seen[-1].json == {"phrase": "seven green bottles"}
    files.service.on(
        "POST", f"{sample.REQUEST_PATH}/status", {"id": sample.REQUEST_ID, "state": "rejected", "state_reason": "Unknown host"}
    )
    told = files.seal("request", "status", sample.REQUEST_ID, secrets=("seven green bottles",))
    assert told.out == f"Request  {sample.REQUEST_ID}\nState    rejected\nReason   Unknown host\n"


def test_list(rig: Rig) -> None:
    rig.service.on("GET", REQUESTS, {"items": [sample.request()], "next": ""})
    told = rig.seal("request", "list", "--state", "pending", "--state", "held")
    assert told.out == (
        "REQUEST                               STATE    NAMES                     CONTACT        RECEIVED\n"
        f"{sample.REQUEST_ID}  pending  www.acme.test, acme.test  bob@acme.test  2026-11-22 01:02 UTC\n"
    )
    assert rig.service.seen[-1].query == {"state": ["pending", "held"], "limit": ["200"]}
    assert rig.seal("request", "list", "--json").json["items"][0]["id"] == sample.REQUEST_ID
    rig.service.on("GET", REQUESTS, {"items": [], "next": ""})
    assert rig.seal("request", "list").out == "There are no such requests.\n"


def test_show(rig: Rig) -> None:
    shown = sample.request(comment="line\nline \x1b[31m", warnings=["The name is on another certificate."])
    rig.service.on("GET", sample.REQUEST_PATH, shown)
    told = rig.seal("request", "show", sample.REQUEST_ID)
    assert told.status == 0
    assert "Names         www.acme.test\n              acme.test\n" in told.out
    assert "Subject       C=US, O=Acme Rockets, CN=www.acme.test\n" in told.out
    assert "Comment       line\n              line \\x1b[31m\n" in told.out
    assert "Warnings      The name is on another certificate.\n" in told.out
    assert rig.seal("request", "show", sample.REQUEST_ID, "--json").json == shown


def test_show_tells_the_fingerprint_for_an_end(rig: Rig) -> None:
    rig.service.on("GET", sample.REQUEST_PATH, sample.request())
    told = rig.seal("request", "show", sample.REQUEST_ID, "--expires", "2026-11-22T01:12:03Z", *rig.identity, "--json")
    assert told.json["fingerprint"] == expected_approval("2026-11-22T01:12:03Z").fingerprint()
    assert rig.seal("request", "show", sample.REQUEST_ID, "--expires", "tomorrow", *rig.identity).status == 2
    assert rig.seal("request", "show", sample.REQUEST_ID, "--expires", "2026-11-22T01:12:03Z").status == 2


def expected_approval(expires: str, **changes: object) -> Approval:
    fields: dict[str, Any] = {
        "type": "privyseal.approval.v1",
        "decision": "approve",
        "service": SERVICE_ID,
        "organization": "acme",
        "expires": expires,
        "request": sample.REQUEST_ID,
        "approver": ADMINISTRATOR_ID,
        "policy": {"id": sample.POLICY_ID, "version": 3, "sha256": "ab" * 32},
        "subject": [["2.5.4.6", "US"], ["2.5.4.10", "Acme Rockets"], ["2.5.4.3", "www.acme.test"]],
        "names": ["dns:acme.test", "dns:www.acme.test"],
        "spki_sha256": sample.SPKI_SHA256,
        "lifetime_days": 365,
        "endpoints": ["web-server:www.acme.test"],
        "unit_tier": "standard",
        "contact": "bob@acme.test",
    }
    return Approval.from_bytes(json.dumps({**fields, **changes}, sort_keys=True, separators=(",", ":")).encode())


def prepare_approval(rig: Rig, answer: Mapping[str, Any] | None = None, **changes: object) -> None:
    """Let the service show the sample request, and expect an approval with these changes."""
    rig.service.on("GET", sample.REQUEST_PATH, sample.request())

    def content(seen: Seen) -> Reply:
        assert seen.person == "Ada Example"
        return expected_approval(seen.query["expires"][0], **changes).to_bytes()

    rig.service.on("GET", f"{sample.REQUEST_PATH}/approval-content", content)
    done = {
        "request": sample.request(state="issued", serial="0102ff"),
        "certificate": {"serial": "0102ff", "not_after": "2027-11-22T01:02:03Z"},
        "approvals": 1,
        "approvals_needed": 1,
    }
    rig.service.on("POST", f"{sample.REQUEST_PATH}/approval", answer or done)


def signed(rig: Rig, path: str) -> bytes:
    """The content of the one signature that was sent, verified with Ada's certificate."""
    sent = rig.service.asked("POST", path)
    assert len(sent) == 1
    data = base64.b64decode(sent[0].json["signature"])
    der = rig.ada.certificate.public_bytes(Encoding.DER)
    return verify_attached(data, signer_certificate_der=der).content


def test_approve_signs_what_is_shown(rig: Rig) -> None:
    prepare_approval(rig)
    told = rig.seal("request", "approve", sample.REQUEST_ID, *rig.identity, stdin="y\n")
    assert told.status == 0, told.err
    content = signed(rig, f"{sample.REQUEST_PATH}/approval")
    approval = Approval.from_bytes(content)
    assert approval == expected_approval(approval.expires)
    assert (approval.expires_at - rig.now).total_seconds() == pytest.approx(600, abs=1)
    assert f"Fingerprint of your approval until {approval.expires}: {approval.fingerprint()}\n" in told.out
    assert told.out.endswith(
        f"Approved (1 of 1 approval). Request {sample.REQUEST_ID} is issued.\nCertificate 0102ff is valid until 2027-11-22 01:02 UTC.\n"
    )
    assert told.err == "Approve as Ada Example? [y/N] "


def test_answers_to_own_questions_are_shown_and_signed(rig: Rig) -> None:
    prepare_approval(rig, custom_fields=[["cost-center", "4711"]])
    filled_in = [{"name": "cost-center", "label": "Cost center", "value": "4711"}]
    rig.service.on("GET", sample.REQUEST_PATH, sample.request(custom_fields=filled_in))
    told = rig.seal("request", "approve", sample.REQUEST_ID, *rig.identity, stdin="y\n")
    assert told.status == 0, told.err
    assert Approval.from_bytes(signed(rig, f"{sample.REQUEST_PATH}/approval")).custom_fields == (("cost-center", "4711"),)
    assert "Cost center" in told.out
    assert "4711" in told.out


def test_answers_that_the_service_hides_are_not_signed(rig: Rig) -> None:
    prepare_approval(rig, custom_fields=[["cost-center", "4711"]])
    told = rig.seal("request", "approve", sample.REQUEST_ID, *rig.identity, stdin="y\n")
    assert told.status != 0
    assert rig.service.asked("POST", f"{sample.REQUEST_PATH}/approval") == []


def test_approve_without_asking_and_in_json(rig: Rig) -> None:
    prepare_approval(rig)
    told = rig.seal("request", "approve", sample.REQUEST_ID, "--yes", "--minutes", "60", "--json", *rig.identity)
    assert told.status == 0
    approval = Approval.from_bytes(signed(rig, f"{sample.REQUEST_PATH}/approval"))
    assert told.json["fingerprint"] == approval.fingerprint()
    assert told.json["certificate"]["serial"] == "0102ff"
    assert "Key SHA-256" in told.err  # What was signed has been shown, beside the JSON.
    assert (approval.expires_at - rig.now).total_seconds() == pytest.approx(3600, abs=1)


@pytest.mark.parametrize(("answer", "status"), [("n\n", 1), ("\n", 1), ("", 2)])
def test_whoever_does_not_say_yes_signs_nothing(rig: Rig, answer: str, status: int) -> None:
    prepare_approval(rig)
    told = rig.seal("request", "approve", sample.REQUEST_ID, *rig.identity, stdin=answer)
    assert told.status == status
    assert "Nothing was signed" in told.err or "nothing was done" in told.err
    assert rig.service.asked("POST", f"{sample.REQUEST_PATH}/approval") == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("names", ["dns:evil.test"]), ("lifetime_days", 730), ("approver", f"adm-{'8' * 32}"), ("service", "evil.test"), ("replaces", "0102")],
)
def test_when_the_service_wants_something_else_signed_nothing_is_signed(rig: Rig, field: str, value: object) -> None:
    prepare_approval(rig, None, **{field: value})
    told = rig.seal("request", "approve", sample.REQUEST_ID, "--yes", "--json", *rig.identity)
    assert told.status == 1
    assert told.json["error"]["kind"] == "approval-content"
    assert told.json["error"]["field"] == field
    assert field in told.err
    assert rig.service.asked("POST", f"{sample.REQUEST_PATH}/approval") == []


def test_an_approval_after_which_the_issue_fails_is_no_success(rig: Rig) -> None:
    failed = sample.request(state="failed", state_reason="All standard units are used.")
    prepare_approval(rig, {"request": failed, "approvals": 1, "approvals_needed": 1})
    told = rig.seal("request", "approve", sample.REQUEST_ID, "--yes", *rig.identity)
    assert told.status == 1
    assert told.err == "Your approval counts, but the certificate could not be issued: All standard units are used.\n"


def test_the_first_of_two_approvals(rig: Rig) -> None:
    prepare_approval(rig, {"request": sample.request(approvals_needed=2), "certificate": None, "approvals": 1, "approvals_needed": 2})
    told = rig.seal("request", "approve", sample.REQUEST_ID, "--yes", *rig.identity)
    assert told.out.endswith(f"Approved (1 of 2 approvals). Request {sample.REQUEST_ID} is waiting for a decision.\n")


def test_a_late_decision_is_told_in_the_words_of_the_service(rig: Rig) -> None:
    prepare_approval(rig)
    rig.service.on(
        "POST", f"{sample.REQUEST_PATH}/approval", problem(409, "request-state", "The request was rejected; it is too late to approve it.")
    )
    told = rig.seal("request", "approve", sample.REQUEST_ID, "--yes", *rig.identity)
    assert told.status == 1
    assert told.err == "The request was rejected; it is too late to approve it.\n"


SECOND_ID = f"req-{'2' * 32}"
THIRD_ID = f"req-{'3' * 32}"
APPROVALS = "/organizations/acme/approvals"


def prepare_many(rig: Rig, answer: Callable[[Seen], Reply], *request_ids: str) -> None:
    """Let the service show requests that differ in their id alone, and answer what is handed in together."""
    for request_id in request_ids:
        path = sample.REQUEST_PATH.replace(sample.REQUEST_ID, request_id)
        rig.service.on("GET", path, sample.request(id=request_id))

        def content(seen: Seen, request_id: str = request_id) -> Reply:
            return expected_approval(seen.query["expires"][0], request=request_id).to_bytes()

        rig.service.on("GET", f"{path}/approval-content", content)
    rig.service.on("POST", APPROVALS, answer)


def issued(seen: Seen) -> Reply:
    certificate = {"serial": "0102ff", "not_after": "2027-11-22T01:02:03Z"}
    done = {"state": "issued", "state_reason": "", "certificate": certificate, "approvals": 1, "approvals_needed": 1}
    return {"items": [{"request": item["request"], **done} for item in seen.json["approvals"]]}


def test_several_are_shown_asked_about_once_and_signed_one_by_one(rig: Rig) -> None:
    prepare_many(rig, issued, sample.REQUEST_ID, SECOND_ID)
    told = rig.seal("request", "approve", sample.REQUEST_ID, SECOND_ID, sample.REQUEST_ID, *rig.identity, stdin="y\n")
    assert told.status == 0, told.err
    [sent] = rig.service.asked("POST", APPROVALS)
    assert [item["request"] for item in sent.json["approvals"]] == [sample.REQUEST_ID, SECOND_ID]
    for item in sent.json["approvals"]:
        der = rig.ada.certificate.public_bytes(Encoding.DER)
        signed_content = verify_attached(base64.b64decode(item["signature"]), signer_certificate_der=der).content
        assert Approval.from_bytes(signed_content).request == item["request"]
    assert told.out.count("Fingerprint of your approval until") == 2
    assert f"Approved (1 of 1 approval). Request {SECOND_ID} is issued.\nCertificate 0102ff is valid until" in told.out
    assert told.err == "Approve these 2 requests as Ada Example? [y/N] "


def test_those_that_are_refused_are_told_and_the_others_approved(rig: Rig) -> None:
    def answer(_: Seen) -> Reply:
        problem = {"kind": "request-state", "detail": "The request was rejected; it is too late to approve it."}
        return {
            "items": [
                {"request": sample.REQUEST_ID, "state": "rejected", "problem": problem},
                {"request": SECOND_ID, "state": "failed", "state_reason": "No unit is left.", "approvals": 1, "approvals_needed": 1},
                {"request": THIRD_ID, "state": "pending", "approvals": 1, "approvals_needed": 2},
            ]
        }

    prepare_many(rig, answer, sample.REQUEST_ID, SECOND_ID, THIRD_ID)
    told = rig.seal("request", "approve", sample.REQUEST_ID, SECOND_ID, THIRD_ID, "--yes", *rig.identity)
    assert told.status == 1
    assert told.out.endswith(f"Approved (1 of 2 approvals). Request {THIRD_ID} is waiting for a decision.\n")
    assert told.err == (
        f"{sample.REQUEST_ID}: The request was rejected; it is too late to approve it.\n"
        f"{SECOND_ID}: Your approval counts, but the certificate could not be issued: No unit is left.\n"
    )
    told = rig.seal("request", "approve", sample.REQUEST_ID, SECOND_ID, THIRD_ID, "--yes", "--json", *rig.identity)
    assert (told.status, [item["request"] for item in told.json["items"]]) == (1, [sample.REQUEST_ID, SECOND_ID, THIRD_ID])
    assert len({item["fingerprint"] for item in told.json["items"]}) == 3


def test_when_one_is_not_what_is_shown_none_is_signed(rig: Rig) -> None:
    prepare_many(rig, issued, sample.REQUEST_ID, SECOND_ID)
    path = sample.REQUEST_PATH.replace(sample.REQUEST_ID, SECOND_ID)
    rig.service.on("GET", f"{path}/approval-content", lambda seen: expected_approval(seen.query["expires"][0]).to_bytes())
    told = rig.seal("request", "approve", sample.REQUEST_ID, SECOND_ID, "--yes", *rig.identity)
    assert told.status == 1
    assert rig.service.asked("POST", APPROVALS) == []


def test_more_than_the_service_takes_go_in_parts(rig: Rig) -> None:
    wanted = [f"req-{number:032x}" for number in range(43)]
    prepare_many(rig, issued, *wanted)
    told = rig.seal("request", "approve", *wanted, "--yes", "--json", *rig.identity)
    assert told.status == 0, told.err
    parts = [[item["request"] for item in sent.json["approvals"]] for sent in rig.service.asked("POST", APPROVALS)]
    assert [request for part in parts for request in part] == wanted
    assert len(parts) > 1
    assert all(len(part) <= 40 for part in parts)
    assert all(len(json.dumps(sent.json)) < 128 * 1024 for sent in rig.service.asked("POST", APPROVALS))


def test_a_service_that_is_lost_on_the_way_leaves_what_it_answered(rig: Rig) -> None:
    wanted = [f"req-{number:032x}" for number in range(43)]

    def answer(seen: Seen) -> Reply:
        return issued(seen) if len(rig.service.asked("POST", APPROVALS)) == 1 else problem(409, "organization-state", "It is suspended.")

    prepare_many(rig, answer, *wanted)
    told = rig.seal("request", "approve", *wanted, "--yes", "--json", *rig.identity)
    assert told.status == 1
    assert [item["request"] for item in told.json["items"]] == wanted
    assert (told.json["items"][0]["state"], told.json["items"][-1]["problem"]["kind"]) == ("issued", "organization-state")
    prepare_many(rig, lambda _: problem(409, "organization-state", "It is suspended."), *wanted[:2])
    told = rig.seal("request", "approve", *wanted[:2], "--yes", *rig.identity)
    assert (told.status, told.err) == (1, "It is suspended.\n")
    prepare_many(rig, lambda _: {"items": []}, *wanted[:2])
    assert "answers about other requests" in rig.seal("request", "approve", *wanted[:2], "--yes", *rig.identity).err


def test_deciding_needs_an_administrator_id_that_is_registered(rig: Rig) -> None:
    prepare_approval(rig)
    told = rig.seal("request", "approve", sample.REQUEST_ID, "--yes")
    assert told.status == 2
    assert "Give --certificate and --key" in told.err
    rig.service.on("GET", "/organizations/acme/administrators", {"items": [], "next": ""})
    told = rig.seal("request", "approve", sample.REQUEST_ID, "--yes", *rig.identity)
    assert told.status == 1
    assert told.err == "Your Administrator ID (Ada Example) is not registered for acme, so it can decide nothing there.\n"


def test_reject(rig: Rig) -> None:
    rig.service.on("GET", sample.REQUEST_PATH, sample.request())
    rig.service.on("POST", f"{sample.REQUEST_PATH}/rejection", sample.request(state="rejected", state_reason="Unknown host"))
    told = rig.seal("request", "reject", sample.REQUEST_ID, "--reason", "Unknown host", *rig.identity, stdin="yes\n")
    assert told.status == 0
    rejection = Rejection.from_bytes(signed(rig, f"{sample.REQUEST_PATH}/rejection"))
    assert (rejection.request, rejection.reason, rejection.approver) == (sample.REQUEST_ID, "Unknown host", ADMINISTRATOR_ID)
    assert rejection.service == SERVICE_ID
    assert told.out.endswith(f"Request {sample.REQUEST_ID} is rejected. Its contact gets the reason by mail.\n")
    told = rig.seal("request", "reject", sample.REQUEST_ID, "--reason", " ", "--yes", "--json", *rig.identity)
    assert told.status == 1
    assert told.json["error"]["kind"] == "statement-reason"


def test_hold_and_release(rig: Rig) -> None:
    asked = {"administrator": ADMINISTRATOR_ID, "question": "Which team?", "asked_at": "2026-11-22T01:02:03Z"}
    held = sample.request(state="held", state_reason="Which team?", questions=[asked])
    rig.service.on("POST", f"{sample.REQUEST_PATH}/hold", held)
    told = rig.seal("request", "hold", sample.REQUEST_ID, "--question", "Which team?", *rig.identity)
    assert told.out == f"Request {sample.REQUEST_ID} is held with a question to its contact, who gets it by mail.\n"
    assert rig.service.seen[-1].json == {"question": "Which team?"}
    rig.service.on("GET", sample.REQUEST_PATH, held)
    assert "Questions     2026-11-22 01:02 UTC  Which team? (no answer yet)\n" in rig.seal("request", "show", sample.REQUEST_ID).out
    answered = {**asked, "answer": "The web team.", "answered_at": "2026-11-22T02:02:03Z"}
    rig.service.on("GET", sample.REQUEST_PATH, sample.request(questions=[answered]))
    shown = rig.seal("request", "show", sample.REQUEST_ID).out
    assert "  Which team?\n              2026-11-22 02:02 UTC  Answer: The web team.\n" in shown
    rig.service.on("POST", f"{sample.REQUEST_PATH}/release", sample.request())
    told = rig.seal("request", "release", sample.REQUEST_ID, *rig.identity)
    assert told.out == f"Request {sample.REQUEST_ID} is waiting for a decision.\n"
    assert rig.service.seen[-1].json == {}
    refused = problem(409, "request-state", "The request is pending; it cannot be released.")
    rig.service.on("POST", f"{sample.REQUEST_PATH}/release", refused)
    told = rig.seal("request", "release", sample.REQUEST_ID, *rig.identity)
    assert (told.status, told.err) == (1, "The request is pending; it cannot be released.\n")


def test_hold_and_release_need_an_administrator_id(rig: Rig) -> None:
    for words in (("hold", sample.REQUEST_ID, "--question", "Which team?"), ("release", sample.REQUEST_ID)):
        told = rig.seal("request", *words)
        assert told.status == 2, told.err
        assert "Administrator ID" in told.err
    assert rig.seal("request", "hold", sample.REQUEST_ID, *rig.identity).status == 2, "without a question"


def test_answer(files: Rig) -> None:
    short = {"id": sample.REQUEST_ID, "state": "pending", "state_reason": "", "names": [], "created_at": "2026-11-22T01:02:03Z"}
    files.service.on("POST", f"{sample.REQUEST_PATH}/answer", short)
    told = files.seal("request", "answer", sample.REQUEST_ID, "--text", "The web team.", *phrase(files))
    assert told.out == f"Request {sample.REQUEST_ID} is waiting for a decision.\n"
    assert files.service.seen[-1].json == {"phrase": "seven green bottles", "answer": "The web team."}


def test_minutes_have_bounds(rig: Rig) -> None:
    prepare_approval(rig)
    assert rig.seal("request", "approve", sample.REQUEST_ID, "--minutes", "0", *rig.identity).status == 2


def test_ids_cannot_lead_elsewhere(rig: Rig, tmp_path: Path) -> None:
    del tmp_path
    rig.seal("request", "show", "../../../service")
    assert rig.service.seen[-1].path == "/api/v1/organizations/acme/requests/..%2F..%2F..%2Fservice"


def test_show_tells_the_fingerprint_of_somebody_elses_approval_with_a_token(rig: Rig) -> None:
    rig.service.on("GET", sample.REQUEST_PATH, sample.request())
    words = ("request", "show", sample.REQUEST_ID, "--approver", ADMINISTRATOR_ID)
    told = rig.seal(*words, "--expires", "2026-11-22T01:12:03Z", "--json")
    assert told.json["fingerprint"] == expected_approval("2026-11-22T01:12:03Z").fingerprint()
    assert rig.seal(*words).status == 2
    assert rig.seal("request", "show", sample.REQUEST_ID, "--expires", "2026-11-22T01:12:03Z", "--approver", "me").status == 2
