"""Letters about domains, the end of a vetting and an application that is not accepted, from what makes them to what they bring about."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import pytest

from privyseal.actions.domain.remove_domain import remove_domain
from privyseal.actions.organization.add_domain import add_domain
from privyseal.actions.organization.remind_of_vettings import remind_of_vettings
from privyseal.engine.dcv import challenge_name
from privyseal.engine.dns_persistent import record_name, record_value
from privyseal.features.notices.render import time_text
from privyseal.model.actor import SYSTEM
from privyseal.model.domain import DomainEnd, ValidationMethod
from privyseal.model.errors import Refused
from privyseal.model.organization import vetted_until
from privyseal.model.rules import REMINDER_DAYS, VETTING_REMINDERS, Tier
from privyseal.store import organizations
from tests.doors.rest.rest_rig import API, RestRig, require_problem
from tests.doors.rest.test_applications import BODY
from tests.features.notices.town.town import ORG, ZONE, Town
from tests.pages.browsing import PagesRig
from tests.pages.portal.portal_rig import Document
from tests.rigs.service import OPERATOR, mail_of
from tests.rigs.vetting import vet

NEW = "langly.test"
ADDRESS = f"hostmaster@{NEW}"
CONTACT, FOX, VERA = f"contact@{ZONE}", mail_of("Fox Mulder", ORG), mail_of("Vera Vetter", "")
PLACE = f"/provider/organizations/{ORG}/domains"
LINK: Final = re.compile(r"  https://localhost:8443/domain-control/(ltr-[0-9a-f]{32})\?code=([a-z2-7]{52})\n")
APPLICATION: Final = re.compile(r"  https://localhost:8443/apply/(apl-[0-9a-f]{32})\?code=([a-z2-7]{52})\n")


# ------------------------------------------------------------------------------------------------- whoever answers for a domain


def ask_by_rest(town: Town) -> None:
    client = RestRig(town.service).administrator(town.vera)
    wrong = client.post(f"{API}{PLACE}/{NEW}/letters", json={"address": f"fox@{NEW}"})
    require_problem(wrong, 422, "domain-address")
    answer = client.post(f"{API}{PLACE}/{NEW}/letters", json={"address": ADDRESS})
    assert (answer.status_code, answer.json()["address"]) == (201, ADDRESS), answer.text


def ask_by_page(town: Town) -> None:
    browser = PagesRig(town.service).signed_in(town.vera)
    assert browser.post(f"{PLACE}/{NEW}/letter", {"address": f"fox@{NEW}"}).status_code == 422
    answer = browser.post(f"{PLACE}/{NEW}/letter", {"address": ADDRESS})
    assert answer.status_code == 303, answer.text


def confirm_by_rest(town: Town, letter: str, code: str) -> None:
    stranger, place = RestRig(town.service).anonymous(), f"{API}/domain-letters/{letter}/confirmation"
    require_problem(stranger.post(place, json={"code": "a" * 52}), 404, "domain-letter")
    answer = stranger.post(place, json={"code": code})
    assert (answer.status_code, answer.json()["name"]) == (200, NEW), answer.text
    require_problem(stranger.post(place, json={"code": code}), 404, "domain-letter")


def confirm_by_page(town: Town, letter: str, code: str) -> None:
    """Opening the link does nothing, as often as a program opens it; the button does."""
    browser = PagesRig(town.service).browser()
    for _ in range(2):
        opened = browser.get(f"/domain-control/{letter}", code=code)
        assert Document(opened.text).fields["code"] == code
    assert not town.domain(NEW).is_valid(town.service.clock())
    assert browser.post(f"/domain-control/{letter}", {"code": "a" * 52}).status_code == 404
    answer = browser.post(f"/domain-control/{letter}", {"code": code})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/domain-control/{letter}"), answer.text
    assert "It is confirmed" in Document(browser.get(f"/domain-control/{letter}").text).text


@pytest.mark.parametrize(
    ("ask", "confirm"), [(ask_by_rest, confirm_by_page), (ask_by_page, confirm_by_rest)], ids=["asked over REST", "asked on the page"]
)
def test_the_link_of_the_letter_makes_names_under_the_domain_issuable(
    town: Town, ask: Callable[[Town], None], confirm: Callable[[Town, str, str], None]
) -> None:
    town.do(OPERATOR, add_domain, ORG, NEW)
    with pytest.raises(Refused, match=r"validation of langly\.test is missing"):
        town.request(f"www.{NEW}")
    ask(town)
    letters = town.box.about(NEW)
    assert letters.keys() == {ADDRESS}
    text = letters[ADDRESS]
    assert text.startswith(f"{NEW}: may Resource Marketing, Inc. get certificates for it? Answer by ")
    found = LINK.search(text)
    assert found is not None, text
    assert f"  {found[2]}" in text.splitlines(), "the value stands there by itself, for whoever types it"
    assert f"https://localhost:8443/domain-control/{found[1]} " in text
    assert "Questions: pki@provider.test" in text.splitlines(), "whoever asked for nothing is not sent to those who say that it is theirs"
    with pytest.raises(Refused, match=r"validation of langly\.test is missing"):
        town.request(f"www.{NEW}")
    confirm(town, found[1], found[2])
    assert town.domain(NEW).method is ValidationMethod.MAIL
    issued = town.service.issue(ORG, town.fox, [f"www.{NEW}"])
    assert [name for _, name in issued.names] == [f"www.{NEW}"]


def remove_it(town: Town) -> None:
    town.do(OPERATOR, remove_domain, ORG, NEW, DomainEnd.GIVEN_UP)


def wait_a_week(town: Town) -> None:
    town.service.clock.advance(timedelta(days=7, seconds=1))


@pytest.mark.parametrize("meanwhile", [remove_it, wait_a_week], ids=["the domain was removed", "its week is over"])
def test_a_letter_that_comes_too_late_asks_nobody(town: Town, meanwhile: Callable[[Town], None]) -> None:
    town.do(OPERATOR, add_domain, ORG, NEW)
    ask_by_rest(town)
    meanwhile(town)
    assert "get certificates for it" not in " ".join(str(letter["Subject"]) for letter in town.box.new())


# ------------------------------------------------------------------------------------------------------------------- its life


def test_each_reminder_goes_to_everybody_concerned_once(town: Town) -> None:
    domain, until = town.domain(), town.domain().valid_until(Tier.PRIVATE)
    assert until is not None
    told = []
    for days in (31, 30, 29, 15, 14, 8, 7, 3, 2, 1):
        town.pass_until(until - timedelta(days=days))
        town.look()
        letters = town.box.about(f"{ZONE}: its validation ends on ")
        told += [days] * bool(letters)
        for text in letters.values():
            lines = text.splitlines()
            assert f"the validation of {ZONE} ends on {time_text(until)}." in text
            assert "Certificates that exist go on." in text
            assert f"  {challenge_name(ZONE)}" in lines
            assert f"  {domain.token}" in lines
            assert f"  {record_name(ZONE)}" in lines
            assert f"  {record_value(town.service.house.service.caa_issuer(ORG))}" in lines
            assert f"All ways: https://localhost:8443/o/{ORG}/console/settings" in lines
        assert letters.keys() in (set(), {CONTACT, FOX})
    assert told == list(REMINDER_DAYS)


def test_a_reminder_that_comes_late_says_what_is_true_then(town: Town) -> None:
    until = town.domain().valid_until(Tier.PRIVATE)
    assert until is not None
    town.pass_until(until - timedelta(days=2))
    town.look()
    town.pass_until(until)
    late = town.box.about("its validation ends on")
    assert late.keys() == {CONTACT, FOX}
    assert all(f"the validation of {ZONE} ended on {time_text(until)}: nothing is issued under it" in text for text in late.values())


def test_nobody_is_reminded_of_a_validation_that_was_renewed_meanwhile(town: Town) -> None:
    until = town.domain().valid_until(Tier.PRIVATE)
    assert until is not None
    town.pass_until(until - timedelta(days=7))
    town.look()
    town.service.validate(ORG, ZONE)
    assert town.box.about("its validation ends on") == {}


def removed_by_fox(town: Town) -> None:
    client = RestRig(town.service).administrator(town.fox)
    answer = client.post(f"{API}/organizations/{ORG}/domains/{ZONE}/removal", json={"reason": "given-up"})
    assert answer.status_code == 200, answer.text


def removed_by_vera(town: Town) -> None:
    answer = PagesRig(town.service).signed_in(town.vera).post(f"{PLACE}/{ZONE}/removal", {"reason": "given-up"})
    assert answer.status_code == 303, answer.text


@pytest.mark.parametrize(("remove", "who"), [(removed_by_fox, "Fox Mulder"), (removed_by_vera, "the provider")])
def test_a_removal_is_told_to_everybody_concerned_with_who_and_why(town: Town, remove: Callable[[Town], None], who: str) -> None:
    remove(town)
    letters = town.box.about(f"{ZONE}: removed from Resource Marketing, Inc. on ")
    assert letters.keys() == {CONTACT, FOX}
    for text in letters.values():
        assert f"{ZONE} was removed from Resource Marketing, Inc. by {who} on " in text
        assert "(it was given up or sold)" in text
        assert f"ask {who} now" in text
        assert "Vera" not in text
        assert f"  https://localhost:8443/o/{ORG}/console/certificates" in text.splitlines()
    removed_by_fox(town)
    assert town.box.new() == [], "a second time nothing happens, and nobody is told"


# ------------------------------------------------------------------------------------------- vetting that ends, application rejected


def vetting_ends_at(town: Town) -> tuple[datetime, datetime]:
    """For the public and for the private tier."""
    with town.service.house.database.read(town.service.clock()) as tx:
        organization = organizations.require(tx, ORG)
    public, private = vetted_until(organization, Tier.PUBLIC), vetted_until(organization, Tier.PRIVATE)
    assert public is not None
    assert private is not None
    return public, private


def remind(town: Town) -> None:
    """What the work process does every hour, twice."""
    for _ in range(2):
        with town.service.house.database.write(town.service.clock()) as tx:
            remind_of_vettings(town.service.house, tx, SYSTEM)


def test_the_end_of_a_vetting_is_told_to_both_sides_in_time(town: Town) -> None:
    public, private = vetting_ends_at(town)
    told = []
    for days in (61, 60, 59, 31, 30, 8, 7, 1):
        town.pass_until(public - timedelta(days=days))
        remind(town)
        letters = town.box.about("Resource Marketing, Inc.: vetting ends on ")
        told += [days] * bool(letters)
        assert letters.keys() in (set(), {CONTACT, FOX, VERA})
        for text in letters.values():
            assert f"the provider's vetting of Resource Marketing, Inc. ends on {time_text(public)}." in text
            assert f"Certificates of the private tier can be issued until {time_text(private)}." in text
    assert told == list(VETTING_REMINDERS)


def test_nobody_is_told_of_the_end_of_a_vetting_that_was_renewed_meanwhile(town: Town) -> None:
    public, _ = vetting_ends_at(town)
    town.pass_until(public - timedelta(days=30))
    remind(town)
    town.service.integrate()
    vet(town.service.house, ORG)
    assert town.box.about("vetting ends on") == {}


def test_an_applicant_is_told_why_nothing_comes_of_it(town: Town) -> None:
    stranger = RestRig(town.service).anonymous()
    assert stranger.post(f"{API}/applications", json=BODY).status_code == 202
    [(applicant, asked)] = town.box.about("Confirm your application").items()
    assert applicant == BODY["corporate_email"]
    found = APPLICATION.search(asked)
    assert found is not None, asked
    assert stranger.post(f"{API}/applications/{found[1]}/confirmation", json={"code": found[2]}).json()["state"] == "applied"
    waits = town.box.about(f"{BODY['name']} applies since ")
    assert waits.keys() == {VERA}
    assert f"  https://localhost:8443/provider/applications/{found[1]}" in waits[VERA].splitlines()
    answer = (
        PagesRig(town.service)
        .signed_in(town.vera)
        .post(f"/provider/applications/{found[1]}/rejection", {"reason": "No such company\r\nin the <register>"})
    )
    assert answer.status_code == 303, answer.text
    [(told, text)] = town.box.about(f"{BODY['name']}: application not accepted on ").items()
    assert told == applicant
    lines = text.splitlines()
    assert "Reason: No such company in the <register>" in lines
    assert "  https://localhost:8443/apply" in lines
    assert "Vera" not in text
