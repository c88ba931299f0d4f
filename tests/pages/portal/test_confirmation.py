"""The confirmation page: reading changes nothing, pressing the button confirms, and it needs no script."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from privyseal.model.request import RequestState
from privyseal.reception.limits import BURST
from privyseal.store import outbox
from tests.pages.portal.portal_rig import HOME, NAME, PortalRig
from tests.rigs.service import PHRASE, make_csr, make_key

NOBODY = f"{HOME}/confirm/req-{'0' * 32}"


def received(portal: PortalRig) -> tuple[str, str, str]:
    """Address of the page, code, id of a request that waits for its confirmation."""
    request_id = portal.submit()
    return f"{HOME}/confirm/{request_id}", portal.mailed_code(request_id), request_id


def test_reading_the_page_changes_nothing_and_the_button_confirms(portal: PortalRig) -> None:
    address, code, request_id = received(portal)
    pages = [portal.get(address, code=code) for _ in range(3)]
    assert [page.status for page in pages] == [200] * 3
    assert portal.client.head(address).status_code == 200
    assert portal.request(request_id).state is RequestState.UNCONFIRMED
    assert pages[0].page.fields == {"code": code}
    for _ in range(2):
        done = portal.post(address, pages[0].page.fields)
        assert (done.status, done.address) == (200, f"{address}/done")
        assert "is confirmed" in done.text
        assert "Resource Marketing, Inc." in done.text
        assert f"{HOME}/requests/{request_id}" in done.page.links
    assert portal.request(request_id).state is RequestState.PENDING


def test_the_page_keeps_its_code_to_itself(portal: PortalRig) -> None:
    page = portal.get(NOBODY)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["referrer-policy"] == "no-referrer", "the code stands in the address"
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("code", ["", "short", "x" * 53, '"><script>alert(1)</script>', "é" * 52, "x" * 5000, "%00" * 43, "\0" * 52])
def test_a_code_out_of_form_is_a_sentence(portal: PortalRig, code: str) -> None:
    wrong = portal.post(NOBODY, {"code": code})
    assert wrong.status == 422
    assert wrong.page.problems == ["The code has 52 letters and digits. Copy it from the newest mail."]
    assert "alert(1)" not in wrong.page.source
    assert portal.get(NOBODY, code=code[:200]).page.fields == {"code": ""}


def test_a_wrong_code_confirms_nothing_and_is_kept_in_the_form(portal: PortalRig) -> None:
    address, _, request_id = received(portal)
    wrong = portal.post(address, {"code": "x" * 52})
    assert (wrong.status, wrong.page.fields) == (404, {"code": "x" * 52})
    assert "newest mail" in wrong.page.problems[0]
    assert portal.request(request_id).state is RequestState.UNCONFIRMED


def test_a_code_opens_only_its_own_request(portal: PortalRig) -> None:
    _, code, _ = received(portal)
    other = portal.submit(make_csr([f"b.{NAME}"], make_key()))
    assert portal.post(f"{HOME}/confirm/{other}", {"code": code}).status == 404
    assert portal.post(f"/o/nobody/confirm/{other}", {"code": code}).status == 404
    assert portal.request(other).state is RequestState.UNCONFIRMED


def test_pressing_too_often_is_slowed_down(portal: PortalRig) -> None:
    answers = 0
    while (answer := portal.post(NOBODY, {"code": "x" * 52})).status == 404:
        answers += 1
    assert answer.status == 429
    assert answers < 3 * BURST
    assert int(answer.headers["retry-after"]) > 0


def test_an_address_of_nothing(portal: PortalRig) -> None:
    assert portal.get(f"{HOME}/confirm/req-1").status == 404
    assert portal.get(f"{HOME}/confirm/req-{'0' * 32}%00").status == 404
    assert portal.post(f"{HOME}/confirm/req-1", {"code": "x" * 52}).status == 404


def test_a_request_that_was_taken_back_is_not_confirmed(portal: PortalRig) -> None:
    address, code, request_id = received(portal)
    portal.send(f"{HOME}/requests/{request_id}/withdraw", {"phrase": PHRASE})
    shown = portal.get(address, code=code)
    assert (shown.status, shown.page.fields) == (200, {}), "there is no form any more"
    assert "nothing to confirm" in shown.text
    pressed = portal.post(address, {"code": code})
    assert pressed.status == 409
    assert "was taken back" in pressed.page.problems[0]
    done = portal.get(f"{address}/done")
    assert "is confirmed" not in done.text
    assert "Withdrawn" in done.text


def test_the_last_page_tells_where_the_request_stands(portal: PortalRig) -> None:
    address, code, request_id = received(portal)
    assert "not confirmed yet" in portal.get(f"{address}/done").text
    portal.confirm(request_id)
    assert "is confirmed" in portal.get(address, code=code).text, "the link of the mail, opened once more"
    portal.issue(request_id)
    late = portal.get(f"{address}/done")
    assert "Issued" in late.text
    assert portal.post(address, {"code": code}).status == 200
    assert portal.get(f"{NOBODY}/done").status == 404


def codes(portal: PortalRig, request_id: str) -> list[str]:
    """The codes mailed for a request, in the order in which they went out."""
    with portal.service.house.database.read(portal.service.clock()) as tx:
        rows = tx.execute(sa.select(outbox.outbox.c.payload).order_by(outbox.outbox.c.id))
        return [row.payload["code"] for row in rows if row.payload.get("request") == request_id and "code" in row.payload]


def test_the_mail_is_sent_again_a_few_times_and_its_newest_code_counts(portal: PortalRig) -> None:
    address, first, request_id = received(portal)
    place = f"{HOME}/requests/{request_id}"
    sent = portal.post(f"{place}/code", {"again": "yes"})
    assert (sent.status, sent.address, "on its way" in sent.text) == (200, place, True)
    portal.post(f"{place}/code", {"again": "yes"})
    assert len(codes(portal, request_id)) == 2, "pressed twice within a minute is one letter"
    assert portal.post(address, {"code": first}).status == 404
    for _ in range(2):
        portal.service.clock.advance(timedelta(minutes=2))
        assert portal.post(f"{place}/code", {"again": "yes"}).status == 200
    portal.service.clock.advance(timedelta(minutes=2))
    refused = portal.post(f"{place}/code", {"again": "yes"})
    assert (refused.status, len(codes(portal, request_id))) == (429, 4)
    assert "three times" in refused.page.problems[0]
    portal.service.clock.advance(timedelta(days=1, minutes=1))
    assert portal.post(f"{place}/code", {"again": "yes"}).status == 200
    newest = codes(portal, request_id)[-1]
    assert portal.post(address, {"code": newest}).status == 200
    assert portal.request(request_id).state is RequestState.PENDING
    late = portal.post(f"{place}/code", {"again": "yes"})
    assert (late.status, len(codes(portal, request_id))) == (409, 5)
    assert "Send it again" not in portal.get(place).text
