"""A form that somebody got into a page of one organization, for the pages of another one: the browser holds it back."""

from __future__ import annotations

import pytest
from playwright.sync_api import TimeoutError as NothingCameError

from tests.browser.people import World, passkey_holder
from tests.browser.test_pages_of_the_portal import gallery, sqlite
from tests.rigs.browser import Chromium, Window

WRITE_IN = """(address) => {
  const form = document.createElement("form");
  form.method = "post";
  form.action = address;
  document.body.append(form);
  form.submit();
}"""
MILLISECONDS = 2_000


def write_in(window: Window, target: str) -> None:
    """Write a form into the page, as whoever found a hole in it would, and send it."""
    with window.page.expect_navigation(timeout=MILLISECONDS):
        window.page.evaluate(WRITE_IN, target)


@sqlite
def test_no_page_of_one_organization_sends_a_form_to_another(world: World, chromium: Chromium) -> None:
    gallery(world)
    window = passkey_holder(world, chromium, "befriended", "befriended.test", units=0)
    window.expect("form-action", "Content Security Policy")
    console, target = world.console("befriended"), f"{world.portal('befriended')}sign-out"
    for place in (world.portal("gallery"), f"{world.portal('gallery')}enroll", f"{world.base}/verify", f"{world.base}/"):
        window.open(place)
        with pytest.raises(NothingCameError):
            write_in(window, target)
        window.open(console)
        assert window.page.url == console, "still signed in"
    window.open(world.portal("befriended"))
    write_in(window, target)
    window.open(console)
    assert "/sign-in" in window.page.url, "the form itself works, on a page of its own side"
