"""The open queue of somebody whose line is slow, and then gives answers that are no stream: the page says so, and hears again by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.browser.people import World, sign_in_with_certificate
from tests.browser.steps import slow_line
from tests.rigs.browser import Chromium, Window, look
from tests.rigs.service import make_csr, make_key

SLUG, DOMAIN = "broken-line", "broken-line.test"
NOTICED_MS = 15_000
"""Two rounds of the page's own patience, and the slow line."""


def refuse(route: Route) -> None:
    """What a front says while the service behind it starts again."""
    route.fulfill(status=503, body="Service Unavailable")


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_the_queue_says_that_it_is_cut_off_and_hears_again(world: World, chromium: Chromium) -> None:
    company = world.company(SLUG, "Broken Line, Inc.", DOMAIN)
    window = chromium.window(identity=world.card(company.admin))
    sign_in_with_certificate(world, window, SLUG, "console/")
    stream = f"{world.console(SLUG)}events*"
    window.expect("503 GET")
    with slow_line(window):
        window.page.route(stream, refuse)
        window.open(f"{world.console(SLUG)}requests")
        notice = window.page.locator("#cut-off")
        expect(notice).to_be_hidden()
        expect(notice).to_be_visible(timeout=NOTICED_MS)
        expect(window.page.locator("#announcer")).to_have_text(notice.inner_text())
        look(window.page, "console-requests-cut-off")
        company.submit(make_csr([f"www.{DOMAIN}"], make_key()))
        window.page.unroute(stream)
        expect(notice).to_be_hidden(timeout=NOTICED_MS)
        waiting(window, 1)
        company.submit(make_csr([f"mail.{DOMAIN}"], make_key()))
        waiting(window, 2)
    window.page.locator("#live a").click()
    assert f"mail.{DOMAIN}" in window.words


def waiting(window: Window, number: int) -> None:
    """The page counts what waits without being loaded again."""
    expect(window.page.locator(".site-nav [data-count=waiting]")).to_have_text(str(number))
