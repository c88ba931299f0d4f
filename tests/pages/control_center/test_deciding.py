"""A request is decided in the control center: by passkey and by file, once, by who may, over the very bytes."""

from __future__ import annotations

import json

import pytest

from privyseal.actions.house import About, perform
from privyseal.actions.organization.add_policy import add_policy
from privyseal.actions.request.answer_question import answer_question
from privyseal.model.actor import ANONYMOUS
from privyseal.model.administrator import Role
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.proof import PhraseProof
from privyseal.model.request import RequestState
from tests.pages.control_center.console_rig import NAME, ORG, ConsoleRig, Desk, attribute, colleague, hidden
from tests.rigs.authenticator import Wrong
from tests.rigs.passkeys import PasskeyHolder
from tests.rigs.service import OPERATOR


def state(rig: ConsoleRig, request: object) -> RequestState:
    return rig.service.request(request).state  # type: ignore[arg-type] # a request of the rig


def test_a_passkey_approves_and_the_certificate_is_there(rig: ConsoleRig, paula: Desk) -> None:
    request = rig.submit()
    assert NAME in paula.get().text
    assert f"/requests/{request.id}" in paula.get("/requests").text
    answer = paula.approve(request)
    assert answer.status_code == 303, answer.text
    done = paula.get(answer.headers["location"])
    certificate = rig.service.certificate_of(request)
    assert certificate is not None
    assert f"/certificates/{certificate.serial_hex}" in done.text
    assert f"{NAME} is issued" in done.text
    assert "Paula Passkey" in done.text


def test_a_signed_file_approves(rig: ConsoleRig, fox: Desk) -> None:
    request = rig.submit()
    page = fox.page_of(request)
    assert "seal request approve" in page.text
    assert "openssl cms -sign \\\n  -binary -nodetach" in page.text
    assert "data-passkey" not in page.text, "somebody without a passkey is not asked for one"
    assert fox.approve(request).status_code == 303
    assert rig.service.certificate_of(request) is not None


def test_the_page_shows_what_is_signed(rig: ConsoleRig, paula: Desk) -> None:
    request = rig.submit(comment="For the new shop")
    page = paula.page_of(request)
    content = json.loads(hidden(page.text, "content"))
    assert content["approver"] == paula.who.administrator.id
    for shown in (NAME, "365 days", "dana@resource-marketing.test", "tls-server, version 1", "1 standard unit", "For the new shop"):
        assert shown in page.text, shown
    assert "was validated on" in page.text
    assert request.spki_sha256[:4] in page.text
    assert page.text.count("fingerprint-line") >= 1


def test_what_differs_from_the_certificate_before_is_marked(rig: ConsoleRig, fox: Desk) -> None:
    fox.approve(rig.submit())
    page = fox.page_of(rig.submit(lifetime_days=90))
    assert '<mark class="changed">90 days</mark>' in page.text
    assert "<del>365 days</del>" in page.text
    assert '<mark class="changed">dana' not in page.text
    assert "has a valid certificate already" in page.text


def test_a_changed_byte_approves_nothing(rig: ConsoleRig, paula: Desk) -> None:
    request = rig.submit()
    page = paula.page_of(request)
    sent = paula.sign_with_passkey(page)
    for old, new in (("365", "364"), (NAME, "xww.resource-marketing.test"), ("approve", "Approve"), ('"standard"', '"premium"')):
        assert old in sent["content"]
        answer = paula.send(f"/requests/{request.id}/approval", {**sent, "content": sent["content"].replace(old, new, 1)})
        assert answer.status_code == 422, (old, answer.text)
        assert "There is a problem" in answer.text
    assert state(rig, request) is RequestState.PENDING


def test_a_signature_over_other_bytes_than_shown_is_named(rig: ConsoleRig, paula: Desk) -> None:
    request, other = rig.submit(), rig.submit("shop.resource-marketing.test")
    sent = paula.sign_with_passkey(paula.page_of(other))
    answer = paula.send(f"/requests/{request.id}/approval", sent)
    assert answer.status_code == 422
    assert "names" in answer.text
    assert state(rig, request) is state(rig, other) is RequestState.PENDING


@pytest.mark.parametrize(
    "wrong", [Wrong(origin="https://evil.test"), Wrong(rp_id="evil.test"), Wrong(verified=False), Wrong(challenge=bytes(32))]
)
def test_a_passkey_used_elsewhere_approves_nothing(rig: ConsoleRig, paula: Desk, wrong: Wrong) -> None:
    request = rig.submit()
    answer = paula.send(f"/requests/{request.id}/approval", paula.sign_with_passkey(paula.page_of(request), wrong))
    assert answer.status_code == 422
    assert state(rig, request) is RequestState.PENDING


def test_junk_is_told_at_its_field(rig: ConsoleRig, fox: Desk) -> None:
    request = rig.submit()
    for signed in (b"junk", b"-----BEGIN CMS-----\nAAAA\n-----END CMS-----\n", b"\x30\x03\x02\x01\x01", b"\x00" * 5_000):
        answer = fox.send(f"/requests/{request.id}/approval", signed=signed)
        assert answer.status_code in {400, 422}, answer.text
        assert 'href="#signed"' in answer.text
    assert fox.send(f"/requests/{request.id}/approval").status_code == 400


