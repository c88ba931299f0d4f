"""Certificates on the pages: found by name or number, handed out in every form, replaced and revoked by challenge phrase."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs7

from privyseal.actions.house import About, perform
from privyseal.actions.request.judge_request import judge_request
from privyseal.jobs.sweep import sweep
from privyseal.model.certificate import CertificateState
from privyseal.model.proof import FREE_MISSES
from privyseal.model.request import RequestKind, RequestState
from privyseal.reception.limits import BURST
from tests.pages.portal.portal_rig import EMAIL, HOME, NAME, ORG, OTHER, PortalRig
from tests.rigs.service import PHRASE, make_csr, make_key

NOTHING = "a" * 34


def test_finding_by_exact_name_or_serial_number(portal: PortalRig) -> None:
    _, certificate = portal.issued([NAME, f"shop.{NAME}"])
    serial = certificate.serial_hex
    place = f"{HOME}/certificates/{serial}"
    colons = ":".join(serial[start : start + 2] for start in range(0, len(serial), 2))
    for asked in (NAME, NAME.upper(), f"{NAME}.", f"shop.{NAME}", serial, serial.upper(), colons, f"0x{serial}"):
        found = portal.get(f"{HOME}/search", q=asked)
        assert place in found.page.links, asked
    for asked in ("resource-marketing.test", f"x.{NAME}", NOTHING, "www.elsewhere.test"):
        found = portal.get(f"{HOME}/search", q=asked)
        assert (found.status, place in found.page.links, "No certificate was found" in found.text) == (200, False, True), asked
    assert portal.get(f"{HOME}/search").page.fields == {"q": ""}


@pytest.mark.parametrize("asked", [EMAIL, "Dana Scully", "dana", "%", "*", "' OR 1=1--", "<script>"])
def test_nobody_is_found_by_a_person(portal: PortalRig, asked: str) -> None:
    _, certificate = portal.issued()
    found = portal.get(f"{HOME}/search", q=asked)
    assert found.status == 422
    assert certificate.serial_hex not in found.page.source
    assert found.page.fields["q"] == asked, "what was typed stays"


def test_searching_too_often_is_slowed_down(portal: PortalRig) -> None:
    searches = (portal.get(f"{HOME}/search", q=NAME) for _ in range(3 * BURST))
    found = next(seen for seen in searches if seen.status != 200)
    assert found.status == 429
    assert int(found.headers["retry-after"]) > 0
    assert found.page.fields["q"] == NAME
    portal.client = portal.browser("10.0.0.2")
    assert portal.get(f"{HOME}/search", q=NAME).status == 200


def test_the_page_of_a_certificate(portal: PortalRig) -> None:
    _, certificate = portal.issued()
    place = f"{HOME}/certificates/{certificate.serial_hex}"
    page = portal.get(place)
    for text in (NAME, "Valid", certificate.serial_hex, certificate.sha256, certificate.spki_sha256, "Issuing CA", "DEMO"):
        assert text in page.text
    assert "Dana" not in page.page.source
    assert "dana@" not in page.page.source
    assert {f"{place}/{way}" for way in ("install", "replace", "revoke")} <= set(page.page.links)
    portal.service.create_organization(OTHER, name="Hoffman & Brandt", domains=("hoffman-brandt.test",))
    for way in ("", "/install", "/replace", "/revoke", "/revoked", "/files/pem"):
        assert portal.get(f"/o/{OTHER}/certificates/{certificate.serial_hex}{way}").status == 404
        assert portal.get(f"{HOME}/certificates/{NOTHING}{way}").status == 404
        assert portal.get(f"{HOME}/certificates/xyz{way}").status == 404


def test_every_form_of_a_certificate(portal: PortalRig) -> None:
    _, certificate = portal.issued(["*.resource-marketing.test"])
    house = portal.service.house
    place = f"{HOME}/certificates/{certificate.serial_hex}/files"
    issuers = list(house.issuing.chain)

    def file(form: str) -> bytes:
        seen = portal.get(f"{place}/{form}")
        assert seen.status == 200
        name = "root.pem" if form == "root" else "wildcard.resource-marketing.test"
        assert f'filename="{name}' in seen.headers["content-disposition"]
        return seen.content

    def ders(pem: bytes) -> list[bytes]:
        return [one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(pem)]

    assert ders(file("chain")) == [certificate.der, *issuers]
    assert ders(file("pem")) == [certificate.der]
    assert ders(file("issuer")) == issuers
    assert ders(file("root")) == [house.issuing.root]
    assert file("der") == certificate.der
    bundle = {one.public_bytes(Encoding.DER) for one in pkcs7.load_der_pkcs7_certificates(file("pkcs7"))}
    assert bundle == {certificate.der, *issuers, house.issuing.root}
    assert portal.get(f"{place}/key").status == 404
    assert portal.get(f"{place}/..%2fchain").status == 404


def test_steps_for_every_kind_of_server(portal: PortalRig) -> None:
    _, certificate = portal.issued()
    place = f"{HOME}/certificates/{certificate.serial_hex}/install"
    assert "ssl_certificate_key" in portal.get(place).text
    for platform, words in (("iis", "certreq -accept"), ("tomcat", "keytool -importcert"), ("haproxy", "ssl crt"), ("other", "SSLEngine")):
        assert words in portal.get(place, **{"for": platform}).text
    text = portal.get(place, **{"for": "<script>"}).text.replace("\\ ", "")
    assert f"openssl s_client -connect {NAME}:443 -servername {NAME} -verify_hostname {NAME} -verify_return_error -CAfile root.pem" in text
    assert f"seal certificate check {NAME} --root root.pem" in text


def test_revoking(portal: PortalRig) -> None:
    request_id, certificate = portal.issued()
    place = f"{HOME}/certificates/{certificate.serial_hex}"
    asked = portal.get(f"{place}/revoke")
    assert "This is final" in asked.text
    assert "privilegeWithdrawn" not in asked.page.choices["reason"]
    assert portal.get(f"{place}/revoked").address == place, "nothing happened yet"
    no_reason = portal.post(f"{place}/revoke", {"phrase": PHRASE})
    assert (no_reason.status, no_reason.page.problems) == (422, ["Choose why the certificate is to be revoked."])
    foreign = portal.post(f"{place}/revoke", {"phrase": PHRASE, "reason": "privilegeWithdrawn"})
    assert foreign.status == 422
    wrong = portal.post(f"{place}/revoke", {"phrase": "red kettle 9", "reason": "superseded"})
    assert wrong.status == 422
    assert ("checked", "") in wrong.page.attributes, "the reason stays chosen"
    assert wrong.page.fields["phrase"] == ""
    done = portal.post(f"{place}/revoke", {"phrase": PHRASE, "reason": "keyCompromise"})
    assert (done.status, done.address) == (200, f"{place}/revoked")
    assert "Somebody else may have the private key" in done.text
    held = portal.service.certificate_of(portal.request(request_id))
    assert held is not None
    assert (held.state, held.revocation_reason) == (CertificateState.REVOKED, 1)
    again = portal.post(f"{place}/revoke", {"phrase": PHRASE, "reason": "superseded"})
    assert again.address == f"{place}/revoked", "a second time is harmless"
    page = portal.get(place)
    assert "Revoked" in page.text
    assert f"{place}/revoke" not in page.page.links
    assert "revoked already" in portal.get(f"{place}/revoke").text
    assert "Do not install it" in portal.get(f"{place}/install").text


def test_wrong_phrases_lock_revoking_too(portal: PortalRig) -> None:
    _, certificate = portal.issued()
    place = f"{HOME}/certificates/{certificate.serial_hex}/revoke"
    for _ in range(FREE_MISSES):
        assert portal.post(place, {"phrase": "red kettle 9", "reason": "superseded"}).status == 422
    locked = portal.post(place, {"phrase": PHRASE, "reason": "superseded"})
    assert locked.status == 429
    assert int(locked.headers["retry-after"]) > 0


def test_replacing(portal: PortalRig) -> None:
    _, certificate = portal.issued()
    place = f"{HOME}/certificates/{certificate.serial_hex}"
    asked = portal.get(f"{place}/replace")
    assert "openssl req -new" in asked.page.source
    csr = make_csr([NAME], make_key())
    for typed, words in (
        ({"csr": "", "phrase": PHRASE}, "Paste the CSR"),
        ({"csr": csr, "phrase": ""}, "Type the challenge phrase"),
        ({"csr": csr, "phrase": "red kettle 9"}, "This is not the phrase"),
        ({"csr": make_csr([f"b.{NAME}"], make_key()), "phrase": PHRASE}, "A replacement has the same names"),
    ):
        refused = portal.post(f"{place}/replace", typed)
        assert refused.status in {400, 422}
        assert words in refused.page.problems[0]
        assert refused.page.fields["csr"] == typed["csr"].strip(), "what was typed stays, the phrase does not"
        assert refused.page.fields["phrase"] == ""
    done = portal.post(f"{place}/replace", {"csr": "", "phrase": PHRASE}, {"csr_file": ("new.csr", csr.encode())})
    assert done.address.endswith("/received")
    request = portal.request(done.address.split("/")[-2])
    assert (request.kind, request.state, request.replaces_serial_hex) == (RequestKind.REISSUE, RequestState.PENDING, certificate.serial_hex)
    assert "Open the mail" not in done.text, "the address is known already"
    assert place in portal.get(f"{HOME}/requests/{request.id}").page.links
    portal.issue(request.id)
    assert "A replacement is issued" in portal.get(place).text


def test_an_expired_certificate_is_neither_replaced_nor_revoked(portal: PortalRig) -> None:
    _, certificate = portal.issued()
    place = f"{HOME}/certificates/{certificate.serial_hex}"
    portal.service.clock.advance(timedelta(days=366))
    portal.service.integrate()
    page = portal.get(place)
    assert "Expired" in page.text
    assert not {f"{place}/revoke", f"{place}/replace"} & set(page.page.links)
    assert "has expired" in portal.get(f"{place}/replace").text
    refused = portal.post(f"{place}/replace", {"csr": make_csr([NAME], make_key()), "phrase": PHRASE})
    assert refused.status == 409


def test_a_number_leads_to_its_request_and_other_words_are_told_what_is_searched(portal: PortalRig) -> None:
    request_id = portal.submit()
    assert portal.get(f"{HOME}/search", q=f" {request_id.upper()} ").address == f"{HOME}/requests/{request_id}"
    for asked in ("Dana Scully", "Dana"):
        wrong = portal.get(f"{HOME}/search", q=asked)
        assert wrong.status == 422
        assert "the number of a request" in wrong.page.problems[0]


def test_a_replacement_has_files_of_its_own_and_both_pages_lead_to_each_other(portal: PortalRig) -> None:
    _, old = portal.issued()
    place = f"{HOME}/certificates/{old.serial_hex}"
    day = f"{portal.service.clock():%Y-%m-%d}"
    steps = portal.get(f"{place}/replace")
    assert f"-keyout {NAME}.{day}.key" in steps.page.source
    assert f"{NAME}.key" not in steps.page.source
    assert f"{NAME}.key" in portal.get(f"{place}/install").page.source
    asked = portal.send(f"{place}/replace", {"csr": make_csr([NAME], make_key()), "phrase": PHRASE})
    new = portal.issue(asked.address.split("/")[-2])
    new_place = f"{HOME}/certificates/{new.serial_hex}"
    assert f"{NAME}.{day}.key" in portal.get(f"{new_place}/install").page.source
    shown = portal.get(place)
    assert new_place in shown.page.links
    assert "revoked by itself on" in shown.text
    assert place in portal.get(new_place).page.links
    portal.send(f"{new_place}/revoke", {"reason": "unspecified", "phrase": PHRASE})
    shown = portal.get(place)
    assert "revoked by itself on" not in shown.text
    assert "not revoked by itself" in shown.text
    assert new_place not in shown.page.links


def test_whoever_sends_the_key_of_a_certificate_is_told_which_one_it_is(portal: PortalRig) -> None:
    key = make_key()
    request_id = portal.submit(make_csr([NAME], key))
    portal.confirm(request_id)
    certificate = portal.issue(request_id)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    refused = portal.post(f"{portal.start()}/csr", {"csr": pem})
    assert refused.status == 422
    assert f"{HOME}/certificates/{certificate.serial_hex}" in refused.page.links
    assert f"{HOME}/certificates/{certificate.serial_hex}/replace" in refused.page.links
    sweep(portal.service.house, lambda _: None)
    assert "Revoked" in portal.get(f"{HOME}/certificates/{certificate.serial_hex}").text


def test_a_replacement_is_judged_beside_the_one_it_replaces(portal: PortalRig) -> None:
    _, old = portal.issued()
    request = portal.service.reissue(ORG, old.serial_hex, make_csr([NAME], make_key()))
    about = About("judge-request", ORG, "request", request.id)
    verdicts = perform(portal.service.house, portal.service.machine(ORG), about, judge_request, ORG, request.id)
    [duplicate] = [verdict for verdict in verdicts if verdict.subject == "duplicate"]
    assert duplicate.sentence == "No certificate for these names is valid now but the one that it replaces."
