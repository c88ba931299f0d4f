"""The confirmation page: reading changes nothing, pressing the button confirms, and it needs no script."""

from __future__ import annotations

import pytest

from privyseal.model.request import RequestState
from privyseal.reception.limits import BURST
from tests.pages.portal.portal_rig import HOME, NAME, PortalRig
from tests.rigs.service import make_csr, make_key

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
