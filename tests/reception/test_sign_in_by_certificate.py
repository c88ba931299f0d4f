"""Signing in with an Administrator ID: over the administrators' port and back with a code that counts once, in one browser."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlencode

from privyseal.actions.administrator.revoke_credential import revoke_credential
from privyseal.actions.house import About, perform
from privyseal.engine.phrases import code_hash
from privyseal.model.revocation import RevocationReason
from privyseal.store.sessions import hand_over_codes, sessions
from tests.reception.reception_rig import ADMINISTRATORS, ORG, OTHER, Browser, ReceptionRig, code_in, require_kind, site
from tests.rigs.service import AdministratorRig, hashes_hex

STARTED = ("start-session", "done", "", "administrator")


def rows(rig: ReceptionRig, table: object = sessions) -> int:
    with rig.service.house.database.read(rig.service.clock()) as tx:
        return len(tx.execute(table.select()).all())  # type: ignore[attr-defined] # any table


def revoke(rig: ReceptionRig, person: AdministratorRig) -> None:
    about = About("revoke-credential", person.organization, "credential", "one")
    fingerprint = hashes_hex(person.certificate_der)
    reason = RevocationReason.KEY_COMPROMISE
    perform(rig.service.house, person.actor, about, revoke_credential, person.organization, fingerprint, reason)


def test_a_person_signs_in(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.browser()
    place = browser.hand_over(fox)
    assert "sessions" not in place
    answer = browser.get(place)
    assert answer.status_code == 200, answer.text
    home = browser.get(f"/o/{ORG}/home").json()
    assert home["person"] == "Fox Mulder"
    assert "approve" in home["rights"]
    assert "vet" not in home["rights"]
    assert rig.log()[-2:] == [("hand-over-identity", "done", "", "administrator"), STARTED]
    assert set(browser.cookies) == {f"__Host-privyseal-o-{ORG}"}, "the cookie of the sign-in has done its work"


def test_provider_staff_sign_in_at_the_provider(rig: ReceptionRig, vera: AdministratorRig) -> None:
    browser = rig.signed_in(vera)
    home = browser.get("/provider/home").json()
    assert {"operate", "sell", "vet"} <= set(home["rights"])
    assert not {"approve", "revoke", "submit"} & set(home["rights"]), "nothing is decided for an organization (I13)"
    assert rig.log("")[-1] == ("start-session", "done", "", "provider-administrator")
    assert "__Host-privyseal-provider" in browser.cookies


def test_only_hashes_are_kept(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.browser()
    code = code_in(browser.hand_over(fox))
    with rig.service.house.database.read(rig.service.clock()) as tx:
        [row] = tx.execute(hand_over_codes.select()).all()
    assert (row.code_sha256, row.browser_sha256) == (code_hash(code), code_hash(browser.browser_token()))
    assert code not in str(row)
    browser.get(f"/o/{ORG}/sign-in/finish?code={code}")
    with rig.service.house.database.read(rig.service.clock()) as tx:
        [row] = tx.execute(sessions.select()).all()
    assert row.token_sha256 == code_hash(browser.token())
    assert browser.token() not in str(row)
    assert rows(rig, hand_over_codes) == 0


# -------------------------------------------------------------------------------------------- the code counts once, here


def test_a_code_counts_once(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.browser()
    place = browser.hand_over(fox)
    cookies = dict(browser.cookies)
    assert browser.get(place).status_code == 200
    require_kind(Browser(rig, cookies).get(place), 401, "hand-over")
    require_kind(browser.get(place), 401, "hand-over")
    assert rows(rig) == 1
    assert rig.log()[-1] == ("sign-in", "refused", "hand-over", "requester")


def test_an_attackers_code_does_not_sign_a_victim_in(rig: ReceptionRig, fox: AdministratorRig) -> None:
    """Login CSRF: a code made in the attacker's browser is worth nothing in another one, with or without a sign-in under way."""
    attacker, victim = rig.browser(), rig.browser()
    require_kind(victim.get(attacker.hand_over(fox)), 401, "hand-over")
    victim.get(f"/o/{ORG}/sign-in")
    place = attacker.hand_over(fox)
    require_kind(victim.get(place), 401, "hand-over")
    require_kind(attacker.get(place), 401, "hand-over")
    assert rows(rig) == 0, "a code that was tried elsewhere is gone"


