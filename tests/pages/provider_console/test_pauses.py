"""A CA is paused and goes on at the pages, by two people of the provider; an organization is told, and offered nothing that must fail."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from privyseal.model.administrator import Role
from privyseal.model.request import Request
from privyseal.store import authority_states
from tests.pages.browsing import ORG, Browser, PagesRig, require_refused
from tests.pages.portal.portal_rig import Document
from tests.rigs.changes import set_issuing
from tests.rigs.service import AdministratorRig, make_csr, make_key

PLACE = "/provider/authorities"
ISSUING = f"{PLACE}/issuing"
CONSOLE = f"/o/{ORG}/console"
NAME = f"www.{ORG}.test"


@pytest.fixture
def staff(pages: PagesRig, vera: AdministratorRig) -> list[AdministratorRig]:
    """Two who operate the CAs."""
    return [vera, pages.service.administrator("", "Otto Operator", Role.PROVIDER_OPERATOR)]


def kept(page: Any) -> dict[str, str]:  # noqa: ANN401 - the response type of the test client's library
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    return {name: html.unescape(text) for name, text in found if name != "answer"}


def hand_in(pages: PagesRig, person: AdministratorRig, browser: Browser, page: Any, place: str) -> Any:  # noqa: ANN401 - as above
    """Download what the page offers, sign it, hand the file in."""
    assert page.status_code == 200, Document(page.text).text
    values = kept(page)
    content = browser.post("/provider/statement", {"content": values["content"]})
    assert content.status_code == 200
    return browser.post(place, values, file=("signed", pages.service.sign(content.content, person)))


def is_paused(pages: PagesRig) -> bool:
    with pages.service.house.database.read(pages.service.clock()) as tx:
        return pages.service.house.issuing.id in authority_states.paused(tx)


def propose(pages: PagesRig, person: AdministratorRig, browser: Browser, reason: str) -> str:
    """Ask, sign, hand in; return where the change is shown."""
    asked = browser.get(f"{ISSUING}/state")
    page = browser.follow(f"{ISSUING}/state", {"wanted": kept(asked)["wanted"], "reason": reason})
    assert reason in Document(page.text).text
    answer = hand_in(pages, person, browser, page, f"{ISSUING}/proposed")
    assert answer.status_code == 303, Document(answer.text).problems
    return str(answer.headers["location"])


def submitted(pages: PagesRig) -> Request:
    return pages.service.submit(ORG, make_csr([NAME], make_key()))


def text_of(answer: Any) -> str:  # noqa: ANN401 - as above
    return Document(answer.text).text


def test_two_people_pause_it_and_let_it_go_on(pages: PagesRig, staff: list[AdministratorRig]) -> None:
    first, second = (pages.signed_in(person) for person in staff)
    assert "Never paused" in text_of(first.get(PLACE))
    place = propose(pages, staff[0], first, "The HSM is exchanged")
    assert not is_paused(pages)
    assert place in first.get(PLACE).text
    assert f"{ISSUING}/state" not in first.get(PLACE).text, "a second proposal of the same is not offered"
    shown = text_of(second.get(place))
    assert "Issuing CA" in shown
    assert "Paused: issues nothing" in shown
    assert f"seal authority sign {place.rsplit('/', 1)[-1]}" in second.get(place).text
    assert hand_in(pages, staff[1], second, second.get(place), f"{place}/answers").status_code == 303
    assert is_paused(pages)
    assert "The HSM is exchanged" in text_of(first.get(PLACE))
    assert "Issuing CA is paused." in text_of(first.get("/provider/"))
    place = propose(pages, staff[1], second, "The new HSM is there")
    assert hand_in(pages, staff[0], first, first.get(place), f"{place}/answers").status_code == 303
    assert not is_paused(pages)
    assert "Resumed" in text_of(first.get(PLACE))
    assert "is paused." not in text_of(first.get("/provider/"))


def test_a_reason_is_asked_for_and_what_was_typed_is_kept(pages: PagesRig, staff: list[AdministratorRig]) -> None:
    browser = pages.signed_in(staff[0])
    require_refused(browser.post(f"{ISSUING}/state", {"wanted": "pause", "reason": " "}), 422, "reason")
    require_refused(browser.post(f"{ISSUING}/state", {"wanted": "pause", "reason": "a\u202eb"}), 422, "reason")
    require_refused(browser.post(f"{ISSUING}/state", {"wanted": "pause", "reason": "x" * 501}), 422, "reason")
    long = browser.follow(f"{ISSUING}/state", {"wanted": "pause", "reason": "Two\r\nlines <b>of</b> it"})
    assert "Two lines <b>of</b> it" in Document(long.text).text
    assert "You have answered this before" in text_of(browser.get(f"{ISSUING}/state"))


def test_what_holds_already_is_refused_on_the_page(pages: PagesRig, staff: list[AdministratorRig]) -> None:
    """Somebody else was faster: the page that was open still says what it said, and tells that it is so already."""
    browser = pages.signed_in(staff[0])
    page = browser.follow(f"{ISSUING}/state", {"wanted": "pause", "reason": "The HSM is exchanged"})
    set_issuing(pages.service, staff, issues=False)
    late = hand_in(pages, staff[0], browser, page, f"{ISSUING}/proposed")
    assert late.status_code == 409
    answer = browser.post(f"{ISSUING}/state", {"wanted": "pause", "reason": "Again"})
    assert answer.status_code == 409
    assert "paused already" in text_of(answer)


def test_who_does_not_operate_is_offered_nothing(pages: PagesRig, staff: list[AdministratorRig], mulder: AdministratorRig) -> None:
    assert staff
    auditor = pages.signed_in(pages.service.administrator("", "Aud Auditor", Role.PROVIDER_AUDITOR))
    assert "Never paused" in text_of(auditor.get(PLACE))
    assert f"{ISSUING}/state" not in auditor.get(PLACE).text
    assert auditor.get(f"{ISSUING}/state").status_code == 403
    assert auditor.post(f"{ISSUING}/proposed", {"content": "x"}).status_code == 403
    assert pages.signed_in(mulder).get(f"{ISSUING}/state").status_code == 303


@pytest.mark.parametrize("name", ["administrators", "root", "test-root", "nobody", "issuing%00", "..", "x" * 60])
def test_no_other_ca_has_such_a_page(pages: PagesRig, vera: AdministratorRig, name: str) -> None:
    browser = pages.signed_in(vera)
    assert browser.get(f"{PLACE}/{name}/state").status_code == 404
    assert browser.post(f"{PLACE}/{name}/state", {"wanted": "pause", "reason": "So"}).status_code == 404


def test_an_organization_is_told_and_offered_no_approval(pages: PagesRig, staff: list[AdministratorRig], mulder: AdministratorRig) -> None:
    before, waiting = submitted(pages), submitted(pages)
    pages.service.approve(before, mulder)
    browser = pages.signed_in(mulder)
    offered = browser.get(f"{CONSOLE}/requests/{waiting.id}")
    assert "What you sign" in text_of(offered)
    assert "paused" not in text_of(browser.get(f"{CONSOLE}/"))
    set_issuing(pages.service, staff, issues=False)
    late = browser.post(
        f"{CONSOLE}/requests/{waiting.id}/approval",
        kept(offered),
        file=("signed", pages.service.sign(pages.service.approval_content(waiting, mulder), mulder)),
    )
    assert (late.status_code, late.headers["retry-after"]) == (503, "600")
    assert "The provider has paused the CA" in text_of(browser.get(f"{CONSOLE}/"))
    check = text_of(browser.get(f"{CONSOLE}/requests/{waiting.id}"))
    assert "What you sign" not in check
    assert "nothing can be approved now" in check
    assert "Reject with a reason" in check
    assert "issued by itself when it goes on" in text_of(browser.get(f"{CONSOLE}/requests/{before.id}"))
    assert "The HSM is exchanged" not in browser.get(f"{CONSOLE}/").text + browser.get(f"{CONSOLE}/requests/{before.id}").text
    stranger = pages.browser()
    assert "Issuing is paused at the provider" in text_of(stranger.get(f"/o/{ORG}/requests/{before.id}"))
    assert "paused" not in text_of(stranger.get(f"/o/{ORG}/requests/{waiting.id}"))
    set_issuing(pages.service, staff, issues=True)
    assert "paused" not in text_of(browser.get(f"{CONSOLE}/"))
    assert "What you sign" in text_of(browser.get(f"{CONSOLE}/requests/{waiting.id}"))
