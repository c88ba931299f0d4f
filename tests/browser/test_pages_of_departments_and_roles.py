"""The pages of departments, roles, the kit and lost cards in every state: judged light and dark, wide and narrow, kept as pictures."""

from __future__ import annotations

import re
from pathlib import Path

from tests.browser.people import World, offered_bytes, sign_file, sign_in_with_certificate
from tests.browser.steps import decider
from tests.browser.test_pages_of_the_console import at_the_desk, show
from tests.browser.test_pages_of_the_portal import DOMAIN, FREE, gallery, refuse, sqlite
from tests.rigs.browser import Chromium, Window, judge, look
from tests.rigs.live_service import text_of
from tests.rigs.service import make_csr, make_key

LONG = "Department for Everything That Nobody Else Wants to Have Done 64"


@sqlite
def test_departments(world: World, chromium: Chromium, tmp_path: Path) -> None:
    """None yet, a few, one of them with a long name below another, one that is closed."""
    company, window = gallery(world), at_the_desk(world, chromium, tmp_path)
    show(world, window, "departments", "console-departments-empty")
    for name in (LONG, FREE["contact_name"], "Marketing"):
        window.open(f"{world.console('gallery')}departments")
        window.fill(name=name, cost_center="4711")
        window.press("Add the department")
    look(window.page, "console-department", small=True)
    marketing = window.page.url
    window.fill(name=LONG)
    window.press("Add the department")
    window.page.locator("a[href$='/closing']").click()
    look(window.page, "console-close-department", small=True)
    window.fill(reason="The office moved to the ministry.")
    window.press("Close the department")
    look(window.page, "console-department-closed")
    window.open(f"{marketing}/closing")
    window.fill(reason="The office moved to the ministry.")
    window.press("Close the department")
    window.open(f"{world.console('gallery')}departments")
    window.fill(name=LONG)
    refuse(window, "Add the department", "console-department-error")
    show(world, window, "departments", "console-departments", small=True)
    request = company.submit(make_csr([f"moves.{DOMAIN}"], make_key()))
    show(world, window, f"requests/{request['id']}/department", "console-move-request", small=True)
    window.page.locator("[id=department]").select_option(index=1)
    window.press("Move")
    look(window.page, "console-check-in-department")
    issued = company.issue(make_csr([f"moved.{DOMAIN}"], make_key()))
    show(world, window, f"certificates/{issued['serial']}/department", "console-move-certificate")
    change_servers(world, window, f"certificates/{issued['serial']}")


def change_servers(world: World, window: Window, certificate: str) -> None:
    """Never changed, a mistake, changed twice with names as long as they come, somebody else was faster, and ended."""
    place = f"{certificate}/servers"
    show(world, window, place, "console-servers", small=True)
    window.page.locator("[id=address-2]").fill("not a server")
    refuse(window, "Change the servers", "console-servers-error", small=True)
    long = ".".join(["server-of-the-department-that-nobody-else-wants-to-have-done"] * 4)
    window.page.locator("[id=address-2]").fill(f"{long}:8443")
    window.page.locator("[id=kind-2]").select_option("load-balancer")
    window.press("Change the servers")
    assert long in window.words.replace("\u200b", "").replace("\n", "")
    look(window.page, "console-certificate-servers")
    show(world, window, place, "console-servers-changed", small=True)
    window.page.locator("[id=address-1]").fill("[2001:db8::1]:8443")
    window.press("More rows")
    judge(window.page)
    window.press("Change the servers")
    window.open(f"{world.console('gallery')}{place}")
    window.page.locator("[id=address-3]").fill("mine.test")
    window.page.locator("[name=known]").evaluate("(field) => field.value = '1'")
    refuse(window, "Change the servers", "console-servers-overtaken", small=True)
    window.press("Change the servers")
    assert "mine.test" in window.words


