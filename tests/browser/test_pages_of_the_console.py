"""Every page of the control center in every state: judged light and dark, wide and narrow, and kept as a picture.

An organization that has just begun shows the empty states, the gallery the full ones.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.browser.people import World, offered_bytes, passkey_holder, sign_file, sign_in_with_certificate
from tests.browser.test_pages_of_the_portal import DOMAIN, FREE, LONGEST, csr_of, gallery, refuse, sqlite
from tests.rigs.browser import Chromium, Window, look
from tests.rigs.service import make_csr, make_key

EMPTY = ("", "requests", "certificates", "administrators", "tokens", "audit", "settings")
QUEUE_SECONDS = 2.0


def show(world: World, window: Window, path: str, name: str, *, small: bool = False) -> None:
    """Open a page of the gallery's control center and look at it."""
    window.open(f"{world.console('gallery')}{path}")
    look(window.page, name, small=small)


def at_the_desk(world: World, chromium: Chromium, folder: Path) -> Window:
    """The gallery's administrator with an Administrator ID and a passkey."""
    company = gallery(world)
    window = chromium.window(identity=world.card(company.admin))
    window.expect("4\\d\\d (GET|POST)")
    sign_in_with_certificate(world, window, "gallery")
    window.press("Add a passkey")
    window.fill(label="Office laptop")
    window.press("Make the passkey")
    signed = sign_file(company.admin, offered_bytes(window), folder)
    window.page.locator("[id=signature]").set_input_files(signed)
    window.press("Hand the signed file in")
    return window


@sqlite
def test_a_control_center_that_has_just_begun(world: World, chromium: Chromium) -> None:
    """Nothing is there yet, and every page says what comes."""
    window = passkey_holder(world, chromium, "queue", "queue.test", units=0)
    for path in EMPTY:
        window.open(f"{world.console('queue')}{path}")
        look(window.page, f"console-{path or 'home'}-empty")


@sqlite
def test_requests_and_decisions(world: World, chromium: Chromium, tmp_path: Path) -> None:
    """The queue, the check page with everything that can stand in it, each decision."""
    company, window = gallery(world), at_the_desk(world, chromium, tmp_path)
    long = company.submit(csr_of(LONGEST, f"www.{DOMAIN}"), **FREE)
    company.submit(csr_of(f"unknown.{DOMAIN}"))
    with comes_within(window, world, QUEUE_SECONDS):
        late = company.submit(make_csr([f"late.{DOMAIN}"], make_key("rsa2048")), comment=FREE["comment"])
    show(world, window, "", "console-home", small=True)
    show(world, window, "requests", "console-requests", small=True)
    show(world, window, f"requests/{long['id']}", "console-check", small=True)
    decide_by_keys(window)
    ask_and_reject(world, window, late["id"])
    window.open(f"{world.console('gallery')}requests/{long['id']}")
    window.press("Approve with a passkey")
    look(window.page, "console-approved", small=True)
    show(world, window, f"requests/{long['id']}", "console-check-issued")
    show(world, window, "requests/done?tally=2-3", "console-requests-done")
    show(world, window, "requests?show=all", "console-requests-all", small=True)
    show(world, window, "requests?name=nothing-like-this", "console-requests-none-found")
    show(world, window, "requests/req-00000000000000000000000000000000", "console-unknown")


@contextmanager
def comes_within(window: Window, world: World, seconds: float) -> Iterator[None]:
    """What is sent in this block appears in the open queue, by itself, within so many seconds."""
    window.open(f"{world.console('gallery')}requests")
    live, waiting = window.page.locator("#live"), window.page.locator(".site-nav [data-count=waiting]")
    expect(live).to_be_hidden()
    before = int(waiting.inner_text())
    yield
    began = time.monotonic()
    live.wait_for(state="visible", timeout=seconds * 1000)
    assert time.monotonic() - began <= seconds
    expect(waiting).to_have_text(str(before + 1))
    expect(window.page.locator("main [data-count=waiting]")).to_have_text(str(before + 1))
    look(window.page, "console-requests-new", small=True)
    window.page.keyboard.press("?")
    expect(window.page.locator("dialog[open]")).to_be_visible()
    look(window.page, "console-shortcuts")
    window.page.keyboard.press("Escape")
    go_by_keys(window)


