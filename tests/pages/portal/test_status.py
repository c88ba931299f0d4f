"""A request as its sender sees it: state in words, taking back, picking up, wrong phrases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from privyseal.actions.house import About, perform
from privyseal.actions.request.hold_request import hold_request
from privyseal.model.proof import FREE_MISSES
from privyseal.model.request import RequestEvent, RequestState
from privyseal.store import requests
from tests.pages.portal.portal_rig import HOME, NAME, ORG, OTHER, PortalRig
from tests.rigs.service import PHRASE, make_csr, make_key


def test_whoever_has_the_address_sees_names_and_state_and_no_person(portal: PortalRig) -> None:
    request_id = portal.submit()
    page = portal.get(f"{HOME}/requests/{request_id}")
    assert NAME in page.text
    assert "Waiting for you" in page.text
    assert "Dana" not in page.page.source
    assert "dana@" not in page.page.source
    portal.service.create_organization(OTHER, name="Hoffman & Brandt", domains=("hoffman-brandt.test",))
    for place in ("", "/state", "/received", "/withdraw"):
        assert portal.get(f"/o/{OTHER}/requests/{request_id}{place}").status == 404
        assert portal.get(f"{HOME}/requests/req-{'0' * 32}{place}").status == 404
        assert portal.get(f"{HOME}/requests/x{place}").status == 404


def test_the_page_looks_again_by_itself_until_nothing_moves(portal: PortalRig) -> None:
    request_id = portal.submit()
    place = f"{HOME}/requests/{request_id}"
    page = portal.get(place)
    assert ("hx-get", f"{place}/state?seen=unconfirmed") in page.page.attributes
    same = portal.get(f"{place}/state", seen="unconfirmed")
    assert "hx-redirect" not in same.headers
    assert "htmx" in page.page.source
    portal.confirm(request_id)
    part = portal.get(f"{place}/state", seen="unconfirmed")
    assert "html" not in part.page.tags
    assert part.headers["hx-redirect"] == place, "another state changes more than this part"
    assert ("hx-get", f"{place}/state?seen=pending") in part.page.attributes
    portal.issue(request_id)
    last = portal.get(f"{place}/state", seen="pending")
    assert last.headers["hx-redirect"] == place
    assert "hx-get" not in dict(last.page.attributes)
    assert not {"htmx", "refresh"} & set(portal.get(place).page.source.replace('"', " ").split())


def test_what_is_issued_is_not_taken_back_but_revoked(portal: PortalRig) -> None:
    request_id, certificate = portal.issued()
    page = portal.get(f"{HOME}/requests/{request_id}/withdraw")
    assert "If you do not want it, revoke it." in page.text
    assert f"{HOME}/certificates/{certificate.serial_hex}/revoke" in page.page.links


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ((RequestEvent.CONFIRM,), "Waiting for a decision"),
        ((RequestEvent.CONFIRM, RequestEvent.HOLD), "Waiting for an answer"),
        ((RequestEvent.CONFIRM, RequestEvent.APPROVE), "Approved"),
        ((RequestEvent.CONFIRM, RequestEvent.APPROVE, RequestEvent.PREPARE), "Being issued"),
        ((RequestEvent.CONFIRM, RequestEvent.APPROVE, RequestEvent.FAIL), "Not issued"),
        ((RequestEvent.REJECT,), "Rejected"),
        ((RequestEvent.LAPSE,), "Lapsed"),
        ((RequestEvent.WITHDRAW,), "Withdrawn"),
    ],
)
def test_every_state_has_words(portal: PortalRig, events: tuple[RequestEvent, ...], words: str) -> None:
    request_id = portal.submit()
    for event in events:
        with portal.service.house.database.write(portal.service.clock()) as tx:
            assert requests.happen(tx, [request_id], event, "Because <b>of</b> it")
    page = portal.get(f"{HOME}/requests/{request_id}")
    assert words in page.text
    assert "Because <b>of</b> it" in page.text
    for place in ("/state", "/received", "/withdraw", "/answer"):
        assert portal.get(f"{HOME}/requests/{request_id}{place}").status == 200


def test_taking_back(portal: PortalRig) -> None:
    request_id = portal.submit()
    place = f"{HOME}/requests/{request_id}"
    wrong = portal.send(f"{place}/withdraw", {"phrase": "red kettle 9"})
    assert (wrong.status, len(wrong.page.problems)) == (422, 1)
    assert wrong.page.problems[0].startswith("This is not the phrase chosen with the request.")
    assert wrong.page.fields == {"phrase": ""}
    missing = portal.send(f"{place}/withdraw", {"phrase": ""})
    assert (missing.status, len(missing.page.problems)) == (422, 1)
    done = portal.send(f"{place}/withdraw", {"phrase": PHRASE})
    assert (done.address, "Withdrawn" in done.text) == (place, True)
    assert portal.request(request_id).state is RequestState.WITHDRAWN
    late = portal.post(f"{place}/withdraw", {"phrase": PHRASE})
    assert late.status == 409
    assert "too late" in late.text


def test_a_question_is_answered_with_the_phrase(portal: PortalRig) -> None:
    request_id = portal.submit()
    portal.confirm(request_id)
    place = f"{HOME}/requests/{request_id}"
    assert "No question waits" in portal.get(f"{place}/answer").text
    fox = portal.service.administrator(ORG)
    asked = "Is <b>www</b> the shop?"
    perform(portal.service.house, fox.actor, About("hold-request", ORG, "request", request_id), hold_request, ORG, request_id, asked)
    assert f"{place}/answer" in portal.get(place).page.links
    assert f"Question: {asked}" in portal.get(f"{place}/state").text
    wrong = portal.send(f"{place}/answer", {"answer": "Yes, it is", "phrase": "red kettle 9"})
    assert (wrong.status, wrong.page.fields) == (422, {"answer": "Yes, it is", "phrase": ""})
    empty = portal.send(f"{place}/answer", {"answer": "", "phrase": PHRASE})
    assert (empty.status, empty.page.problems) == (422, ["The answer is missing."])
    assert portal.send(f"{place}/answer", {"answer": "Yes, it is", "phrase": PHRASE}).address == place
    assert portal.request(request_id).state is RequestState.PENDING
    late = portal.post(f"{place}/answer", {"answer": "Once more", "phrase": PHRASE})
    assert late.status == 409


def test_too_many_wrong_phrases_have_to_wait(portal: PortalRig) -> None:
    request_id, _ = portal.issued()
    place = f"{HOME}/requests/{request_id}"
    for _ in range(FREE_MISSES):
        assert portal.send(place, {"phrase": "red kettle 9"}).status == 422
    locked = portal.send(place, {"phrase": PHRASE})
    assert locked.status == 429
    assert int(locked.headers["retry-after"]) > 0
    assert "wrong 5 times" in locked.page.problems[0]
    assert "Pick the certificate up" in locked.text
    portal.service.clock.advance(timedelta(minutes=2))
    portal.service.integrate()
    assert portal.send(place, {"phrase": PHRASE}).address.endswith("/install")


def test_picking_up_needs_a_certificate(portal: PortalRig) -> None:
    request_id = portal.submit()
    early = portal.post(f"{HOME}/requests/{request_id}", {"phrase": PHRASE})
    assert early.status == 409
    assert "There is no certificate yet" in early.page.problems[0]


def test_following_by_number(portal: PortalRig) -> None:
    request_id = portal.submit()
    for typed in (request_id, f"  {request_id.upper()} ", f"https://localhost:8443{HOME}/requests/{request_id}"):
        assert portal.send(f"{HOME}/follow", {"number": typed}).address == f"{HOME}/requests/{request_id}"
    wrong = portal.send(f"{HOME}/follow", {"number": "4711"})
    assert (wrong.status, wrong.page.fields) == (422, {"number": "4711"})
    assert portal.send(f"{HOME}/follow", {"number": f"req-{'0' * 32}"}).status == 404


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
def test_a_database_that_is_locked_is_said_and_nothing_typed_is_lost(portal: PortalRig) -> None:
    draft = portal.fill()
    # Somebody else writes, and does not come to an end.
    with portal.service.house.database.writer.begin():
        answer = portal.post(f"{draft}/contact", {"contact_name": "Dana Scully", "contact_email": "d@resource-marketing.test"})
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.page.fields["contact_email"] == "d@resource-marketing.test"


@pytest.mark.parametrize("org", ["nobody", "NOBODY", "x" * 60, "a%00b", "..%2f"])
def test_an_organization_that_does_not_exist(portal: PortalRig, org: str) -> None:
    for place in ("/", "/enroll", "/domains", "/search", "/follow", f"/requests/req-{'0' * 32}"):
        assert portal.get(f"/o/{org}{place}").status == 404


def test_an_organization_that_is_not_active_is_not_there(portal: PortalRig) -> None:
    portal.service.create_organization(OTHER, name="Hoffman & Brandt", domains=("hoffman-brandt.test",), units=0, vet=False)
    for place in ("/", "/enroll", "/domains", "/search"):
        page = portal.get(f"/o/{OTHER}{place}")
        assert page.status == 404
        assert "Hoffman" not in page.text
    assert portal.post(f"/o/{OTHER}/enroll", {"platform": "nginx"}).status == 404


def test_every_page_says_who_helps(portal: PortalRig) -> None:
    request_id, certificate = portal.issued()
    draft = portal.fill(make_csr([f"b.{NAME}"], make_key()))
    serial = certificate.serial_hex
    addresses = [f"{HOME}{place}" for place in ("/", "/domains", "/enroll", "/search", "/follow", f"/requests/{request_id}")]
    addresses += [f"{draft}/{step}" for step in ("server", "names", "csr", "csr/seen", "use", "contact", "check")]
    addresses += [f"{HOME}/certificates/{serial}{place}" for place in ("", "/install", "/replace", "/revoke")]
    for address in addresses:
        page = portal.get(address)
        assert page.status == 200, address
        assert "mailto:contact@resource-marketing.test" in page.page.links, address
        assert "mailto:help@provider.test" in page.page.links, address
        assert page.page.tags.count("h1") == 1, address


def test_domain_names_are_listed_with_their_state(portal: PortalRig) -> None:
    page = portal.get(f"{HOME}/domains")
    assert "resource-marketing.test" in page.text
    assert "Validated" in page.text
    portal.service.clock.advance(timedelta(days=399))
    portal.service.integrate()
    assert "Not validated" in portal.get(f"{HOME}/domains").text
    assert "No domain name of your organization is validated" in portal.get(f"{portal.start(names='')}/names").text


def test_the_public_files_need_no_phrase_and_the_phrase_records_the_pick_up(portal: PortalRig) -> None:
    request_id, certificate = portal.issued()
    place = f"{HOME}/requests/{request_id}"
    page = portal.get(place)
    assert "Show the certificate and its files" in page.text
    assert f"{HOME}/certificates/{certificate.serial_hex}" in page.page.links
    assert "I no longer have the phrase" in page.text
    assert "Pick the certificate up with your challenge phrase" not in page.text
    assert portal.get(f"{HOME}/certificates/{certificate.serial_hex}/files/chain").status == 200
    picked = portal.service.certificate_of(portal.request(request_id))
    assert picked is not None
    assert picked.picked_up_at is None
    portal.send(place, {"phrase": PHRASE})
    picked = portal.service.certificate_of(portal.request(request_id))
    assert picked is not None
    assert picked.picked_up_at is not None
