"""I27: a challenge phrase is nowhere in clear, neither in the database nor in what is logged, and guessing it locks."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from privyseal.store import certificates, throttles
from tests.doors.rest.rest_rig import API, RestRig
from tests.pages.portal.portal_rig import HOME, NAME, ORG, ORIGIN, PHRASES, PortalRig
from tests.rigs.app_client import AppClient
from tests.rigs.service import PHRASE, ServiceRig, make_csr, make_key

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


@pytest.mark.timeout(400)  # With --long a thousand guesses are sent.
def test_guessing_at_every_door_counts_as_one(portal: PortalRig, *, long_run: bool) -> None:
    """Pages and REST, looking, picking up, withdrawing, revoking and replacing."""
    certificate = portal.service.issue(ORG, portal.service.administrator(ORG), [NAME])
    requested = f"/organizations/{ORG}/requests/{certificate.request_id}"
    certified = f"/organizations/{ORG}/certificates/{certificate.serial_hex}"
    calls: list[tuple[str, dict[str, str]]] = [(f"{requested}/{word}", {}) for word in ("status", "withdrawal", "pickup")]
    calls += [(f"{certified}/revocation", {"reason": "superseded"}), (f"{certified}/reissue", {"csr": make_csr([NAME], make_key())})]
    forms = [f"{HOME}/requests/{certificate.request_id}", f"{HOME}/certificates/{certificate.serial_hex}/revoke"]
    rest = RestRig(portal.service)

    def guess(number: int) -> int:
        source, phrase = f"10.0.{number % SOURCES}.1", f"wrong phrase {number}"
        if number % 2:
            path, body = calls[number // 2 % len(calls)]
            client = AppClient(rest.app, base_url=ORIGIN, client=(source, 50_000))
            return client.post(f"{API}{path}", json=body | {"phrase": phrase}).status_code
        form = {"phrase": phrase, "reason": "superseded"}
        return portal.browser(source).post(forms[number // 2 % len(forms)], data=form).status_code

    # Whatever is refused for another reason than the phrase would go on being heard.
    statuses = [guess(number) for number in range(ALL_TRIES if long_run else TRIES)]
    assert set(statuses) == {422, 429}
    assert statuses.index(429) <= 6
    assert statuses.count(422) <= 12
    assert portal.post(forms[0], {"phrase": PHRASE}).status == 429


def test_a_serial_number_written_otherwise_is_no_way_around(portal: PortalRig) -> None:
    """It reaches no certificate, so that it has no count of its own."""
    certificate = portal.service.issue(ORG, portal.service.administrator(ORG), [NAME])
    serial = certificate.serial_hex
    client = AppClient(RestRig(portal.service).app, base_url=ORIGIN)
    for spelling in (serial.upper(), ":".join(serial[at : at + 2] for at in range(0, len(serial), 2)), f"00{serial}", f" {serial}"):
        body = {"phrase": PHRASE, "reason": "superseded"}
        answer = client.post(f"{API}/organizations/{ORG}/certificates/{quote(spelling)}/revocation", json=body)
        assert answer.status_code in {404, 422}, spelling
        assert portal.post(f"{HOME}/certificates/{quote(spelling)}/revoke", body).status == 404, spelling
    with portal.service.house.database.read(portal.service.clock()) as tx:
        found = certificates.get(tx, certificate.id)
        assert throttles.misses(tx, f"phrase:{certificate.request_id}")[0] == 0
    assert found == certificate