def go_by_keys(window: Window) -> None:
    """Down the list and up again, into the search, where keys are letters, and into the first row."""
    page, keys = window.page, window.page.keyboard
    links, search = page.locator("[data-row] th a"), page.locator("[data-search]")
    for key, row in (("j", 0), ("j", 1), ("k", 0), ("k", 0)):
        keys.press(key)
        expect(links.nth(row)).to_be_focused()
        expect(page.locator("tr.chosen")).to_have_count(1)
    keys.press("/")
    expect(search).to_be_focused()
    keys.press("j")
    expect(search).to_have_value("j")
    wanted = links.first.get_attribute("href")
    keys.press("Tab")
    keys.press("k")
    with page.expect_navigation():
        keys.press("Enter")
    assert urlsplit(page.url).path == wanted


def decide_by_keys(window: Window) -> None:
    """At a request that waits: to the button that approves, which nothing presses by itself, and to the rejection."""
    check = window.page.url
    window.page.keyboard.press("a")
    expect(window.page.get_by_role("button", name="Approve with a passkey")).to_be_focused()
    with window.page.expect_navigation():
        window.page.keyboard.press("r")
    assert window.page.url == f"{check}/rejection"


def ask_and_reject(world: World, window: Window, request_id: str) -> None:
    """A question first, then a rejection under a signature."""
    window.open(f"{world.console('gallery')}requests/{request_id}")
    window.press("Ask the contact first")
    look(window.page, "console-hold")
    window.fill(question=f"Is the second server in place? {FREE['comment']}")
    window.press("Send the question")
    look(window.page, "console-held", small=True)
    show(world, window, f"requests/{request_id}", "console-check-held")
    reader = world.portal("gallery")
    window.open(f"{reader}requests/{request_id}")
    look(window.page, "status-held", small=True)
    window.press("Answer it")
    look(window.page, "answer", small=True)
    refuse(window, "Send the answer", "answer-error")
    window.open(f"{world.console('gallery')}requests/{request_id}")
    window.press("Reject with a reason")
    look(window.page, "console-reject")
    refuse(window, "Go on to sign", "console-reject-error")
    window.fill(reason="Mail servers get their certificates from the mail team.")
    window.press("Go on to sign")
    look(window.page, "console-sign-rejection", small=True)
    window.press("Reject with a passkey")
    look(window.page, "console-rejected")
    window.open(f"{reader}requests/{request_id}")
    look(window.page, "status-rejected", small=True)


def ask_for_a_reissue(world: World, window: Window, serial: str) -> None:
    """A CSR that does not fit, one that does, what is in it, and what happens next."""
    show(world, window, f"certificates/{serial}/reissue", "console-reissue", small=True)
    window.fill(csr=csr_of(f"another.{DOMAIN}"))
    refuse(window, "Check the CSR", "console-reissue-error")
    window.fill(csr=csr_of(LONGEST))
    window.press("Check the CSR")
    look(window.page, "console-reissue-check", small=True)
    window.press("Ask for the reissue")
    look(window.page, "console-reissue-asked")


@sqlite
def test_certificates_people_and_evidence(world: World, chromium: Chromium, tmp_path: Path) -> None:
    """What is looked up: certificates, people, tokens, the log and its verification, settings."""
    company, window = gallery(world), at_the_desk(world, chromium, tmp_path)
    document = company.issue(csr_of(LONGEST))
    show(world, window, "certificates", "console-certificates", small=True)
    show(world, window, "certificates?text=nothing-like-this", "console-certificates-none-found")
    show(world, window, f"certificates/{document['serial']}", "console-certificate", small=True)
    window.page.keyboard.press("r")
    expect(window.page.locator("details.danger[open] summary")).to_be_focused()
    look(window.page, "console-certificate-revoke")
    ask_for_a_reissue(world, window, document["serial"])
    show(world, window, "administrators", "console-administrators", small=True)
    person, fingerprint = world.credential("gallery")
    show(world, window, f"administrators/{person}", "console-person", small=True)
    show(world, window, f"administrators/{person}/credentials/{fingerprint}/revoke", "console-revoke-credential")
    show(world, window, "administrators/invite", "console-invite", small=True)
    refuse(window, window.page.locator("main form .btn-wax").inner_text(), "console-invite-error")
    show(world, window, "tokens", "console-tokens", small=True)
    show(world, window, "tokens/new", "console-token-new")
    refuse(window, "Make the token", "console-token-error")
    window.fill(token_name="Deployment of the web servers")
    window.page.locator("input[name=scopes]").first.check()
    window.press("Make the token")
    look(window.page, "console-token-made", small=True)
    show(world, window, "audit", "console-audit", small=True)
    show(world, window, "audit?action=no-such-action", "console-audit-none-found")
    window.press("Verify now")
    look(window.page, "console-audit-verified", small=True)
    show(world, window, "settings", "console-settings", small=True)
