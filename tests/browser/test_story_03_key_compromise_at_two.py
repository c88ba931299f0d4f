"""Story 3 in the browser: a key is stolen at 02:00 (requirements section 7).

The administrator revokes in the page, twice without harm; the subscriber replaces with the challenge phrase; the stolen key
is refused in whatever CSR it comes.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from cryptography import x509

from tests.browser.people import World
from tests.browser.steps import WAYS, Decider, answer_the_rest, begin_request, confirm, decider, hand_csr_in, pick_up, slow_line
from tests.rigs.browser import Chromium, Window, look
from tests.rigs.openssl import StatusClient
from tests.rigs.ports import wait_until
from tests.rigs.service import PHRASE, make_csr, make_key

VISIBLE_SECONDS = 60.0


@pytest.mark.parametrize("way", WAYS)
def test_key_compromise_at_two(world: World, chromium: Chromium, tmp_path: Path, way: str) -> None:
    slug, domain = f"night-{way}", f"{way}.night-shift.test"
    host, contact = f"www.{domain}", f"dana@{domain}"
    world.provider.establish(slug, "Night Shift GmbH", domain)
    admin = decider(world, chromium, slug, domain, way, tmp_path)
    dana = chromium.window(script=way == "passkey", passkeys=False)
    stolen = make_key()
    begin_request(world, dana, slug, host)
    hand_csr_in(dana, make_csr([host], stolen))
    answer_the_rest(dana, contact)
    confirm(world, dana, contact, host)
    admin.approve(host)
    dana.press("Follow the request")
    old = pick_up(dana, tmp_path)
    with slow_line(admin.window):
        revoke(admin, host)
    client = StatusClient(world.service.settings.status_url, world.service.root_pem, tmp_path)
    wait_until(lambda: client.ocsp(old) == "revoked", seconds=VISIBLE_SECONDS, what="OCSP knows of the revocation", pause=0.5)
    for address in (contact, f"alex@{domain}"):
        world.service.wait_for_letter(address, host, "revoked")
    ask_for_the_replacement(world, dana, slug, host, make_csr([host], stolen))
    admin.approve(host)
    dana.press("Follow the request")
    compare(old, pick_up(dana, tmp_path))


def revoke(admin: Decider, host: str) -> None:
    """From the list of certificates to the signature; a second time there is nothing left to do."""
    window = admin.window
    window.open(f"{admin.console}certificates")
    window.press(host)
    address = window.page.url
    window.page.locator("details.danger summary").click()
    window.page.locator("input[name=reason][value=keyCompromise]").check()
    window.press("Go on to sign")
    if admin.card is None:
        look(window.page, "console-sign-revocation", small=True)
    began = time.monotonic()
    admin.sign("Revoke with a passkey")
    assert window.heading == f"The certificate of {host} is revoked", window.words
    assert time.monotonic() - began < 10
    if admin.card is None:
        look(window.page, "console-revoked")
    window.open(address)
    assert window.page.locator("details.danger").count() == 0, "what is revoked offers no second revocation"
    if admin.card is None:
        look(window.page, "console-certificate-revoked", small=True)


def ask_for_the_replacement(world: World, window: Window, slug: str, host: str, stolen: str) -> None:
    """Found by the exact name, replaced with a new key; the stolen one is refused at its field."""
    window.open(f"{world.portal(slug)}search?for=replace")
    window.fill(q=host)
    window.press("Find")
    window.press(host)
    window.press("Replace it")
    window.expect("4\\d\\d POST")
    window.fill(csr=stolen, phrase=PHRASE)
    window.press("Ask for the replacement")
    assert "csr" in (window.page.locator(".error-summary a").first.get_attribute("href") or ""), window.words
    window.fill(csr=make_csr([host], make_key()), phrase=PHRASE)
    window.press("Ask for the replacement")
    assert window.heading == "Your request was received", window.words


def compare(old_file: Path, new_file: Path) -> None:
    """The same but for the key."""
    old, new = (x509.load_pem_x509_certificate(file.read_bytes()) for file in (old_file, new_file))
    assert new.subject == old.subject
    assert new.not_valid_after_utc == old.not_valid_after_utc
    assert new.public_key() != old.public_key()
    assert new.serial_number != old.serial_number
