"""A page asks the database as often for a full list as for a short one: what is told of each row is read for all rows together."""

from __future__ import annotations

import pytest

from privyseal.actions.house import About, perform
from privyseal.actions.organization.create_organization import create_organization
from privyseal.actions.organization.place_order import place_order
from privyseal.model.unit import UnitTier
from tests.pages.browsing import ORG, PAGES, Browser, PagesRig
from tests.rigs.app_client import AppClient
from tests.rigs.copies import Copies
from tests.rigs.crowds import copy_people, fail_letters
from tests.rigs.service import OPERATOR, AdministratorRig
from tests.rigs.statements import heard

FEW, MANY = 10, 200
CONSOLE = f"/o/{ORG}/console"
CONSOLE_LISTS = (
    "/",
    *(f"/requests?show={name}" for name in ("waiting", "held", "failed", "in-work", "issued", "rejected", "ended", "all")),
    "/requests?show=issued&name=host-1",
    *(f"/certificates?show={name}" for name in ("valid", "expiring", "revoked", "expired", "all")),
    "/certificates?text=host-1",
    "/certificates?text=dana@resource-marketing.test",
    "/administrators",
    "/tokens",
    "/audit",
    "/audit?action=complete-certificate",
    "/settings",
)
PROVIDER_LISTS = ("/provider/", "/provider/organizations", "/provider/orders", "/provider/undelivered", "/provider/log")

pytestmark = pytest.mark.timeout(240)


def asked(pages: PagesRig, browser: Browser, addresses: tuple[str, ...]) -> dict[str, int]:
    """How many statements each page needs; the first visit of all notes the use of the session."""
    counts = {}
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    client = AppClient(pages.app, base_url=PAGES, headers={"Cookie": cookies}, follow_redirects=False)
    client.get(addresses[0])
    for address in addresses:
        with heard(pages.service.house.database) as said:
            answer = client.get(address)
        assert (answer.status_code, bool(said)) == (200, True), address
        counts[address] = len(said)
    return counts


def more_asked(few: dict[str, int], many: dict[str, int]) -> dict[str, tuple[int, int]]:
    """The pages whose long list takes more statements; fewer are fine, because what was among the first rows is not among the newest."""
    return {address: (few[address], count) for address, count in many.items() if count > few[address]}


def copy_provider_rows(pages: PagesRig, numbers: range) -> None:
    """Organizations with an order each, and letters that did not arrive."""
    service = pages.service
    for number in numbers:
        slug = f"copy-{number}"
        about = About("set-up", "", "organization", slug)
        place = {"country": "US", "state_or_province": "Kentucky", "locality": "Fort Thomas", "contact_email": f"contact@{slug}.test"}
        perform(service.house, OPERATOR, about, create_organization, slug=slug, name=f"Copy {number}", **place)
        perform(service.house, OPERATOR, about, place_order, slug, UnitTier.STANDARD, 5, "PO 3")
    fail_letters(service, numbers)


def test_lists_of_the_control_center(pages: PagesRig, mulder: AdministratorRig) -> None:
    browser = pages.signed_in(mulder)
    copies = Copies(pages.service, mulder)
    copies.add(FEW, FEW)
    copy_people(pages.service, mulder, range(FEW))
    few = asked(pages, browser, tuple(f"{CONSOLE}{way}" for way in CONSOLE_LISTS))
    copies.add(MANY, MANY)
    copy_people(pages.service, mulder, range(FEW, MANY))
    assert more_asked(few, asked(pages, browser, tuple(few))) == {}


def test_lists_of_the_provider(pages: PagesRig, vera: AdministratorRig) -> None:
    browser = pages.signed_in(vera)
    copy_provider_rows(pages, range(FEW))
    pages.service.integrate()
    few = asked(pages, browser, PROVIDER_LISTS)
    copy_provider_rows(pages, range(FEW, MANY // 2))
    pages.service.integrate()
    assert more_asked(few, asked(pages, browser, PROVIDER_LISTS)) == {}
