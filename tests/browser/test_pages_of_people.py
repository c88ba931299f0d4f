"""Pages about people that no other test opens: the own sign-on, access reviews, the provider's people, its prices; each state looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from privyseal.actions.house import About, perform
from privyseal.actions.sign_on.set_sign_on import set_sign_on
from privyseal.model.actor import administrator_actor
from privyseal.model.identifiers import AdministratorId, SignOnLinkId
from privyseal.model.sign_on import SignOnLink, SignOnSettings
from privyseal.store import administrators, organizations, sign_ons
from tests.browser.people import World, sign_file, sign_in_with_certificate
from tests.browser.test_pages_of_departments_and_roles import provider_desk
from tests.browser.test_pages_of_the_console import at_the_desk, show
from tests.browser.test_pages_of_the_portal import FREE, gallery, refuse, sqlite
from tests.rigs.browser import Chromium, Window, look
from tests.rigs.reviews import open_review

ISSUER = "https://login.gallery.test/realms/everybody-who-works-for-the-gallery-of-long-names"


def set_up(world: World) -> None:
    """Set a sign-on whose provider nobody can reach from here, and link the first administrator with it."""
    house, (person_id, fingerprint) = world.service.house, world.credential("gallery")
    with house.database.read(datetime.now(UTC)) as tx:
        person = administrators.get(tx, AdministratorId(person_id))
        organization = organizations.require(tx, "gallery")
    assert person is not None
    settings = SignOnSettings(ISSUER, "privyseal", "a secret of the client")
    about = About("set-sign-on", "gallery", "sign-on", "new")
    perform(house, administrator_actor(person, fingerprint, ""), about, set_sign_on, "gallery", settings)
    with house.database.write(datetime.now(UTC)) as tx:
        link = SignOnLink(SignOnLinkId(house.id("lnk", tx.now)), organization.id, person.id, "0" * 64, tx.now, fingerprint)
        assert sign_ons.insert_link(tx, link)


@sqlite
def test_the_own_sign_on(world: World, chromium: Chromium, tmp_path: Path) -> None:
    """Not set up, refused, set up and linked; what each administrator sees of it; its end."""
    gallery(world)
    window = at_the_desk(world, chromium, tmp_path)
    show(world, window, "sign-on", "console-sign-on-empty", small=True)
    window.expect("503 POST")
    window.fill(issuer="https://login.gallery.test", client_id="privyseal", client_secret="a secret")
    refuse(window, "Check and set", "console-sign-on-error", small=True)
    window.open(f"{world.portal('gallery')}account/sign-on")
    look(window.page, "account-sign-on-empty")
    set_up(world)
    show(world, window, "sign-on", "console-sign-on", small=True)
    window.open(f"{world.portal('gallery')}account")
    look(window.page, "account-linked", small=True)
    window.open(f"{world.portal('gallery')}account/sign-on")
    look(window.page, "account-sign-on", small=True)
    stranger = chromium.window()
    stranger.open(f"{world.portal('gallery')}sign-in")
    look(stranger.page, "sign-in-with-own-sign-on", small=True)
    person, _ = world.credential("gallery")
    show(world, window, f"administrators/{person}", "console-person-linked")
    show(world, window, "sign-on/removal", "console-sign-on-removal")
    window.press("Remove it")
    assert "Not set up" in window.words, window.words


@sqlite
def test_access_reviews(world: World, chromium: Chromium, tmp_path: Path) -> None:
    """None yet, one that is open, one that is finished, of an organization and of the provider."""
    gallery(world)
    window = at_the_desk(world, chromium, tmp_path)
    show(world, window, "reviews", "console-reviews-empty")
    review = open_review(world.service.house, datetime.now(UTC), "gallery")
    show(world, window, "reviews", "console-reviews", small=True)
    show(world, window, f"reviews/{review}", "console-review", small=True)
    while (button := window.page.get_by_role("button", name="Confirm these roles")).count():
        with window.page.expect_navigation():
            button.first.click()
    look(window.page, "console-review-confirmed")
    desk = provider_desk(world, chromium)
    provided = open_review(world.service.house, datetime.now(UTC), "")
    for path, name in (("", "reviews"), (f"/{provided}", "review"), ("/organizations", "reviews-of-organizations")):
        desk.open(f"{world.base}/provider/reviews{path}")
        look(desk.page, f"provider-{name}", small=True)


@sqlite
def test_the_providers_people(world: World, chromium: Chromium) -> None:
    """The list, one person, the page that removes somebody."""
    gallery(world)
    assert world.provider.second.email
    desk = provider_desk(world, chromium)
    desk.open(f"{world.base}/provider/people")
    look(desk.page, "provider-people", small=True)
    desk.press("Sam Second")
    look(desk.page, "provider-person", small=True)
    person = desk.page.url
    desk.open(f"{person}/credentials/revoke")
    look(desk.page, "provider-revoke-all", small=True)
    desk.open(person)
    desk.press("Remove this person")
    look(desk.page, "provider-sign-removal", small=True)


@sqlite
def test_prices(world: World, chromium: Chromium) -> None:
    """None yet, one proposed by two people of the provider, refused at its field, signed by the other."""
    first = provider_desk(world, chromium)
    second = chromium.window(identity=world.card(world.provider.second))
    sign_in_with_certificate(world, second, "", "")
    first.open(f"{world.base}/provider/prices")
    look(first.page, "provider-prices-empty")
    first.press("Propose a price")
    look(first.page, "provider-new-price", small=True)
    first.fill(amount="much")
    refuse(first, "Go on to sign", "provider-new-price-error", small=True)
    first.fill(amount="12.50")
    first.press("Go on to sign")
    look(first.page, "provider-sign-price", small=True)
    _by_file(world, first)
    look(first.page, "provider-change", small=True)
    change = first.page.url
    look_at_the_end(first, change, "Take it back", "provider-withdrawal")
    look_at_the_end(second, change, "Refuse with a reason", "provider-refusal")
    second.open(change)
    _by_file(world, second, other=True)
    look(second.page, "provider-change-applied")
    second.open(f"{world.base}/provider/prices")
    look(second.page, "provider-prices", small=True)
    second.open(f"{world.base}/provider/changes?show=all")
    look(second.page, "provider-changes", small=True)


def look_at_the_end(window: Window, change: str, link: str, name: str) -> None:
    """What refusing a change, or taking it back, asks and signs; nothing is signed."""
    window.open(change)
    window.press(link)
    look(window.page, name)
    window.fill(reason=f"The price list is not printed yet. {FREE['comment']}")
    window.press("Go on to sign")
    look(window.page, f"{name}-sign", small=True)


def _by_file(world: World, window: Window, *, other: bool = False) -> None:
    """Sign what the page shows with openssl, as the page says."""
    person = world.provider.second if other else world.provider.administrator
    page = window.page
    page.locator("details").evaluate_all("items => items.forEach(item => item.open = true)")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download ").first.click()
    page.locator("[id=signed]").set_input_files(sign_file(person, download.value.path().read_bytes(), world.service.directory))
    window.press("Hand the signed file in")
