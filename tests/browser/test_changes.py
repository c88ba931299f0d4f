"""A policy is changed by two people who have nothing but passkeys, on each database; every page of it is looked at."""

from __future__ import annotations

import re

from tests.browser.people import World, make_first_passkey, passkey_holder, sign_in_with_passkey
from tests.browser.test_pages_of_people import look_at_the_end
from tests.browser.test_pages_of_the_portal import refuse
from tests.rigs.browser import Chromium, Window, look

SLUG, DOMAIN = "two-hands", "two-hands.test"


def invite(world: World, window: Window, email: str, name: str) -> None:
    """Invite a second administrator at the pages, and propose the role of security administrator: alone, one signature is enough."""
    window.open(f"{world.console(SLUG)}administrators/invite")
    window.fill(full_name=name, email=email)
    window.press("Go on to sign")
    window.press("Invite with a passkey")
    assert "invited" in window.page.url, window.words
    window.press("Propose a role")
    window.page.locator("input[name=role][value=security-administrator]").check()
    window.press("Go on to sign")
    window.press("Sign with a passkey")


def test_two_people_with_passkeys_change_a_policy(world: World, chromium: Chromium) -> None:
    first = passkey_holder(world, chromium, SLUG, DOMAIN)
    invite(world, first, f"dana@{DOMAIN}", "Dana Designer")
    second = chromium.window()
    make_first_passkey(world, second, SLUG, f"dana@{DOMAIN}")
    look(second.page, "first-credential-done")
    first.open(f"{world.console(SLUG)}policies")
    look(first.page, "console-policies")
    first.press("tls-server")
    look(first.page, "console-policy", small=True)
    first.press("Propose a change")
    first.page.locator("[id=approvals]").fill("2")
    first.page.locator("[id=cms_only]").check()
    look(first.page, "console-policy-form", small=True)

    first.press("Go on to sign")
    look(first.page, "console-policy-sign", small=True)

    first.press("Propose it, signed with a passkey")
    assert "1 more person has to sign" in first.words, first.words
    sign_in_with_passkey(world, second, SLUG, "console/changes")
    look(second.page, "console-changes", small=True)

    second.page.get_by_role("link", name=re.compile("tls-server")).click()
    look(second.page, "console-change", small=True)
    if not world.service.settings.database_url:
        look_at_what_is_not_signed(world, first, second)

    second.press("Sign with a passkey")
    assert "It holds" in second.words, second.words
    look(second.page, "console-change-applied")
    first.open(f"{world.console(SLUG)}policies")
    first.press("tls-server")
    assert "version 2" in first.heading, first.words
    look(first.page, "console-policy-compared", small=True)


def look_at_what_is_not_signed(world: World, first: Window, second: Window) -> None:
    """Other ways to go on, on one database because none goes to its end; ``second`` stands at the change, before and after."""
    change = second.page.url
    look_at_the_end(first, change, "Take it back", "console-withdrawal")
    look_at_the_end(second, change, "Refuse with a reason", "console-refusal")
    second.open(change)
    first.open(f"{world.console(SLUG)}policies/new")
    look(first.page, "console-policy-new")
    first.fill(name="tls-for-a-day", lifetimes_days="1")
    first.press("Go on to sign")
    look(first.page, "console-policy-new-sign")
    first.open(f"{world.console(SLUG)}policies")
    first.press("tls-server")
    with first.page.expect_download() as download:
        first.page.get_by_role("link", name="Download this version as a TOML file").click()
    policy = download.value.path().read_text()  # Leaving the page ends what has not arrived.
    first.open(f"{world.console(SLUG)}policies/import")
    look(first.page, "console-policy-import", small=True)
    first.expect("422 POST")
    first.fill(text="name = ")
    refuse(first, "Go on to sign", "console-policy-import-error")
    first.fill(text=policy.replace("365", "364"))
    first.press("Go on to sign")
    look(first.page, "console-policy-import-sign")
    first.open(f"{world.console(SLUG)}administrators")
    first.press("Dana Designer")
    first.page.get_by_role("link", name="Take this role away").first.click()
    look(first.page, "console-sign-taking")
