"""A policy is changed by two people who have nothing but passkeys, on each database; every page of it is looked at."""

from __future__ import annotations

import re

from tests.browser.people import World, make_first_passkey, passkey_holder, sign_in_with_passkey
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
    window.press("Propose it, signed with a passkey")


def test_two_people_with_passkeys_change_a_policy(world: World, chromium: Chromium) -> None:
    first = passkey_holder(world, chromium, SLUG, DOMAIN)
    invite(world, first, f"dana@{DOMAIN}", "Dana Designer")
    second = chromium.window()
    make_first_passkey(world, second, SLUG, f"dana@{DOMAIN}")
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

    second.press("Sign with a passkey")
    assert "It holds" in second.words, second.words
    look(second.page, "console-change-applied")
    first.open(f"{world.console(SLUG)}policies")
    first.press("tls-server")
    assert "version 2" in first.heading, first.words
    look(first.page, "console-policy-compared", small=True)