def test_a_code_for_the_cookies_hash_needs_the_cookie(rig: ReceptionRig, fox: AdministratorRig) -> None:
    """Whoever saw the link knows the hash; as a cookie it is no use."""
    browser = rig.browser()
    link = browser.get(f"/o/{ORG}/sign-in").json()["sign-in"]
    state = link.partition("state=")[2].partition("&")[0]
    assert state == code_hash(browser.browser_token())
    place = browser.show_certificate(link, fox).headers["location"]
    thief = Browser(rig, dict.fromkeys(browser.cookies, state))
    require_kind(thief.get(place), 401, "hand-over")


def test_a_code_lasts_a_minute(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.browser()
    place = browser.hand_over(fox)
    rig.service.clock.advance(timedelta(seconds=61))
    require_kind(browser.get(place), 401, "hand-over")


def test_a_code_of_one_audience_does_not_count_at_another(rig: ReceptionRig, fox: AdministratorRig) -> None:
    for other in (OTHER, "provider"):
        browser = rig.browser()
        place = browser.hand_over(fox)
        own = browser.browser_token()
        browser.cookies[f"__Host-privyseal-browser-{other if other == 'provider' else 'o-' + other}"] = own
        require_kind(browser.get(place.replace(site(ORG), site(other))), 401, "hand-over")
    assert rows(rig) == 0


def test_of_many_exchanges_at_once_one_gets_a_session(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.browser()
    place = browser.hand_over(fox)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: Browser(rig, dict(browser.cookies)).get(place).status_code, range(8)))
    assert sorted(answers) == [200] + [401] * 7
    assert rows(rig) == 1
    assert rig.log().count(STARTED) == 1


def test_two_tabs_can_sign_in(rig: ReceptionRig, fox: AdministratorRig) -> None:
    """The second tab keeps the cookie of the first, so the first one's way still ends well."""
    browser = rig.browser()
    first = browser.hand_over(fox)
    second = browser.hand_over(fox)
    kept = browser.browser_token()
    assert browser.get(first).status_code == 200
    browser.cookies[f"__Host-privyseal-browser-o-{ORG}"] = kept
    assert browser.get(second).status_code == 200


def test_a_token_that_was_planted_is_not_taken_over(rig: ReceptionRig, fox: AdministratorRig) -> None:
    """Session fixation: a sign-in always makes a token of its own."""
    browser = rig.browser()
    planted = "a" * 52
    browser.cookies[f"__Host-privyseal-o-{ORG}"] = planted
    rig.signed_in(fox, browser)
    assert browser.token() != planted
    require_kind(Browser(rig, {f"__Host-privyseal-o-{ORG}": planted}).get(f"/o/{ORG}/home"), 401, "sign-in-needed")


