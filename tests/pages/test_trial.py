"""A trial through the pages, without a script: asked for by a stranger, started, one certificate; TEST stands over everything."""

from __future__ import annotations

import dataclasses

import pytest

from privyseal.actions.house import TEST_ROOT
from privyseal.engine.pem import certificate_to_pem
from privyseal.model.administrator import Role
from privyseal.model.fact import FactKind
from tests.actions.organization.test_application import payloads
from tests.actions.trial.test_trials import FORM, SLUG
from tests.pages.browsing import PagesRig, require_refused
from tests.pages.portal.portal_rig import Document
from tests.rigs.service import ServiceRig, make_csr, make_key

sqlite = pytest.mark.parametrize("service", ["sqlite"], indirect=True)


def test_from_the_form_to_a_certificate_that_nobody_trusts(pages: PagesRig) -> None:
    service = pages.service
    service.listeners.update(dict.fromkeys((FactKind.TRIAL_ASKED, FactKind.ADMINISTRATOR_INVITED), ("test",)))
    stranger = pages.browser()
    assert "/try" in Document(stranger.get("/apply").text).links
    assert "/try" in Document(stranger.get("/").text).links
    assert stranger.post("/try", FORM).headers["location"] == "/try/sent"
    letter = payloads(service, FactKind.TRIAL_ASKED)[-1]
    opened = stranger.get(f"/try/{letter['trial']}", code=letter["code"])
    assert Document(opened.text).fields["code"] == letter["code"]
    for _ in range(2):
        assert stranger.post(f"/try/{letter['trial']}", {"code": letter["code"]}).headers["location"] == "/try/started"
    for page in ("/try/sent", "/try/started"):
        assert stranger.get(page).status_code == 200

    [invited] = payloads(service, FactKind.ADMINISTRATOR_INVITED)
    ringo = service.enroll_code(invited["code"], SLUG)
    console = pages.signed_in(ringo)
    request = service.submit(SLUG, make_csr([f"www.{SLUG}.test"], make_key()), policy="test-server", lifetime_days=30)
    service.approve(request, ringo)
    [done] = service.prepare_and_complete(request.id)
    assert done.ok, done
    certificate = service.certificate_of(request)
    assert certificate is not None

    place = f"/o/{SLUG}"
    for browser, path in (
        (stranger, f"{place}/"),
        (stranger, f"{place}/enroll"),
        (stranger, f"{place}/certificates/{certificate.serial_hex}"),
        (stranger, f"{place}/sign-in"),
        (console, f"{place}/console/"),
        (console, f"{place}/console/requests"),
        (console, f"{place}/console/certificates/{certificate.serial_hex}"),
        (console, f"{place}/console/kit"),
        (console, f"{place}/account"),
    ):
        text = Document(browser.get(path).text).text
        assert "TEST A trial until" in text, path
        assert "TEST Langly & Co" in text, path
    root = service.house.authorities[TEST_ROOT].root
    assert certificate_to_pem(root).encode() in stranger.get(f"{place}/certificates/{certificate.serial_hex}/files/root").content

    shown = Document(stranger.post("/verify", {"certificate": certificate_to_pem(certificate.der)}).text).text
    assert "It is a test certificate, and nobody trusts it." in shown
    assert "Do not rely on it" in shown
    assert "Valid" not in shown.split("Do not rely on it", maxsplit=1)[0].split("Verify", maxsplit=1)[-1]
    assert "It is a test certificate" in Document(stranger.post("/verify", {"certificate": certificate_to_pem(root)}).text).text


@sqlite
def test_what_was_typed_stays_after_a_refusal(pages: PagesRig) -> None:
    stranger = pages.browser()
    for field, wrong in (("slug", "Ä"), ("person_email", "nobody"), ("name", "")):
        sent = FORM | {field: wrong}
        page = require_refused(stranger.post("/try", sent), 422, field)
        assert {name: page.fields.get(name) for name in sent} == sent
    for path in ("/try/trl-1", "/try/x"):
        assert stranger.get(path).status_code == 404
    unknown = f"/try/trl-{'0' * 32}"
    assert stranger.post(unknown, {"code": "a" * 52}).status_code == 404
    assert stranger.post(unknown, {"code": "short"}).status_code == 422


@sqlite
def test_the_provider_starts_one_and_sees_what_it_is(pages: PagesRig) -> None:
    service = pages.service
    vera = pages.signed_in(service.administrator("", "Vera Vetter", Role.PROVIDER_VETTER))
    assert "/provider/trials/new" in Document(vera.get("/provider/organizations").text).links
    assert vera.post("/provider/trials/new", FORM).headers["location"] == f"/provider/organizations/{SLUG}?done=trial"
    require_refused(vera.post("/provider/trials/new", FORM), 422, "slug")
    page = Document(vera.get(f"/provider/organizations/{SLUG}").text)
    assert "This is a trial" in page.text
    assert f"/provider/organizations/{SLUG}/vetting" not in page.links
    assert f"/provider/organizations/{SLUG}/order" not in page.links
    assert "trial until" in Document(vera.get("/provider/organizations").text).text
    assert vera.post(f"/provider/organizations/{SLUG}/vetting/begin").status_code in {403, 409, 422}
    assert "Test root CA" in Document(vera.get("/provider/authorities").text).text


def test_where_trials_are_for_the_providers_people_alone(service: ServiceRig) -> None:
    service.house = dataclasses.replace(service.house, service=dataclasses.replace(service.house.service, public_trials=False))
    pages = PagesRig(service)
    stranger = pages.browser()
    for page in ("/", "/apply"):
        answer = stranger.get(page)
        assert answer.status_code == 200
        assert "/try" not in Document(answer.text).links
    assert stranger.get("/try").status_code == 404
    assert stranger.post("/try", FORM).status_code == 422
    provider = pages.signed_in(service.administrator("", "Vera Vetter", Role.PROVIDER_ADMINISTRATOR))
    assert provider.get("/provider/trials/new").status_code == 200
