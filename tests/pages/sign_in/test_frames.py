"""What stands around the account, and where somebody goes whom a certificate did not let in."""

from __future__ import annotations

import pytest

from tests.pages.browsing import ADMINISTRATORS, ORG, PAGES, PagesRig
from tests.pages.portal.portal_rig import Document
from tests.rigs.service import AdministratorRig

sqlite = pytest.mark.parametrize("service", ["sqlite"], indirect=True)


@sqlite
def test_the_account_stands_within_the_console(pages: PagesRig, mulder: AdministratorRig, vera: AdministratorRig) -> None:
    for person, place, words in ((mulder, f"/o/{ORG}", "Requests"), (vera, "/provider", "Organizations")):
        browser = pages.signed_in(person)
        for path in ("/account", "/account/passkey", "/step-up"):
            page = browser.get(f"{place}{path}")
            shown = Document(page.text)
            assert "<small>Your account</small>" in page.text, path
            assert words in shown.text
            assert "Sign out" in shown.text
        assert f"{place}/account" in Document(browser.get(f"{place}/account/passkey").text).links, "a way to cancel"


@sqlite
def test_a_browser_is_named_as_people_do(pages: PagesRig, mulder: AdministratorRig) -> None:
    browser = pages.browser()
    browser.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
    assert browser.sign_in(mulder).status_code == 303
    page = browser.get(f"/o/{ORG}/account")
    assert "Chrome on Linux" in Document(page.text).text
    assert "Mozilla" not in Document(page.text).text
    assert 'title="Mozilla/5.0 (X11; Linux x86_64)' in page.text


@sqlite
def test_a_certificate_that_lets_nobody_in_leads_back(pages: PagesRig, brandt: AdministratorRig) -> None:
    page = pages.browser().get(f"/o/{ORG}/sign-in")
    link = next(link for link in Document(page.text).links if link.startswith(ADMINISTRATORS))
    refused = pages.browser().show_certificate(link, brandt)
    shown = Document(refused.text)
    assert "<h1>This certificate does not let you in</h1>" in refused.text
    assert f"{PAGES}/o/{ORG}/sign-in" in shown.links
    assert shown.text.count("Cannot verify administrator's identity") == 1
    lost = pages.browser().show_certificate(f"{ADMINISTRATORS}/sign-in/certificate", brandt)
    assert f"{PAGES}/" in Document(lost.text).links, "the other port has no first page"