def test_signing_in_again_ends_the_session_before(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.signed_in(fox)
    former = dict(browser.cookies)
    rig.signed_in(fox, browser)
    require_kind(Browser(rig, former).get(f"/o/{ORG}/home"), 401, "sign-in-needed")
    assert ("end-session", "done", "replaced", "administrator") in rig.log()


# ------------------------------------------------------------------------------------------------- who cannot be verified


def test_a_revoked_certificate_is_refused_with_a_sentence(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.browser()
    link = browser.get(f"/o/{ORG}/sign-in").json()["sign-in"]
    revoke(rig, fox)
    problem = require_kind(browser.show_certificate(link, fox), 401, "credential-unusable")
    assert problem["detail"].startswith("Cannot verify administrator's identity.")
    assert rig.log()[-1] == ("sign-in", "refused", "credential-unusable", "requester")


def test_an_expired_certificate_is_refused(rig: ReceptionRig, fox: AdministratorRig) -> None:
    rig.service.clock.advance(timedelta(days=4000))
    browser = rig.browser()
    link = browser.get(f"/o/{ORG}/sign-in").json()["sign-in"]
    require_kind(browser.show_certificate(link, fox), 401, "credential-unusable")


def test_a_certificate_that_is_revoked_on_the_way_starts_no_session(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.browser()
    place = browser.hand_over(fox)
    revoke(rig, fox)
    require_kind(browser.get(place), 401, "credential-unusable")
    assert rows(rig) == 0


def test_another_organizations_certificate_is_unknown(rig: ReceptionRig, fox: AdministratorRig, helen: AdministratorRig) -> None:
    browser = rig.browser()
    link = browser.get(f"/o/{ORG}/sign-in").json()["sign-in"]
    stranger = require_kind(browser.show_certificate(link, helen), 401, "credential-unknown")
    nobody = AdministratorRig(fox.administrator, b"no certificate of ours", fox.key, ORG)
    assert require_kind(browser.show_certificate(link, nobody), 401, "credential-unknown") == stranger, "not told apart"
    provider = browser.get("/provider/sign-in").json()["sign-in"]
    require_kind(browser.show_certificate(provider, fox), 401, "credential-unknown")
    assert rig.log("")[-1] == ("sign-in", "refused", "credential-unknown", "requester")


def test_without_a_certificate_nobody_is_verified(rig: ReceptionRig) -> None:
    browser = rig.browser()
    link = browser.get(f"/o/{ORG}/sign-in").json()["sign-in"]
    require_kind(browser.show_certificate(link, None), 401, "certificate-missing")


CROOKED_LINKS = (
    ("nowhere", "0" * 64, "sign-in", 404),
    ("../../provider", "0" * 64, "sign-in", 404),
    ("RESOURCE-MARKETING", "0" * 64, "sign-in", 404),
    ("\0", "0" * 64, "sign-in", 404),
    ("a" * 1000, "0" * 64, "sign-in", 404),
    ("", "0" * 64, "sign-in", 404),
    (ORG, "", "sign-in", 400),
    (ORG, "0" * 63, "sign-in", 400),
    (ORG, "G" * 64, "sign-in", 400),
    (ORG, "\u0660" * 64, "sign-in", 400),
    (ORG, "0" * 64, "//evil.test", 400),
)


def test_crooked_links_are_refused(rig: ReceptionRig, fox: AdministratorRig) -> None:
    for audience, state, purpose, status in CROOKED_LINKS:
        query = urlencode({"audience": audience, "state": state, "purpose": purpose})
        answer = rig.browser().show_certificate(f"{ADMINISTRATORS}/sign-in/certificate?{query}", fox)
        assert answer.status_code == status, answer.text
        assert "location" not in answer.headers


def test_crooked_codes_are_refused(rig: ReceptionRig) -> None:
    browser = rig.browser()
    browser.get(f"/o/{ORG}/sign-in")
    for code in ("", "x", "a" * 52, "%00", "%ff%fe", "a" * 10_000, "%ed%a0%80"):
        for slug in (ORG, "nowhere"):
            require_kind(browser.get(f"/o/{slug}/sign-in/finish?code={code}"), 401, "hand-over")


# ------------------------------------------------------------------------------------------------------------- how often


def test_a_refused_certificate_waits(rig: ReceptionRig, fox: AdministratorRig) -> None:
    revoke(rig, fox)
    browser = rig.browser()
    link = browser.get(f"/o/{ORG}/sign-in").json()["sign-in"]
    answers = [browser.show_certificate(link, fox).status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    refused = browser.show_certificate(link, fox)
    require_kind(refused, 429, "sign-in-locked")
    rig.service.clock.advance(timedelta(seconds=int(refused.headers["retry-after"]) + 1))
    assert browser.show_certificate(link, fox).status_code == 401
    rig.service.clock.advance(timedelta(days=1))


def test_guessing_codes_is_counted_by_source_and_a_good_one_clears(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.browser()
    for _ in range(19):
        require_kind(browser.get(f"/o/{ORG}/sign-in/finish?code={'b' * 52}"), 401, "hand-over")
    rig.signed_in(fox)
    for _ in range(20):
        require_kind(browser.get(f"/o/{ORG}/sign-in/finish?code={'b' * 52}"), 401, "hand-over")
    require_kind(browser.get(f"/o/{ORG}/sign-in/finish?code={'b' * 52}"), 429, "sign-in-locked")