def test_sent_twice_it_counts_once_and_the_second_is_told(rig: ConsoleRig, paula: Desk) -> None:
    request = rig.submit()
    sent = paula.sign_with_passkey(paula.page_of(request))
    first = paula.send(f"/requests/{request.id}/approval", sent)
    second = paula.send(f"/requests/{request.id}/approval", sent)
    assert first.status_code == 303
    if second.status_code == 303:
        assert "is issued" in paula.get(second.headers["location"]).text
    else:
        assert second.status_code in {409, 422}
        assert "The certificate of this request" in second.text


def test_a_page_that_is_out_of_date_says_what_happened(rig: ConsoleRig, paula: Desk, fox_too: Desk) -> None:
    request = rig.submit()
    old = fox_too.page_of(request)
    assert paula.approve(request).status_code == 303
    answer = fox_too.send(f"/requests/{request.id}/approval", fox_too.sign_with_passkey(old))
    assert answer.status_code == 409, answer.text
    assert "has its certificate" in answer.text
    assert "The certificate of this request" in answer.text
    assert fox_too.send(f"/requests/{request.id}/hold", {"question": "Why?"}).status_code == 409


@pytest.fixture
def fox_too(rig: ConsoleRig, paula: Desk) -> Desk:
    """A second administrator, invited by the first."""
    return rig.desk(colleague(paula, "Fox Mulder"))


@pytest.fixture
def two(rig: ConsoleRig) -> None:
    """A policy that asks for two approvals, of the set-up: ask for it before anybody."""
    perform(rig.service.house, OPERATOR, About("set-up", ORG, "policy", "new"), add_policy, ORG, PolicyDraft(name="two", approvals=2))


@pytest.mark.usefixtures("two")
def test_two_people_where_the_policy_asks_for_two(rig: ConsoleRig, paula: Desk, fox_too: Desk) -> None:
    request = rig.submit(policy="two")
    first = paula.approve(request)
    told = paula.get(first.headers["location"])
    assert "One more approval is needed, by another person." in told.text
    again = paula.page_of(request)
    assert "You have approved this request" in again.text
    assert "data-passkey" not in again.text
    second = fox_too.approve(request)
    assert "is issued" in fox_too.get(second.headers["location"]).text
    assert rig.service.certificate_of(request) is not None


def test_while_the_issuer_is_away_the_approval_is_kept(rig: ConsoleRig, paula: Desk) -> None:
    request = rig.submit()
    rig.issuer.is_away = True
    answer = paula.approve(request)
    assert "as soon as it is back" in paula.get(answer.headers["location"]).text
    assert state(rig, request) in {RequestState.APPROVED, RequestState.ISSUING}


def test_nobody_decides_about_his_own(rig: ConsoleRig, paula: Desk) -> None:
    request = rig.submit(contact_email=paula.who.administrator.email)
    page = paula.page_of(request)
    assert "This is your own request" in page.text
    assert "data-passkey" not in page.text


def test_a_rejection_is_signed_and_its_reason_kept(rig: ConsoleRig, paula: Desk) -> None:
    request = rig.submit()
    reason = "Mail servers get their certificates from the mail team's desk."
    empty = paula.send(f"/requests/{request.id}/rejection", {"reason": " "})
    assert (empty.status_code, 'href="#reason"' in empty.text) == (422, True)
    page = paula.follow(f"/requests/{request.id}/rejection", {"reason": reason})
    assert json.loads(hidden(page.text, "content"))["reason"] == reason
    answer = paula.send(f"/requests/{request.id}/rejected", {**paula.sign_with_passkey(page), "reason": reason})
    assert answer.status_code == 303, answer.text
    assert "is rejected" in paula.get(answer.headers["location"]).text
    after = rig.service.request(request)
    assert (after.state, after.state_reason) == (RequestState.REJECTED, reason)


def test_a_rejection_by_file(rig: ConsoleRig, fox: Desk) -> None:
    request = rig.submit()
    page = fox.follow(f"/requests/{request.id}/rejection", {"reason": "No"})
    assert fox.send(f"/requests/{request.id}/rejected", {"reason": "No"}, b"junk").status_code == 422
    assert fox.send(f"/requests/{request.id}/rejected", {"reason": "No"}, fox.sign_file(page)).status_code == 303
    assert state(rig, request) is RequestState.REJECTED


def test_a_question_holds_until_it_is_answered(rig: ConsoleRig, paula: Desk) -> None:
    request = rig.submit()
    answer = paula.send(f"/requests/{request.id}/hold", {"question": "Is the second server\r\nin place?"})
    assert answer.status_code == 303, answer.text
    assert "The question is on its way" in paula.get(answer.headers["location"]).text
    assert rig.service.request(request).state_reason == "Is the second server in place?"
    proof = PhraseProof(request.organization_id, request.id)
    perform(
        rig.service.house, ANONYMOUS, About("answer-question", ORG, "request", request.id), answer_question, ORG, proof, "Yes, since May."
    )
    page = paula.page_of(request)
    assert "Yes, since May." in page.text
    assert state(rig, request) is RequestState.PENDING
    paula.send(f"/requests/{request.id}/hold", {"question": "And the third?"})
    assert paula.send(f"/requests/{request.id}/release").status_code == 303
    assert paula.approve(request).status_code == 303
    assert state(rig, request) is RequestState.ISSUED


