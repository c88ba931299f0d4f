"""I27: a challenge phrase is nowhere in clear, neither in the database nor in what is logged, and guessing it locks."""

from __future__ import annotations

import pytest

from privyseal.store import throttles
from tests.pages.portal.portal_rig import HOME, PHRASES, PortalRig
from tests.rigs.service import ServiceRig

TRIES, ALL_TRIES = 60, 1_000
"""The second with --long."""

SOURCES = 100
"""Addresses that the guesses come from in turn."""


@pytest.fixture
def portal(service: ServiceRig) -> PortalRig:
    service.create_organization(units=5)
    return PortalRig(service)


def test_a_phrase_is_stored_and_logged_nowhere(portal: PortalRig, capfd: pytest.CaptureFixture[str]) -> None:
    phrase = next(iter(PHRASES.values()))
    request_id = portal.submit()
    portal.post(f"{HOME}/requests/{request_id}/withdraw", {"phrase": phrase + " wrong"})
    portal.service.integrate()
    written = capfd.readouterr()
    assert phrase not in portal.stored() + written.out + written.err
    assert "$argon2id$" in portal.stored()


@pytest.mark.timeout(400)  # With --long a thousand forms are sent.
def test_guessing_locks_in_whatever_spelling(portal: PortalRig, *, long_run: bool) -> None:
    request_id = portal.submit()
    address = f"{HOME}/requests/{request_id}/withdraw"
    # The forms in which one phrase can be written are different guesses, and each of them counts.
    spellings = ("Wrong Phrase Here", "wrong phrase here", " wrong phrase here ", "WRONG PHRASE HERE", "wrong\u00a0phrase here")
    browsers = [portal.browser(f"10.0.{number}.1") for number in range(SOURCES)]
    tries = range(ALL_TRIES if long_run else TRIES)
    guesses = [{"phrase": spellings[number % len(spellings)]} for number in tries]
    statuses = [browsers[number % SOURCES].post(address, data=guesses[number]).status_code for number in tries]
    assert 429 in statuses
    # Time goes on: now and then a guess is heard again, and each of these makes the next wait longer.
    assert set(statuses) == {422, 429}
    assert statuses.count(422) <= 12
    assert statuses.index(429) <= 6
    with portal.service.house.database.read(portal.service.clock()) as tx:
        assert throttles.misses(tx, f"phrase:{request_id}")[0] >= 5
    right = portal.post(address, {"phrase": next(iter(PHRASES.values()))})
    assert (right.status, int(right.headers["retry-after"]) > 0) == (429, True), "who knows it waits as well; administrators do not"