@sqlite
def test_roles_and_removal(world: World, chromium: Chromium, tmp_path: Path) -> None:
    """A person is invited, gets a role under a signature, and is removed; what a person approved is listed."""
    gallery(world)
    window = at_the_desk(world, chromium, tmp_path)
    show(world, window, "administrators/invite", "console-invite-again")
    window.fill(full_name=FREE["contact_name"], email=f"second@{DOMAIN}")
    window.press("Go on to sign")
    look(window.page, "console-sign-invitation", small=True)
    window.press("Invite with a passkey")
    look(window.page, "console-invited")
    person = window.page.url.removesuffix("/invited")
    window.open(person)
    look(window.page, "console-person-invited")
    window.open(f"{person}/roles")
    look(window.page, "console-give-role", small=True)
    refuse(window, "Go on to sign", "console-give-role-error")
    # Not the last one, which everybody has who comes in.
    window.page.locator("input[name=role]").first.check()
    window.press("Go on to sign")
    assert window.page.url.startswith(f"{person}/roles/sign"), window.words
    look(window.page, "console-sign-role", small=True)
    window.open(f"{person}/removal")
    look(window.page, "console-sign-removal", small=True)
    window.open(f"{person}/department")
    look(window.page, "console-move-person")
    window.press("Move")
    first, _ = world.credential("gallery")
    show(world, window, f"administrators/{first}/approved", "console-person-approved", small=True)
    show(world, window, f"administrators/{first}/credentials/revoke", "console-revoke-all", small=True)
    refuse(window, "Revoke all", "console-revoke-all-error")
    window.open(f"{person}/approved")
    look(window.page, "console-person-approved-empty")


@sqlite
def test_kit_domains_and_tokens(world: World, chromium: Chromium, tmp_path: Path) -> None:
    """What an organization has beside people: its kit, its domains, its tokens; and one's own passkey."""
    gallery(world)
    window = at_the_desk(world, chromium, tmp_path)
    show(world, window, "kit", "console-kit", small=True)
    show(world, window, f"domains/{DOMAIN}/removal", "console-remove-domain", small=True)
    refuse(window, "Remove", "console-remove-domain-error")
    window.open(f"{world.console('gallery')}tokens")
    window.page.locator("a[href$='/revoke']").first.click()
    look(window.page, "console-revoke-token")
    window.open(f"{world.portal('gallery')}account")
    window.page.locator("a[href*='/account/passkeys/']").first.click()
    look(window.page, "passkey-own", small=True)
    window.open(f"{world.portal('gallery')}account")
    window.page.locator("a[href*='/administrator-ids/']").first.click()
    judge(window.page)


@sqlite
def test_a_domain_that_is_asked_about_by_mail(world: World, chromium: Chromium) -> None:
    """Whoever reads the mail of a domain is asked behind the link of the letter, by a page that anybody can open."""
    gallery(world)
    rest, path = world.provider.administrator.rest, "/provider/organizations/gallery/domains"
    rest.post(path, {"name": "other-gallery.test"})
    rest.post(f"{path}/other-gallery.test/letters", {"address": "hostmaster@other-gallery.test"})
    letter = text_of(world.service.wait_for_letter("hostmaster@other-gallery.test", seconds=30))
    link = re.search(r"https://\S+/domain-control/\S+", letter)
    assert link is not None, letter
    window = chromium.window(passkeys=False)
    window.expect("4\\d\\d POST")
    window.open(link[0])
    look(window.page, "domain-control", small=True)
    window.fill(code="abc")
    refuse(window, "Yes, they may", "domain-control-error")
    window.open(link[0])
    window.press("Yes, they may")
    assert window.heading == "It is confirmed"
    look(window.page, "domain-control-confirmed")


@sqlite
def test_a_lost_card(world: World, chromium: Chromium) -> None:
    """Reported by somebody, confirmed by the corporate contact, concluded by the provider."""
    company = gallery(world)
    window = chromium.window(passkeys=False)
    window.expect("4\\d\\d POST")
    window.open(f"{world.portal('gallery')}lost-card")
    look(window.page, "lost-card", small=True)
    refuse(window, "Send the code to the corporate contact", "lost-card-error")
    window.fill(whose=company.admin.email)
    window.press("Send the code to the corporate contact")
    look(window.page, "lost-card-reported")
    letter = text_of(world.service.wait_for_letter(f"contact@{DOMAIN}", "lost", seconds=30))
    address, code = re.search(r"https://\S+/lost-card/confirm\S*", letter), re.search(r"\b[a-z2-7]{52}\b", letter)
    assert address is not None, letter
    assert code is not None, letter
    window.open(address[0])
    window.fill(code="abc")
    refuse(window, "Yes, it is lost", "lost-card-confirm-error")
    window.open(address[0])
    look(window.page, "lost-card-confirm", small=True)
    window.fill(code=code[0])
    window.press("Yes, it is lost")
    look(window.page, "lost-card-confirmed")
    conclude(world, chromium)


