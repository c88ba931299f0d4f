"""A page asks the database as often for a full list as for a short one: what is told of each row is read for all rows together."""

from __future__ import annotations

import hashlib

import pytest
from starlette.testclient import TestClient

from privyseal.actions.house import About, perform
from privyseal.actions.organization.create_organization import create_organization
from privyseal.actions.organization.place_order import place_order
from privyseal.model.unit import UnitTier
from privyseal.store import administrators
from privyseal.store.outbox import outbox as letters
from tests.pages.browsing import ORG, PAGES, Browser, PagesRig
from tests.rigs.copies import Copies
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
    client = TestClient(pages.app, base_url=PAGES, headers={"Cookie": cookies}, follow_redirects=False)
    client.get(addresses[0])
    for address in addresses:
        with heard(pages.service.house.database) as said:
            answer = client.get(address)
        assert (answer.status_code, bool(said)) == (200, True), address
        counts[address] = len(said)
    return counts


def digest(*of: object) -> str:
    return hashlib.sha256(repr(of).encode()).hexdigest()


def copy_people(pages: PagesRig, person: AdministratorRig, numbers: range) -> None:
    """People with a credential each, and tokens, of the organization of this person."""
    with pages.service.house.database.write(pages.service.clock()) as tx:
        found = {
            table.name: dict(tx.execute(table.select().where(column == person.administrator.id)).one()._mapping)
            for table, column in (
                (administrators.administrators, administrators.administrators.c.id),
                (administrators.credentials, administrators.credentials.c.administrator_id),
            )
        }
        for number in numbers:
            whose = {"id": f"adm-{digest(number)[:32]}", "name": f"Person {number}", "email": f"person.{number}@{ORG}.test"}
            held = {"id": f"cred-{digest(number)[:32]}", "administrator_id": whose["id"], "certificate_sha256": digest("held", number)}
            tx.execute(administrators.administrators.insert(), found["administrators"] | whose)
            tx.execute(administrators.credentials.insert(), found["administrator_credentials"] | held)
            token = {"id": f"tok-{digest(number)[:32]}", "organization_id": person.administrator.organization_id, "name": f"Token {number}"}
            more = {"token_hash": digest("token", number), "scopes": "read", "created_at": tx.now, "expires_at": tx.now, "revoked_at": None}
            tx.execute(administrators.api_tokens.insert(), token | more)


def copy_provider_rows(pages: PagesRig, numbers: range) -> None:
    """Organizations with an order each, and letters that did not arrive."""
    service = pages.service
    for number in numbers:
        slug = f"copy-{number}"
        about = About("set-up", "", "organization", slug)
        place = {"country": "US", "state_or_province": "Kentucky", "locality": "Fort Thomas", "contact_email": f"contact@{slug}.test"}
        perform(service.house, OPERATOR, about, create_organization, slug=slug, name=f"Copy {number}", **place)
        perform(service.house, OPERATOR, about, place_order, slug, UnitTier.STANDARD, 5, "PO 3")
    with service.house.database.write(service.clock()) as tx:
        for number in numbers:
            letter = {"id": f"fact-{digest(number)[:32]}", "fact": "certificate-issued", "listener": "notices.issued", "payload": {}}
            tx.execute(letters.insert(), letter | {"created_at": tx.now, "dispatched_at": tx.now, "failure": "refused", "attempts": 1})


def test_lists_of_the_control_center(pages: PagesRig, mulder: AdministratorRig) -> None:
    browser = pages.signed_in(mulder)
    copies = Copies(pages.service, mulder)
    copies.add(FEW, FEW)
    copy_people(pages, mulder, range(FEW))
    few = asked(pages, browser, tuple(f"{CONSOLE}{way}" for way in CONSOLE_LISTS))
    copies.add(MANY, MANY)
    copy_people(pages, mulder, range(FEW, MANY))
    assert asked(pages, browser, tuple(few)) == few


def test_lists_of_the_provider(pages: PagesRig, vera: AdministratorRig) -> None:
    browser = pages.signed_in(vera)
    copy_provider_rows(pages, range(FEW))
    pages.service.integrate()
    few = asked(pages, browser, PROVIDER_LISTS)
    copy_provider_rows(pages, range(FEW, MANY // 2))
    pages.service.integrate()
    assert asked(pages, browser, PROVIDER_LISTS) == few
