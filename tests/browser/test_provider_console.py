"""The provider's day, in a real browser.

An organization applies, its domain is looked up in a real DNS, it is vetted, gets its policy, its units and its first
administrator; and what the provider sees of the service itself.
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

from privyseal.actions.administrator.invite_administrator import invite_administrator
from privyseal.actions.failing import Failures
from privyseal.actions.house import About, perform
from privyseal.model.administrator import Role
from privyseal.model.errors import Unavailable
from privyseal.model.session import PROVIDER_AUDIENCE
from privyseal.model.vetting import WITH_FILE, VettingItem
from tests.browser.people import (
    DEVICE,
    World,
    make_first_passkey,
    offered_bytes,
    place_of,
    sign_file,
    sign_in_with_certificate,
    sign_in_with_passkey,
)
from tests.browser.steps import Decider
from tests.browser.test_pages_of_the_portal import sqlite
from tests.rigs.browser import Chromium, Window, judge, look
from tests.rigs.service import OPERATOR
from tests.rigs.vetting import EVIDENCE

SLUG, NAME, DOMAIN = "vetted", "Vetted Goods, Inc.", "vetted.test"
LOOKING = ("", "organizations", "orders", "authorities", "undelivered", "log", "account")


def test_an_organization_from_application_to_first_administrator(world: World, chromium: Chromium) -> None:
    """Every step in the page, and each mistake explained at its field; then the organization is on its own."""
    window = chromium.window(identity=world.card(world.provider.administrator))
    sign_in_with_certificate(world, window, "", "")
    enter(world, window)
    validate(world, window)
    second = chromium.window(identity=world.card(world.provider.second))
    sign_in_with_certificate(world, second, "", "")
    vet(world, window, second)
    set_up(window)
    invite(window)
    assert "Active" in window.page.locator("main .state").first.inner_text()
    admin = chromium.window()
    make_first_passkey(world, admin, SLUG, f"first@{DOMAIN}")
    sign_in_with_passkey(world, admin, SLUG)
    assert "First Person" in admin.heading
    window.page.reload()
    assert "First Person, Security administrator (active)" in window.words


def enter(world: World, window: Window) -> None:
    """The United Kingdom is GB in certificates, and the page says so and keeps what was typed."""
    window.open(f"{place_of(world, '')}/organizations/new")
    look(window.page, "provider-new-organization", small=True)
    window.fill(name=NAME, slug=SLUG, country="UK", contact_email=f"contact@{DOMAIN}")
    window.expect("4\\d\\d POST")
    window.press("Enter the organization")
    assert window.page.locator("#country-error").count() == 1, window.words
    assert window.page.locator("#name").input_value() == NAME
    look(window.page, "provider-new-organization-error", small=True)
    window.fill(country="US", state_or_province="Kentucky", locality="Fort Thomas")
    window.press("Enter the organization")
    assert window.heading == NAME
    look(window.page, "provider-organization-new", small=True)


def validate(world: World, window: Window) -> None:
    """The record is not there yet, then it is."""
    window.fill(domain=DOMAIN)
    window.press("Register")
    look(window.page, "provider-organization-domain")
    window.press("Look up by DNS")
    assert window.problems != []
    look(window.page, "provider-organization-domain-error", small=True)
    shown = window.page.locator("section[aria-labelledby=domains-title]")
    value = window.page.locator("#dns-1").inner_text()
    name = next(word for word in shown.inner_text().split() if word.startswith("_") and word.endswith(DOMAIN))
    world.service.dns.add(DOMAIN, name, "TXT", f'"{value}"')
    window.press("Look up by DNS")
    assert window.problems == []
    assert "Validated" in shown.inner_text()


def vet(world: World, window: Window, second: Window) -> None:
    """One person looks everything up and hands it over; another one reads it and concludes."""
    window.press("Open the vetting")
    look(window.page, "provider-vetting-empty", small=True)
    window.press("Begin the vetting")
    window.press("Hand it over")
    assert window.problems != []
    look(window.page, "provider-vetting-error", small=True)
    place = f"{place_of(world, '')}/organizations/{SLUG}"
    for item in VettingItem:
        window.page.goto(f"{place}/vetting/items/{item.value}")
        if item is VettingItem.TELEPHONE:
            look(window.page, "provider-vetting-item", small=True)
            window.fill(telephone="+1 859 555 0100")
        window.page.get_by_label("It is as it should be").check()
        window.fill(source="Register of companies, excerpt 4711")
        if item in WITH_FILE:
            window.page.locator("#file").set_input_files({"name": "excerpt.txt", "mimeType": "text/plain", "buffer": EVIDENCE})
        window.press("Record it")
        assert window.problems == []
    look(window.page, "provider-vetting", small=True)
    window.press("Hand it over")
    assert "somebody else concludes" in window.words
    second.page.goto(f"{place}/vetting")
    look(second.page, "provider-vetting-second", small=True)
    second.press("Conclude the vetting")
    assert second.heading == NAME, second.problems
    window.page.goto(place)


def set_up(window: Window) -> None:
    """A policy, and an order of five units; four are too few for a first order."""
    window.press("Add a policy")
    look(window.page, "provider-policy")
    window.page.get_by_label("People may ask for certificates at the portal without an account").check()
    window.press("Go on to check")
    look(window.page, "provider-policy-check")
    window.press("Add this policy")
    window.press("Book an order")
    look(window.page, "provider-order")
    window.fill(quantity="4")
    window.press("Book")
    assert window.problems != []
    look(window.page, "provider-order-error")
    window.fill(quantity="5", purchase_order="PO 4711")
    window.press("Book")
    assert window.heading == NAME


def invite(window: Window) -> None:
    """The first administrator gets a one-time link."""
    window.press("Invite the first administrator")
    look(window.page, "provider-invitation")
    window.fill(name="First Person", email=f"first@{DOMAIN}")
    window.press("Invite")
    assert "First Person, Security administrator (invited)" in window.words
    look(window.page, "provider-organization-active", small=True)


def test_what_the_provider_sees_of_the_service(world: World, chromium: Chromium, tmp_path: Path) -> None:
    """Home, lists, CAs, the log; with scripts and without the same is there."""
    window = chromium.window(identity=world.card(world.provider.administrator))
    plain = chromium.window(identity=world.card(world.provider.administrator), script=False, passkeys=False)
    for one in (window, plain):
        sign_in_with_certificate(world, one, "", "")
    for page in LOOKING:
        window.open(f"{place_of(world, '')}/{page}")
        look(window.page, f"provider-{page or 'home'}", small=True)
        plain.open(f"{place_of(world, '')}/{page}")
        judge(plain.page)
        assert plain.heading == window.heading
    fail(world, window)
    pause(world, window, chromium.window(identity=world.card(world.provider.second)), tmp_path)
    window.open(f"{place_of(world, '')}/log")
    with window.page.expect_download() as download:
        window.page.get_by_role("link", name="Export").click()
    assert download.value.suggested_filename == "provider-log.jsonl"


def fail(world: World, window: Window) -> None:
    """Periodic work on other machines: one fails, for one nobody expected the reason, one works again."""
    machines = [Failures(dataclasses.replace(world.service.house, machine=f"worker-{number}.provider.test")) for number in (1, 2, 3)]
    for _ in range(3):
        machines[0].failed("domains", Unavailable("dcv-resolver-failed", "No resolver answers at the moment. Try again in a few minutes."))
    machines[1].failed("trials", ZeroDivisionError())
    machines[2].failed("sweep", Unavailable("storage-full", "The database has no space left. Nothing was done. Try again later."))
    machines[2].worked("sweep")
    window.open(f"{place_of(world, '')}/undelivered")
    look(window.page, "provider-failed-work", small=True)
    window.open(f"{place_of(world, '')}/")
    assert "2 periodic jobs fail." in window.words
    for machine, task in ((machines[0], "domains"), (machines[1], "trials")):
        machine.worked(task)


@sqlite
def test_the_account_of_somebody_at_the_provider(world: World, chromium: Chromium, tmp_path: Path) -> None:
    """From the link to the credentials of one's own: the pages that organizations have, in the provider's frame."""
    come_with_a_link(world, chromium.window())
    window = chromium.window(identity=world.card(world.provider.administrator))
    window.open(f"{place_of(world, '')}/sign-in")
    judge(window.page)
    sign_in_with_certificate(world, window, "")
    window.press("Add a passkey")
    judge(window.page)
    window.fill(label=DEVICE)
    window.press("Make the passkey")
    judge(window.page)
    signed = sign_file(world.provider.administrator, offered_bytes(window), tmp_path)
    window.page.locator("[id=signature]").set_input_files(signed)
    window.press("Hand the signed file in")
    judge(window.page)
    for kind in ("passkeys", "administrator-ids"):
        window.open(f"{place_of(world, '')}/account")
        window.page.locator(f"a[href*='/account/{kind}/']").first.click()
        judge(window.page)
    world.let_time_pass(PROVIDER_AUDIENCE, timedelta(minutes=6))
    window.open(f"{place_of(world, '')}/organizations/new")
    assert window.heading == "Show your credential again"
    judge(window.page)


def come_with_a_link(world: World, window: Window) -> None:
    """An auditor, invited by the operator, makes a passkey the first credential."""
    house, about = world.service.house, About("invite-administrator", "", "administrator", "Audrey Auditor")
    invited = perform(house, OPERATOR, about, invite_administrator, "", "Audrey Auditor", "audrey@provider.test", Role.PROVIDER_AUDITOR)
    window.open(f"{place_of(world, '')}/first-credential?code={invited.code}")
    judge(window.page)
    window.fill(label=DEVICE)
    window.press("Make my passkey")
    judge(window.page)


def pause(world: World, first: Window, second: Window, folder: Path) -> None:
    """The CA of trials is paused by two and goes on again: the question, what is signed, what holds."""
    sign_in_with_certificate(world, second, "", "")
    for wish, done, picture in (("Propose to pause it", "Paused", "pause"), ("Propose that it goes on", "Resumed", "resume")):
        section = first.page.locator("section", has=first.page.get_by_role("heading", name="Test CA", exact=True))
        first.open(f"{place_of(world, '')}/authorities")
        section.get_by_role("link", name=wish).click()
        look(first.page, f"provider-{picture}", small=True)
        first.fill(reason="The token of the trials is exchanged")
        first.press("Go on to sign")
        look(first.page, f"provider-{picture}-sign", small=True)
        Decider(world, "", first, world.provider.administrator, folder).sign("Propose it")
        assert "1 more person has to sign" in first.words, first.words
        second.open(first.page.url)
        look(second.page, f"provider-{picture}-change", small=True)
        Decider(world, "", second, world.provider.second, folder).sign("Sign")
        assert "It holds" in second.words, second.words
        first.open(f"{place_of(world, '')}/authorities")
        assert done in section.inner_text()
        look(first.page, f"provider-authorities-{picture}d", small=True)
