"""What a refusal says, and where each page leads on to: nobody is left without a way."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from privyseal.model.proof import FREE_MISSES
from privyseal.model.request import RequestEvent
from privyseal.pages.portal.states import shortened
from privyseal.store import organizations, requests
from tests.pages.portal.portal_rig import EMAIL, HOME, NAME, ORG, PHRASES, PortalRig
from tests.rigs.service import PHRASE, make_csr, make_key

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


def test_a_page_that_does_not_exist_leads_to_the_first_one(portal: PortalRig) -> None:
    nothing = portal.get(f"{HOME}/requests/req-{'0' * 32}")
    assert (nothing.status, f"{HOME}/" in nothing.page.links) == (404, True)
    assert "Go to the first page" in nothing.text
