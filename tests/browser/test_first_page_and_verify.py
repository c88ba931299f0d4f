"""The first page, with and without a demonstration, and the page that verifies a certificate."""

from __future__ import annotations

import ssl

import pytest

from privyseal.cli.demo_roads import roads_file, write_roads
from tests.browser.people import World
from tests.browser.test_pages_of_the_portal import DOMAIN, gallery, sqlite
from tests.rigs.browser import FIRST_VIEW_BYTES, Chromium, look
from tests.rigs.service import make_csr, make_key


@sqlite
def test_the_first_page(world: World, chromium: Chromium) -> None:
    """Before and after the demonstration wrote its roads; the weight is what really comes over a slow line."""
    window = chromium.window(passkeys=False)
    window.slow_down(milliseconds=100, bytes_per_second=200_000)
    received = window.count_bytes()
    window.open(f"{world.base}/")
    window.page.wait_for_load_state("networkidle")
    assert 10_000 < sum(received) <= FIRST_VIEW_BYTES
    window.slow_down(milliseconds=0, bytes_per_second=-1)
    look(window.page, "first", small=True)
    settings = world.service.settings
    roads = {
        "root": f"{settings.status_url}/ca/root.pem",
        "passkey_link": f"{world.base}/o/gallery/first-credential?code={'a2' * 26}",
        "passkey_until": "22 November 2026, 12:00 UTC",
        "vetter_link": f"{world.base}/provider/first-credential?code={'b2' * 26}",
        "second_link": f"{world.base}/provider/first-credential?code={'c2' * 26}",
        "seal_line": "SEAL_ROOT=demo-data/service/root.pem seal request list --organization resource-marketing",
        "mail_dir": "demo-data/mail",
        "portal_url": world.portal("gallery"),
        "console_url": world.console("gallery"),
        "provider_url": f"{world.base}/provider/",
        "shop": "web-shop.localhost",
        "shop_url": "https://web-shop.localhost:8444/",
        "shop_nginx": "yes",
    }
    write_roads(settings.data, roads)
    window.open(f"{world.base}/")
    roads_file(settings.data).unlink()
    look(window.page, "first-demonstration", small=True)


@sqlite
def test_a_certificate_in_words(world: World, chromium: Chromium) -> None:
    """Of this service, revoked, of somebody else, of nobody."""
    company, window = gallery(world), chromium.window(passkeys=False)
    window.expect("422 POST", "503 POST")
    window.open(f"{world.base}/verify")
    look(window.page, "verify", small=True)
    window.fill(certificate="-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----")
    window.press("Verify")
    assert window.problems != []
    look(window.page, "verify-error")
    window.open(f"{world.base}/verify")
    window.fill(server="192.168.1.1")
    window.press("Verify")
    assert window.problems != []
    issued = company.issue(make_csr([f"verify.{DOMAIN}"], make_key()))
    company.admin.at_a_shell(company.slug).seal("certificate", "revoke", issued["serial"], "--reason", "superseded", "--yes")
    window.open(f"{world.base}/verify")
    window.fill(certificate=issued["pem"])
    window.press("Verify")
    assert "It was revoked." in window.words
    look(window.page, "verified-revoked")
    own = ssl.get_server_certificate(("127.0.0.1", world.service.settings.web_port))
    window.open(f"{world.base}/verify")
    window.fill(certificate=own)
    window.press("Verify")
    look(window.page, "verified-service")


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_the_other_theme_and_the_other_language(world: World, chromium: Chromium) -> None:
    """The button changes the theme and the browser remembers it."""
    window = chromium.window(passkeys=False)
    window.open(f"{world.base}/")
    window.page.get_by_role("button", name="Light or dark").click()
    window.open(f"{world.base}/verify")
    assert window.page.locator("html").get_attribute("data-bs-theme") == "dark"