def test_a_held_request_can_be_approved(rig: ConsoleRig, paula: Desk) -> None:
    request = rig.submit()
    paula.send(f"/requests/{request.id}/hold", {"question": "Really?"})
    assert paula.approve(request).status_code == 303
    assert state(rig, request) is RequestState.ISSUED
    late = paula.send(f"/requests/{request.id}/release")
    assert late.status_code == 409


def test_who_may_only_read_is_offered_nothing_and_refused(rig: ConsoleRig, paula: Desk) -> None:
    request = rig.submit()
    reader = rig.desk(colleague(paula, "Rita Reader", Role.READ_ONLY))
    page = reader.page_of(request)
    assert page.status_code == 200
    for offer in ("data-passkey", "/rejection", "/hold", "Your decision", 'type="checkbox"'):
        assert offer not in page.text, offer
    assert 'type="checkbox"' not in reader.get("/requests").text
    sent = paula.sign_with_passkey(paula.page_of(request))
    assert reader.send(f"/requests/{request.id}/approval", sent).status_code == 403
    assert reader.get(f"/requests/{request.id}/rejection").status_code == 403
    assert reader.get("/audit").status_code == 403
    assert "Audit log" not in reader.get().text
    assert state(rig, request) is RequestState.PENDING


def test_another_organization_finds_nothing(rig: ConsoleRig, fox: Desk, helen: Desk) -> None:
    request = rig.submit()
    fox.approve(request)
    certificate = rig.service.certificate_of(request)
    assert certificate is not None
    for path in (f"/requests/{request.id}", f"/certificates/{certificate.serial_hex}", f"/administrators/{fox.who.administrator.id}"):
        assert helen.get(path).status_code == 404, path
        foreign = helen.get(f"/o/{ORG}/console{path}")
        assert (foreign.status_code, "/sign-in" in foreign.headers.get("location", "")) == (303, True)
    for path in (f"/requests/{request.id}/approval", f"/requests/{request.id}/hold", f"/certificates/{certificate.serial_hex}/revoked"):
        assert helen.send(path, {"question": "Mine?", "reason": "superseded"}, b"\x30\x00").status_code in {400, 404, 422}
    assert NAME not in helen.get("/requests", show="all").text
    assert NAME not in helen.get("/certificates", show="all").text


def test_several_are_checked_one_after_the_other(rig: ConsoleRig, paula: Desk) -> None:
    first, second, third = (rig.submit(f"{word}.resource-marketing.test") for word in ("one", "two", "three"))
    answer = paula.client().get(f"{paula.home}/requests/chosen", params={"id": [first.id, second.id, third.id]})
    page = paula.get(answer.headers["location"])
    assert "2 left" in page.text
    for request, left in ((first, "1 left"), (second, "Skip the last chosen request")):
        done = paula.send(
            page.text.partition("data-passkey")[0].rpartition('action="')[2].partition('"')[0].replace("&amp;", "&"),
            paula.sign_with_passkey(page),
        )
        page = paula.get(done.headers["location"])
        assert f"Issued</span> {request.names[0][1]}" in page.text
        assert left in page.text
    skipped = paula.get(page.text.partition(">Skip the last")[0].rpartition('href="')[2].replace("&amp;", "&"))
    assert "2 approved, 1 skipped or decided otherwise" in skipped.text
    assert state(rig, third) is RequestState.PENDING
    assert paula.client().get(f"{paula.home}/requests/chosen").headers["location"] == f"{paula.home}/requests"


def test_the_line_to_compare_works_for_somebody_with_a_passkey(rig: ConsoleRig, paula: Desk) -> None:
    page = paula.page_of(rig.submit())
    assert f"--approver {paula.who.administrator.id}" in page.text
    assert "That needs an Administrator ID, and you have none" in page.text


def test_what_a_colleague_was_to_sign_is_told_by_names(rig: ConsoleRig, paula: Desk) -> None:
    request = rig.submit()
    newcomer = rig.desk(colleague(paula, "Nick Newcomer"))
    hers = paula.page_of(request).text
    options = json.loads(attribute(newcomer.page_of(request).text, "data-options"))
    options["challenge"] = json.loads(attribute(hers, "data-options"))["challenge"]
    assert isinstance(newcomer.who, PasskeyHolder)
    sent = {"answer": newcomer.who.device.get(json.dumps(options)), "content": hidden(hers, "content"), "challenge": ""}
    told = newcomer.send(f"/requests/{request.id}/approval", sent)
    assert told.status_code == 422
    assert "It is signed as Paula Passkey; you are signed in as Nick Newcomer." in told.text
