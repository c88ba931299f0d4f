"""A CA is paused with ``seal`` by two people of the provider: what an organization and its requesters see, and that they go on after it.

The service is shared with other tests, so the CA goes on again whatever happens here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.browser.people import World, sign_in_with_certificate
from tests.rigs.browser import Chromium, look
from tests.rigs.live_people import run_seal
from tests.rigs.service import make_csr, make_key

SLUG, DOMAIN = "night-desk", "night-desk.test"


def decide(world: World, command: str, reason: str) -> None:
    """One proposes, another one signs."""
    first, second = (person.at_a_shell("") for person in (world.provider.administrator, world.provider.second))
    status, change, error = run_seal(first, "authority", command, "issuing", "--reason", reason)
    assert (status, change.get("state")) == (0, "open"), error
    status, signed, error = run_seal(second, "authority", "sign", change["id"], "--yes")
    assert (status, signed.get("state")) == (0, "applied"), error


@contextmanager
def paused(world: World) -> Iterator[None]:
    """While this lasts, the issuing CA is paused."""
    decide(world, "pause", "The token is exchanged")
    try:
        yield
    finally:
        decide(world, "resume", "The new token is there")


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_an_organization_waits_and_goes_on(world: World, chromium: Chromium) -> None:
    company = world.company(SLUG, "Night Desk, Inc.", DOMAIN)
    request = company.submit(make_csr([f"www.{DOMAIN}"], make_key()))
    window = chromium.window(identity=world.card(company.admin))
    sign_in_with_certificate(world, window, SLUG, "console/")
    place = f"{world.console(SLUG)}requests/{request['id']}"
    with paused(world):
        status, _, error = run_seal(company.admin.at_a_shell(SLUG), "request", "approve", request["id"], "--yes")
        assert (status != 0, "The provider has paused the CA" in error) == (True, True), error
        window.open(world.console(SLUG))
        assert "The provider has paused the CA" in window.words
        look(window.page, "console-home-paused", small=True)
        window.open(place)
        assert window.page.locator("[id=signed]").count() == 0, "nothing is offered that must fail"
        look(window.page, "console-check-paused", small=True)
    window.open(world.console(SLUG))
    assert "paused" not in window.words
    status, _, error = run_seal(company.admin.at_a_shell(SLUG), "request", "approve", request["id"], "--yes")
    assert status == 0, error
    window.open(place)
    assert "The certificate of this request" in window.words, window.words
