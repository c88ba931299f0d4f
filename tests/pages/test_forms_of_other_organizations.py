"""Forms sent from one organization's pages to another's: all share one origin, so each page's own policy has to hold them back.

A server sees no difference: the origin is the same, and the cookie is that of whoever is signed in there. That no text of anybody
becomes a form at all is tests/pages/test_hostile_world.py; this is what stands behind it.
"""

from __future__ import annotations

import re

import pytest

from privyseal.reception.site import Audience, Method, Page
from tests.pages.browsing import ORG, OTHER, PAGES, SITES, PagesRig, form_targets, may_send
from tests.rigs.app_client import AppClient
from tests.rigs.service import AdministratorRig

ALL = [page for site in SITES for page in site.pages]
LEFT_OUT = ("/events", "/sign-out", "/sign-out-everywhere")
"""Streams, and what ends the session that the others need."""

pytestmark = pytest.mark.parametrize("service", ["sqlite"], indirect=True)


def address(page: Page, org: str) -> str:
    return re.sub(r"\{[^}]+\}", "x", page.path.replace("{org}", org))


def own_side(page: Page, path: str) -> str:
    """Where the forms of a page may go at most."""
    if page.audience is Audience.ORGANIZATION:
        return f"{PAGES}/o/{ORG}"
    return f"{PAGES}/provider" if page.audience is Audience.PROVIDER else f"{PAGES}/{path.split('/')[1]}"


def test_the_forms_of_every_page_go_to_its_own_side_alone(pages: PagesRig, mulder: AdministratorRig, vera: AdministratorRig) -> None:
    browsers = {Audience.ORGANIZATION: pages.signed_in(mulder), Audience.PROVIDER: pages.signed_in(vera), Audience.NONE: pages.browser()}
    targets = [f"{PAGES}{address(page, OTHER)}" for page in ALL if page.method is Method.POST]
    seen = 0
    for page in ALL:
        if page.path.endswith(LEFT_OUT):
            continue
        path = address(page, ORG)
        browser = browsers[page.audience]
        answer = browser.post(path, {"a": "1"}) if page.method is Method.POST else browser.get(path)
        if answer.headers.get("content-type", "").startswith("text/html"):
            allowed, seen = form_targets(answer), seen + 1
            for target in targets:
                side = own_side(page, path)
                assert may_send(allowed, target) is (side != f"{PAGES}/" and (target == side or target.startswith(f"{side}/"))), (
                    path,
                    target,
                )
    assert seen > 100


def test_what_holds_a_form_back_is_the_page_and_not_the_server(pages: PagesRig, mulder: AdministratorRig, brandt: AdministratorRig) -> None:
    """Why there is such a policy: were the form sent, it would count as one of the other organization's own pages."""
    browser = pages.signed_in(brandt)
    assert browser.sign_in(mulder).status_code == 303, "the same browser, signed in at both"
    target = f"/o/{OTHER}/console/certificates"
    browser.headers["Origin"] = PAGES
    sent = browser.post(target, {"search_name": "ours", "show": "all"})
    assert sent.status_code == 303, sent.text
    for path in (
        f"/o/{ORG}/",
        f"/o/{ORG}/enroll",
        f"/o/{ORG}/console/",
        f"/o/{ORG}/console/certificates",
        f"/o/{ORG}/nothing",
        "/",
        "/verify",
    ):
        assert not may_send(form_targets(browser.get(path)), f"{PAGES}{target}"), path
    assert may_send(form_targets(browser.get(target)), f"{PAGES}{target}")


@pytest.mark.parametrize(
    "path",
    [
        "/o/x;script-src%20'unsafe-inline'/",
        "/o/x%20https:%2F%2Fevil.test/",
        "/x;script-src%20*/y",
        "/x%20https://evil.test/",
        "/%0d%0aSet-Cookie:%20a=b/",
        f"/o/{'a' * 41}/",
        "//evil.test/",
    ],
)
def test_an_address_does_not_write_into_the_policy(pages: PagesRig, path: str) -> None:
    answer = pages.browser().get(path)
    policy = answer.headers["content-security-policy"]
    assert "evil.test" not in policy
    assert "unsafe" not in policy
    assert form_targets(answer) == ["'none'"]
    assert policy.count(";") == 7
    assert "set-cookie" not in answer.headers


def test_at_an_address_that_is_not_configured_forms_stay_within_the_origin(pages: PagesRig) -> None:
    for host, allowed in (("localhost:8444", "https://localhost:8444"), ("elsewhere.test", ""), ("a'; script-src *", "")):
        answer = AppClient(pages.app, base_url=PAGES).get(f"/o/{ORG}/", headers={"Host": host})
        assert form_targets(answer) == ([f"{allowed}/o/{ORG}", f"{allowed}/o/{ORG}/"] if allowed else ["'self'"])