def conclude(world: World, chromium: Chromium) -> None:
    """What the provider sees of it."""
    desk = provider_desk(world, chromium)
    desk.open(f"{world.base}/provider/lost-cards")
    look(desk.page, "provider-lost-cards", small=True)
    desk.page.locator("td a, th a").first.click()
    look(desk.page, "provider-lost-card", small=True)
    refuse(desk, "Dismiss the report", "provider-lost-card-error")
    desk.fill(note="The card lay under the keyboard.")
    desk.press("Dismiss the report")
    look(desk.page, "provider-lost-card-dismissed")


def provider_desk(world: World, chromium: Chromium) -> Window:
    """Somebody of the provider, signed in."""
    desk = chromium.window(identity=world.card(world.provider.administrator))
    desk.expect("4\\d\\d (GET|POST)")
    sign_in_with_certificate(world, desk, "", "")
    return desk


@sqlite
def test_another_contact(world: World, chromium: Chromium, tmp_path: Path) -> None:
    """Proposed, answered by both addresses behind their letters; called back by the provider in another change."""
    gallery(world)
    window = at_the_desk(world, chromium, tmp_path)
    show(world, window, "contacts", "console-contacts-empty", small=True)
    window.press("Propose another contact")
    look(window.page, "console-new-contact", small=True)
    refuse(window, "Ask both addresses", "console-new-contact-error")
    window.page.locator("[id=kind]").select_option("alert")
    window.fill(name=LONG, email=f"alert-{'x' * 40}@{DOMAIN}")
    window.press("Ask both addresses")
    look(window.page, "console-contacts-asked", small=True)
    desk = provider_desk(world, chromium)
    desk.open(f"{world.base}/provider/organizations/gallery/contacts")
    look(desk.page, "provider-contacts", small=True)
    desk.press("Propose another contact")
    look(desk.page, "provider-new-contact")
    desk.press("Cancel")
    desk.press("Record a call")
    look(desk.page, "provider-contact-call", small=True)
    desk.fill(telephone="+1 859 555 0100", note="Too early.")
    refuse(desk, "The organization agrees", "provider-contact-call-error")
    both = {"contact": f"contact@{DOMAIN}", "alert": f"alert-{'x' * 40}@{DOMAIN}"}
    for name, address in both.items():
        letter = text_of(world.service.wait_for_letter(address, "another alert contact", seconds=30))
        link = re.search(r"https://\S+/contacts/cch-\S+", letter)
        assert link is not None, letter
        stranger = chromium.window(passkeys=False, script=name == "contact")
        stranger.expect("4\\d\\d POST")
        stranger.open(link[0])
        look(stranger.page, f"contact-asked-{name}", small=True)
        stranger.fill(code="abc")
        refuse(stranger, "Yes, I agree", f"contact-asked-{name}-error")
        stranger.open(link[0])
        stranger.press("Yes, I agree")
        look(stranger.page, f"contact-answered-{name}")
    show(world, window, "contacts", "console-contacts", small=True)
    assert "Made" in window.words


@sqlite
def test_the_next_administrator_id(world: World, chromium: Chromium, tmp_path: Path) -> None:
    """Without scripts and without seal: a key of one's own, its CSR, a signature by the old one, the new certificate."""
    world.provider.establish("next-id", "Next ID, Inc.", "next-id.test", units=5)
    owner = decider(world, chromium, "next-id", "next-id.test", "administrator-id", tmp_path)
    window = owner.window
    window.expect("4\\d\\d POST")
    window.open(f"{world.portal('next-id')}account")
    window.page.locator("a[href*='/administrator-ids/']").first.click()
    look(window.page, "administrator-id", small=True)
    refuse(window, "Go on to sign", "administrator-id-error")
    window.fill(csr=make_csr(["next"], make_key()))
    window.press("Go on to sign")
    look(window.page, "administrator-id-sign", small=True)
    assert owner.card is not None
    signed = sign_file(owner.card, offered_bytes(window), tmp_path)
    window.page.locator("[id=signature]").set_input_files(signed)
    window.press("Hand the signed file in")
    look(window.page, "administrator-id-done", small=True)
    assert "is issued" in window.words
