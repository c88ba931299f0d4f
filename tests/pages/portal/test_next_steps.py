"""What a refusal says, and where each page leads on to: nobody is left without a way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from privyseal.actions.house import About, perform
from privyseal.actions.organization.close_organization import close_organization
from privyseal.actions.organization.resume_organization import resume_organization
from privyseal.actions.organization.suspend_organization import suspend_organization
from privyseal.model.proof import FREE_MISSES
from privyseal.model.request import RequestEvent
from privyseal.pages.portal.states import shortened
from privyseal.store import organizations, requests
from tests.pages.portal.portal_rig import EMAIL, HOME, NAME, ORG, PHRASES, PortalRig
from tests.rigs.service import OPERATOR, PHRASE, make_csr, make_key

LOOK_ALIKE = "www.res\u043eurce-marketing.test"


def test_names_that_were_typed_are_refused_without_a_csr(portal: PortalRig) -> None:
    refused = portal.send(f"{portal.start(names='')}/names", {"names": "www.elsewhere.test"})
    [sentence] = refused.page.problems
    assert sentence.startswith("You entered www.elsewhere.test. resource-marketing.test is the only domain")
    assert sentence.endswith("Ask your administrator to add the missing domain, or enter another name.")


def test_a_csr_for_names_elsewhere_is_refused_as_one(portal: PortalRig) -> None:
    refused = portal.send(f"{portal.start()}/csr", {"csr": make_csr(["www.elsewhere.test"], make_key())})
    [sentence] = refused.page.problems
    assert sentence.startswith("The CSR asks for www.elsewhere.test.")
    assert sentence.endswith("or make a new CSR.")


def test_letters_that_look_like_others_are_named_at_the_field_and_in_the_summary_alone(portal: PortalRig) -> None:
    refused = portal.send(f"{portal.start()}/csr", {"csr": make_csr([LOOK_ALIKE.encode("idna").decode()], make_key())})
    [sentence] = refused.page.problems
    assert LOOK_ALIKE in sentence
    assert "has Cyrillic letters that look like Latin ones (\u043e). Write it with Latin letters only." in sentence
    assert "\\u043e" not in refused.text
    assert refused.text.count("has Cyrillic letters") == 2


def test_everything_that_is_wrong_with_the_contact_is_told_at_once(portal: PortalRig) -> None:
    draft = portal.fill()
    refused = portal.post(f"{draft}/contact", {"contact_name": "", "contact_email": "nobody", "comment": "x" * 501})
    assert (refused.status, len(refused.page.problems)) == (422, 3)
    for field in ("contact_name", "contact_email", "comment"):
        assert f'href="#{field}"' in refused.page.source
        assert f'id="{field}-error"' in refused.page.source
    assert portal.get(f"{draft}/contact").page.fields["contact_email"] == EMAIL, "nothing of it is kept"


def test_the_sender_sees_the_address_and_others_a_part_of_it(portal: PortalRig) -> None:
    done = portal.send(f"{portal.fill()}/check", PHRASES)
    assert f"just sent to {EMAIL}, and confirm the address with it within seven days" in done.text
    status = portal.get(done.address.removesuffix("/received"))
    assert "d...@resource-marketing.test" in status.text
    assert EMAIL not in status.text
    portal.client = portal.browser("10.0.0.2")
    elsewhere = portal.get(done.address)
    assert "just sent to d...@resource-marketing.test" in elsewhere.text
    assert EMAIL not in elsewhere.text


def test_a_shortened_address() -> None:
    assert shortened("dana@gallery.test") == "d...@gallery.test"


@pytest.mark.parametrize("event", [RequestEvent.WITHDRAW, RequestEvent.LAPSE])
def test_what_ended_can_be_asked_for_again(portal: PortalRig, event: RequestEvent) -> None:
    request_id = portal.submit()
    with portal.service.house.database.write(portal.service.clock()) as tx:
        assert requests.happen(tx, [request_id], event, "It ended")
    page = portal.get(f"{HOME}/requests/{request_id}")
    assert page.page.source.index("It ended") < page.page.source.index(">Ask again<")


def test_a_rejection_is_no_alarm(portal: PortalRig) -> None:
    request_id = portal.submit()
    portal.confirm(request_id)
    with portal.service.house.database.write(portal.service.clock()) as tx:
        assert requests.happen(tx, [request_id], RequestEvent.REJECT, "Not ours")
    source = portal.get(f"{HOME}/requests/{request_id}").page.source
    assert "state-ended" in source
    assert "state-bad" not in source


def test_a_search_that_found_nothing_leads_on(portal: PortalRig) -> None:
    links = portal.get(f"{HOME}/search", q=f"nothing.{NAME}").page.links
    assert links.count(f"{HOME}/enroll") == 2
    assert f"{HOME}/follow" in links


def test_a_certificate_that_is_there_already_is_a_link(portal: PortalRig) -> None:
    _, certificate = portal.issued()
    place = f"{HOME}/certificates/{certificate.serial_hex}"
    draft = portal.fill(make_csr([NAME], make_key()))
    for step in ("csr/seen", "check"):
        links = portal.get(f"{draft}/{step}").page.links
        assert {place, f"{place}/replace"} <= set(links), step


def test_a_revoked_certificate_leads_to_no_installation_and_says_so_once(portal: PortalRig) -> None:
    _, certificate = portal.issued()
    place = f"{HOME}/certificates/{certificate.serial_hex}"
    assert f"{place}/install" in portal.get(place).page.links
    done = portal.send(f"{place}/revoke", {"reason": "superseded", "phrase": PHRASE})
    assert "Since: just now . Reason: Another certificate has replaced it." in done.text
    page = portal.get(place)
    assert f"{place}/install" not in page.page.links
    assert page.text.count("Revoked") == 1


def test_a_replacement_says_which_names_differ(portal: PortalRig) -> None:
    _, certificate = portal.issued([NAME, f"shop.{NAME}"])
    place = f"{HOME}/certificates/{certificate.serial_hex}/replace"
    for names, words in (
        ([NAME], f"The new CSR lacks shop.{NAME}."),
        ([NAME, f"shop.{NAME}", f"a.{NAME}"], f"The new CSR adds a.{NAME}."),
        ([NAME, f"a.{NAME}"], f"The new CSR lacks shop.{NAME} and adds a.{NAME}."),
    ):
        refused = portal.post(place, {"csr": make_csr(names, make_key()), "phrase": PHRASE})
        assert refused.page.problems == [f"{words} A replacement has the same names; for other names ask for a new certificate."]


def test_a_wrong_phrase_says_what_to_do(portal: PortalRig) -> None:
    place = f"{HOME}/requests/{portal.submit()}/withdraw"
    for _ in range(FREE_MISSES):
        wrong = portal.post(place, {"phrase": "red kettle 9"})
        assert wrong.status == 422
        assert f"After {FREE_MISSES} wrong ones each further try waits." in wrong.page.problems[0]
    assert portal.post(place, {"phrase": "red kettle 9"}).status == 429


def test_only_validated_domains_are_promised(portal: PortalRig) -> None:
    assert "can have certificates for every name under this domain: resource-marketing.test." in portal.get(f"{HOME}/domains").text
    with portal.service.house.database.write(portal.service.clock()) as tx:
        organization = organizations.require(tx, ORG)
        mine = organizations.domains.c.organization_id == organization.id
        tx.execute(sa.update(organizations.domains).where(mine).values(validated_at=None, expires_at=None))
    assert "No domain is validated at the moment." in portal.get(f"{HOME}/domains").text


def test_a_suspended_organization_offers_nothing_new_and_says_why(portal: PortalRig) -> None:
    request_id, certificate = portal.issued()
    move(portal, suspend_organization, "Unpaid since March")
    for path in ("/", "/enroll"):
        shown = portal.get(HOME + path)
        assert "Resource Marketing, Inc. is suspended by the provider, so nobody can ask for a certificate until that ends" in shown.text
        assert f"{HOME}/enroll" not in shown.page.links
        assert "Unpaid" not in shown.text, "why is between the organization and its provider"
    for path in ("/search?q=nothing.resource-marketing.test", f"/requests/{request_id}", f"/certificates/{certificate.serial_hex}"):
        shown = portal.get(HOME + path)
        assert (shown.status, f"{HOME}/enroll" in shown.page.links) == (200, False)
    place = f"{HOME}/certificates/{certificate.serial_hex}"
    for path in (place, f"{place}/replace"):
        shown = portal.get(path)
        assert "is suspended. Nothing new is given out until the provider resumes it" in shown.text
        assert f"{place}/replace" not in shown.page.links
    assert "It cannot be replaced at the moment" in portal.get(f"{place}/replace").text
    assert f"{place}/revoke" in portal.get(place).page.links, "what exists can be revoked"
    move(portal, resume_organization, "Paid")
    assert f"{place}/replace" in portal.get(place).page.links
    assert f"{HOME}/enroll" in portal.get(f"{HOME}/").page.links


def test_a_closed_organization_says_so_and_an_application_that_was_rejected_does_not(portal: PortalRig) -> None:
    move(portal, suspend_organization, "Unpaid since March")
    move(portal, close_organization, "The company is gone", valid_certificates=0)
    for path in ("/", "/enroll", "/search"):
        shown = portal.get(HOME + path)
        assert shown.status == 404
        assert "The account of Resource Marketing, Inc. is closed: no certificates are given out here any more" in shown.text
        assert f"{HOME}/enroll" not in shown.page.links
    with portal.service.house.database.write(portal.service.clock()) as tx:
        tx.execute(sa.update(organizations.organizations).values(vetted_at=None))
    assert "Resource Marketing" not in portal.get(f"{HOME}/").text


def move(portal: PortalRig, action: Callable[..., object], reason: str, **values: int) -> None:
    perform(portal.service.house, OPERATOR, About("set-up", ORG, "organization", ORG), action, ORG, reason, **values)


def test_a_page_that_does_not_exist_leads_to_the_first_one(portal: PortalRig) -> None:
    nothing = portal.get(f"{HOME}/requests/req-{'0' * 32}")
    assert (nothing.status, f"{HOME}/" in nothing.page.links) == (404, True)
    assert "Go to the first page" in nothing.text


def test_who_has_a_csr_already_is_asked_for_it_alone(portal: PortalRig) -> None:
    draft = portal.start(names="")
    asked = portal.get(f"{draft}/csr")
    assert "Make the key and the CSR" not in asked.text
    assert asked.text.count("Hand the CSR in") == 1
    portal.post(f"{draft}/csr", {"csr": make_csr([f"*.{NAME}", f"shop.{NAME}"], make_key())})
    assert portal.get(f"{draft}/use").page.fields["address-1"] == f"shop.{NAME}", "the first name that is a server"


def test_no_server_and_one_server_twice_are_different_mistakes(portal: PortalRig) -> None:
    draft = portal.fill()
    answers = portal.get(f"{draft}/use").page.fields
    for typed, words in (
        ({"address-1": ""}, "Enter at least one server that will use the certificate."),
        ({"address-1": NAME, "address-2": NAME}, f"The server {NAME} is listed twice. Enter each server once."),
    ):
        refused = portal.post(f"{draft}/use", {**answers, **typed})
        assert (refused.status, refused.page.problems) == (422, [words])


def test_answers_that_are_deleted_say_so_and_lead_to_the_beginning(portal: PortalRig) -> None:
    gone = portal.get(f"{HOME}/enroll/drf-{'0' * 40}/names")
    assert gone.status == 404
    assert "Answers are deleted after seven days. Start again." in gone.text
    assert f"{HOME}/enroll" in gone.page.links


def test_an_unknown_number_is_told_at_its_field(portal: PortalRig) -> None:
    typed = f"req-{'0' * 32}"
    refused = portal.send(f"{HOME}/follow", {"number": typed})
    assert (refused.status, len(refused.page.problems)) == (404, 1)
    assert refused.page.problems[0].startswith("No request here has this number.")
    assert 'id="number-error"' in refused.page.source
    assert refused.page.fields["number"] == typed


def test_a_search_tells_a_certificate_from_its_replacement(portal: PortalRig) -> None:
    _, certificate = portal.issued()
    place = f"{HOME}/certificates/{certificate.serial_hex}"
    sent = portal.send(f"{place}/replace", {"csr": make_csr([NAME], make_key()), "phrase": PHRASE})
    newer = portal.issue(sent.address.split("/")[-2])
    for asked in (NAME, certificate.serial_hex):
        found = portal.get(f"{HOME}/search", q=asked)
        assert found.text.count("Replaced on") == 1
        assert f"{HOME}/certificates/{newer.serial_hex}" in found.page.links
    assert "Replaced on" not in portal.get(f"{HOME}/search", q=newer.serial_hex).text
