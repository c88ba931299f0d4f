"""Every page of the portal in every state: judged light and dark, wide and narrow, and kept as a picture.

The database makes no difference to how a page looks, so the embedded one is enough.
"""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.browser.people import World
from tests.browser.steps import begin_request, confirm, hand_csr_in
from tests.rigs.browser import Chromium, Window, look
from tests.rigs.live_people import LiveOrganization
from tests.rigs.service import PHRASE, make_csr, make_key

DOMAIN = "gallery.test"
LONGEST = f"{'long-name-of-a-server.' * 10}{'x' * 20}.{DOMAIN}"[-253:].lstrip(".-")
FREE = {
    "contact_name": "\u05d3\u05e0\u05d4 \u05db\u05d4\u05df \U0001f98a",
    "comment": '\u0634\u0647\u0627\u062f\u0629 \U0001f680 <b>bold</b> & "quoted"',
}
"""Right-to-left text, emoji, and what would be markup elsewhere."""

sqlite = pytest.mark.parametrize("world", ["sqlite"], indirect=True)


def csr_of(*names: str) -> str:
    """A CSR whose names need no room in a subject."""
    key = make_key()
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def gallery(world: World) -> LiveOrganization:
    """The organization whose pages are shown."""
    return world.company("gallery", "Gallery of Long Names and Fine Certificates, Inc.", DOMAIN, units=20)


def show(world: World, window: Window, path: str, name: str, *, small: bool = False) -> None:
    """Open a page of the portal and look at it."""
    window.open(f"{world.portal('gallery')}{path}")
    look(window.page, name, small=small)


def refuse(window: Window, button: str, name: str, *, small: bool = False) -> None:
    """Press a button that leads to an error, which has to be explained."""
    window.page.locator("form[method=post]").evaluate_all("(forms) => forms.forEach((form) => form.noValidate = true)")
    window.press(button)
    assert window.problems != [], window.words
    look(window.page, name, small=small)


@sqlite
def test_pages_that_lead_on(world: World, chromium: Chromium) -> None:
    gallery(world)
    window = chromium.window(passkeys=False)
    window.expect("404 GET", "4\\d\\d POST")
    show(world, window, "", "portal-start", small=True)
    show(world, window, "domains", "portal-domains", small=True)
    show(world, window, "follow", "portal-follow")
    window.fill(number="my request")
    refuse(window, "Show the request", "portal-follow-error")
    show(world, window, "search", "portal-search")
    show(world, window, f"search?q=nothing.{DOMAIN}", "portal-search-empty")
    show(world, window, "requests/req-00000000000000000000000000000000", "portal-unknown", small=True)
    window.open(f"{world.base}/o/no-such-organization/")
    look(window.page, "organization-unknown")


@sqlite
def test_the_steps_of_an_enrollment(world: World, chromium: Chromium) -> None:
    gallery(world)
    window, host = chromium.window(passkeys=False), f"www.{DOMAIN}"
    window.expect("4\\d\\d POST")
    show(world, window, "enroll", "enroll-server", small=True)
    refuse(window, "Go on", "enroll-server-error")
    begin_request(world, window, "gallery", host)
    look(window.page, "enroll-csr", small=True)
    window.press("Change the names")
    look(window.page, "enroll-names", small=True)
    names = window.page.url
    window.open(names.replace("/names", "/server"))
    look(window.page, "enroll-server-again")
    window.open(names)
    window.fill(names="www.bookstore.test")
    refuse(window, "Go on", "enroll-names-error")
    window.fill(names=host)
    window.press("Go on")
    window.fill(csr="This is no CSR")
    refuse(window, "Check the CSR", "enroll-csr-error")
    key = make_key()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    window.fill(csr=pem)
    window.press("Check the CSR")
    assert window.heading == "You sent a private key; nothing was kept"
    assert "No certificate is made for this key from now on." in window.words
    assert "PRIVATE KEY" not in window.page.content()
    look(window.page, "private-key-refused", small=True)
    window.press("Back to the form")
    hand_csr_in(window, csr_of(host, LONGEST))
    look(window.page, "enroll-seen", small=True)
    window.press("Go on with this CSR")
    look(window.page, "enroll-use", small=True)
    refuse(window, "Go on", "enroll-use-error")
    finish(world, window, host)


def finish(world: World, window: Window, host: str) -> None:
    """From the life to the confirmed address."""
    window.page.locator("input[name=life][value^='365']").check()
    window.press("Go on")
    look(window.page, "enroll-contact")
    window.fill(contact_email="dana at home")
    refuse(window, "Go on", "enroll-contact-error", small=True)
    window.fill(contact_name=FREE["contact_name"], contact_email=f"dana@{DOMAIN}", comment=FREE["comment"])
    window.press("Go on")
    look(window.page, "enroll-check", small=True)
    window.fill(phrase=PHRASE, phrase_again="green kettle 9")
    refuse(window, "Send the request", "enroll-check-error")
    window.fill(phrase=PHRASE, phrase_again=PHRASE)
    window.press("Send the request")
    look(window.page, "enroll-received", small=True)
    window.press("Follow the request")
    look(window.page, "status-unconfirmed")
    address = window.page.url.replace("/requests/", "/confirm/")
    window.open(address)
    look(window.page, "confirm")
    window.fill(code="abc")
    refuse(window, "Confirm address", "confirm-error")
    confirm(world, window, f"dana@{DOMAIN}", host)
    look(window.page, "confirmed")
    window.press("Follow the request")
    look(window.page, "status-pending", small=True)
    window.press("Take the request back")
    look(window.page, "withdraw")
    window.fill(phrase="wrong phrase 1")
    refuse(window, "Take it back", "withdraw-error")
    window.fill(phrase=PHRASE)
    window.press("Take it back")
    look(window.page, "status-withdrawn")


@sqlite
def test_a_certificate_from_pick_up_to_its_end(world: World, chromium: Chromium) -> None:
    company, window = gallery(world), chromium.window(passkeys=False)
    window.expect("4\\d\\d POST")
    request = company.submit(csr_of(LONGEST, f"shop.{DOMAIN}"), **FREE)
    serial = company.approve(request["id"])["certificate"]["serial"]
    show(world, window, f"requests/{request['id']}", "status-issued", small=True)
    window.fill(phrase="wrong phrase 1")
    refuse(window, "Pick it up", "status-issued-error")
    window.fill(phrase=PHRASE)
    window.press("Pick it up")
    look(window.page, "install", small=True)
    show(world, window, f"certificates/{serial}/install?for=iis", "install-iis")
    show(world, window, f"certificates/{serial}", "certificate", small=True)
    show(world, window, f"search?q={LONGEST}", "portal-search-found", small=True)
    show(world, window, f"certificates/{serial}/replace", "replace", small=True)
    window.fill(csr=make_csr([f"shop.{DOMAIN}"], make_key()), phrase=PHRASE)
    refuse(window, "Ask for the replacement", "replace-error")
    show(world, window, f"certificates/{serial}/revoke", "revoke", small=True)
    window.page.locator("input[name=reason]").first.check()
    window.fill(phrase="wrong phrase 2")
    refuse(window, "Revoke it for good", "revoke-error")
    window.fill(phrase=PHRASE)
    window.press("Revoke it for good")
    look(window.page, "revoked")
    show(world, window, f"certificates/{serial}", "certificate-revoked-in-portal")
