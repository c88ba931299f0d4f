"""Prices of the provider: proposed and signed at the pages by two people of the provider, and by nobody else."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from privyseal.model.administrator import Role
from privyseal.model.unit import UnitTier
from privyseal.store import prices
from tests.pages.browsing import ORG, Browser, PagesRig, require_refused
from tests.pages.portal.portal_rig import Document
from tests.rigs.service import AdministratorRig

PRICE = {"tier": "standard", "amount": "12.50", "currency": "CHF"}


@pytest.fixture
def otto(pages: PagesRig) -> AdministratorRig:
    """Somebody else of the provider who sells."""
    return pages.service.administrator("", "Otto Operator", Role.PROVIDER_OPERATOR)


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


def costs(pages: PagesRig) -> int | None:
    with pages.service.house.database.read(pages.service.clock()) as tx:
        known = prices.newest(tx, UnitTier.STANDARD)
    return known.cents if known else None


def test_two_people_of_the_provider_set_a_price(pages: PagesRig, vera: AdministratorRig, otto: AdministratorRig) -> None:
    first, second = pages.signed_in(vera), pages.signed_in(otto)
    page = first.follow("/provider/prices/new", PRICE)
    assert "CHF" in Document(page.text).text
    answer = hand_in(pages, vera, first, page, "/provider/prices/proposed")
    assert answer.status_code == 303, Document(answer.text).problems
    place = answer.headers["location"]
    assert costs(pages) is None
    assert "Your signature is wanted" in second.get("/provider/changes").text
    assert hand_in(pages, otto, second, second.get(place), f"{place}/answers").status_code == 303
    assert costs(pages) == 1250
    assert "12.50" in Document(first.get("/provider/prices").text).text
    page = first.follow("/provider/prices/new", PRICE | {"amount": "13"})
    assert "version 1, which holds now" in Document(page.text).text


def test_refusing_a_price_needs_a_reason(pages: PagesRig, vera: AdministratorRig, otto: AdministratorRig) -> None:
    first, second = pages.signed_in(vera), pages.signed_in(otto)
    place = hand_in(pages, vera, first, first.follow("/provider/prices/new", PRICE), "/provider/prices/proposed").headers["location"]
    page = second.follow(f"{place}/refusal", {"reason": "Too dear"})
    assert hand_in(pages, otto, second, page, f"{place}/answers").status_code == 303
    assert "Too dear" in first.get(place).text
    assert costs(pages) is None


def test_amounts_of_no_sense_are_refused_at_their_field(pages: PagesRig, vera: AdministratorRig) -> None:
    browser = pages.signed_in(vera)
    for amount in ("", "much", "1.234", "-1", "1e9", "NaN", "Infinity", "9" * 12, "٣"):
        require_refused(browser.post("/provider/prices/new", PRICE | {"amount": amount}), 422, "amount")
    require_refused(browser.post("/provider/prices/new", PRICE | {"currency": "ZZZ"}), 422, "amount", "currency")


def test_who_does_not_sell_proposes_nothing(pages: PagesRig, vera: AdministratorRig, mulder: AdministratorRig) -> None:
    auditor = pages.signed_in(pages.service.administrator("", "Aud Auditor", Role.PROVIDER_AUDITOR))
    assert auditor.get("/provider/prices/new").status_code == 403
    assert "Propose a price" not in auditor.get("/provider/prices").text
    assert pages.signed_in(mulder).get("/provider/prices").status_code == 303


def test_the_provider_is_told_that_an_organization_decides_itself(
    pages: PagesRig, vera: AdministratorRig, mulder: AdministratorRig
) -> None:
    browser = pages.signed_in(vera)
    for path in ("policy", "policy/check", "policy/check?lifetimes_days=3&name=tls-server"):
        page = Document(browser.get(f"/provider/organizations/{ORG}/{path}").text).text
        assert "decides about its policies" in page
    assert "Its administrators decide about policies" in browser.get(f"/provider/organizations/{ORG}").text
    assert "New version" not in browser.get(f"/provider/organizations/{ORG}").text
    assert mulder.organization == ORG
