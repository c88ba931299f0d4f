"""The main pages as somebody reads them in German: judged light and dark, wide and narrow, and kept as pictures."""

from __future__ import annotations

from tests.browser.people import World
from tests.browser.test_pages_of_the_portal import DOMAIN, gallery, sqlite
from tests.rigs.browser import Chromium, look
from tests.rigs.service import make_csr, make_key

GERMAN = "de-DE"


@sqlite
def test_the_portal_in_german(world: World, chromium: Chromium) -> None:
    """The first page, and the steps of an enrollment up to the CSR."""
    gallery(world)
    window = chromium.window(language=GERMAN)
    window.open(world.portal("gallery"))
    assert window.page.locator("html").get_attribute("lang") == "de"
    look(window.page, "german-portal-start", small=True)
    window.press("Zertifikat beantragen")
    look(window.page, "german-enroll-server", small=True)
    window.page.locator("input[name=platform][value=nginx]").check()
    window.press("Weiter")
    look(window.page, "german-enroll-names", small=True)
    window.fill(names=f"www.{DOMAIN}")
    window.press("Weiter")
    look(window.page, "german-enroll-csr", small=True)


@sqlite
def test_the_control_center_in_german(world: World, chromium: Chromium) -> None:
    """Home, the queue, the check page, and a page to sign."""
    company = gallery(world)
    request = company.submit(make_csr([f"german.{DOMAIN}"], make_key()))
    window = chromium.window(identity=world.card(company.admin), language=GERMAN)
    window.open(f"{world.portal('gallery')}sign-in")
    look(window.page, "german-sign-in", small=True)
    window.press("Mit einem Zertifikat anmelden")
    window.open(world.console("gallery"))
    look(window.page, "german-console-home", small=True)
    window.open(f"{world.console('gallery')}requests")
    look(window.page, "german-console-requests", small=True)
    window.open(f"{world.console('gallery')}requests/{request['id']}")
    look(window.page, "german-console-check", small=True)
    window.open(f"{world.console('gallery')}requests/{request['id']}/rejection")
    window.fill(reason="Mailserver bekommen ihre Zertifikate von der Mailgruppe.")
    window.press("Weiter zur Signatur")
    look(window.page, "german-console-sign-rejection", small=True)
