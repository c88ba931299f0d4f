"""The own Administrator ID at the pages: when it ends, renewed in its last days, replaced at any time with the same end."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from privyseal.engine.passkeys import assertion_options
from privyseal.model.administrator import Credential
from privyseal.model.unit import UnitBalance, UnitTier
from privyseal.store import administrators, organizations, passkeys, units
from privyseal_wire.passkey import statement_challenge
from tests.pages.browsing import ORG, OTHER, Answer, Browser, PagesRig, attribute, hidden, offered_bytes, require_refused
from tests.pages.portal.portal_rig import Document
from tests.rigs.passkeys import holder
from tests.rigs.service import AdministratorRig, hashes_hex, make_csr, make_key

ACCOUNT = f"/o/{ORG}/account"
LATE = timedelta(days=397 - 30)


def place(person: AdministratorRig) -> str:
    return f"{ACCOUNT}/administrator-ids/{hashes_hex(person.certificate_der)}"


def held(pages: PagesRig, person: AdministratorRig) -> list[Credential]:
    with pages.service.house.database.read(pages.service.clock()) as tx:
        return administrators.credentials_of(tx, person.administrator.id)


def ask(browser: Browser, person: AdministratorRig, csr: str, **more: str) -> Answer:
    page = browser.post(place(person), {"csr": csr, **more})
    assert page.status_code == 200, Document(page.text).problems
    return page


def hand_in(browser: Browser, person: AdministratorRig, page: Answer, signed: bytes) -> Answer:
    kept = {"csr": hidden(page.text, "csr"), "kind": hidden(page.text, "kind")}
    return browser.post(f"{place(person)}/next", kept, ("signature", signed))


def certificate(page: Answer) -> x509.Certificate:
    found = re.search(r'id="certificate"[^>]*>([^<]*)</pre>', page.text)
    assert found is not None, page.text
    return x509.load_pem_x509_certificate(html.unescape(found.group(1)).encode())


@pytest.fixture
def late(pages: PagesRig, mulder: AdministratorRig) -> Browser:
    """Mulder in the last 30 days of his Administrator ID."""
    pages.service.clock.advance(LATE)
    pages.service.integrate()
    return pages.signed_in(mulder)


def test_it_says_when_it_ends_and_what_to_run(pages: PagesRig, mulder: AdministratorRig) -> None:
    browser = pages.signed_in(mulder)
    account = browser.get(ACCOUNT)
    assert place(mulder) in account.text
    assert "Renew it" not in account.text, "it has its whole life before it"
    shown = Document(browser.get(place(mulder)).text).text
    assert "seal administrator replace" in shown
    assert "seal administrator renew" not in shown
    assert "It can be renewed from" in shown
    pages.service.clock.advance(LATE)
    pages.service.integrate()
    browser = pages.signed_in(mulder)
    assert "Your Administrator ID ends on" in Document(browser.get(ACCOUNT).text).text
    assert "seal administrator renew" in Document(browser.get(place(mulder)).text).text
    pages.service.clock.advance(timedelta(days=40))
    pages.service.integrate()
    assert held(pages, mulder)[0].is_usable(pages.service.clock()) is False


def test_renewed_in_its_last_days_it_has_a_whole_new_life(pages: PagesRig, mulder: AdministratorRig, late: Browser) -> None:
    key, before = make_key(), units_of(pages)
    page = ask(late, mulder, make_csr(["next"], key), kind="renewal")
    assert "It has a whole new life" in Document(page.text).text
    answer = hand_in(late, mulder, page, pages.service.sign(offered_bytes(page), mulder))
    assert answer.status_code == 200, Document(answer.text).problems
    made = certificate(answer)
    same = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    assert made.public_key().public_bytes(*same) == key.public_key().public_bytes(*same)
    old, new = held(pages, mulder)
    assert (old.revoked_at, new.revoked_at) == (None, None)
    assert new.not_after > old.not_after + timedelta(days=300)
    assert units_of(pages) == before, "no unit is used"
    account = late.get(ACCOUNT).text
    assert place(mulder) not in account, "it has its successor"
    assert late.get(place(mulder)).status_code == 404
    require_gone(hand_in(late, mulder, page, pages.service.sign(offered_bytes(page), mulder)))
    assert len(held(pages, mulder)) == 2


def units_of(pages: PagesRig) -> UnitBalance:
    with pages.service.house.database.read(pages.service.clock()) as tx:
        return units.balance(tx, organizations.require(tx, ORG).id, UnitTier.STANDARD)


def require_gone(answer: Answer) -> None:
    assert answer.status_code in {404, 409}, answer.status_code


def test_replaced_it_ends_on_the_same_day_and_the_old_one_is_revoked(pages: PagesRig, mulder: AdministratorRig) -> None:
    browser = pages.signed_in(mulder)
    page = ask(browser, mulder, make_csr(["next"], make_key()))
    assert "like the one that it replaces" in Document(page.text).text
    answer = hand_in(browser, mulder, page, pages.service.sign(offered_bytes(page), mulder))
    assert answer.status_code == 200, Document(answer.text).problems
    old, new = held(pages, mulder)
    assert old.revoked_at is not None
    assert new.not_after == old.not_after
    assert browser.get(ACCOUNT).status_code in {303, 401}, "the session came with the one that is revoked"


def test_somebody_elses_passkey_and_no_signature_count_for_nothing(pages: PagesRig, mulder: AdministratorRig) -> None:
    browser = pages.signed_in(mulder)
    page = ask(browser, mulder, make_csr(["next"], make_key()))
    assert "data-options" not in page.text, "there is no passkey"
    paula = holder(pages.service, ORG, by=mulder)
    content = offered_bytes(page).decode()
    with pages.service.house.database.read(pages.service.clock()) as tx:
        allowed = passkeys.usable_of(tx, paula.administrator.id)
    options = assertion_options(pages.service.house.relying_party, statement_challenge(content.encode()), allowed)
    sent = {"csr": hidden(page.text, "csr"), "kind": "replacement", "content": content, "answer": paula.device.get(options)}
    require_refused(browser.post(f"{place(mulder)}/next", sent), 422, "signature", "by somebody else")
    require_refused(browser.post(f"{place(mulder)}/next", {"csr": sent["csr"], "kind": "replacement"}), 400, "signature")
    assert len(held(pages, mulder)) == 1


@pytest.mark.parametrize(
    ("csr", "status"),
    [
        ("", 400),
        ("x", 400),
        ("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----", 400),
        ("{{7*7}}<script>", 400),
    ],
)
def test_what_is_no_csr_is_refused_at_its_field(pages: PagesRig, mulder: AdministratorRig, csr: str, status: int) -> None:
    require_refused(pages.signed_in(mulder).post(place(mulder), {"csr": csr}), status, "csr")


def test_keys_that_do_not_do(pages: PagesRig, mulder: AdministratorRig) -> None:
    browser = pages.signed_in(mulder)
    require_refused(browser.post(place(mulder), {"csr": make_csr(["next"], make_key("rsa1024"))}), 422, "csr")
    require_refused(browser.post(place(mulder), {"csr": make_csr(["next"], make_key()), "kind": "renewal"}), 422, "csr", "last 60 days")
    key = make_key()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    answer = browser.post(place(mulder), {"csr": secret})
    assert answer.status_code == 422
    assert secret.splitlines()[1] not in answer.text
    require_refused(browser.post(place(mulder), {"csr": make_csr(["next"], key)}), 422, "csr", "Make a new one")
    assert len(held(pages, mulder)) == 1


def test_nobody_elses_and_no_passkey_has_this_page(pages: PagesRig, mulder: AdministratorRig, brandt: AdministratorRig) -> None:
    browser = pages.signed_in(mulder)
    paula = holder(pages.service, ORG, by=mulder)
    for sha256 in (hashes_hex(brandt.certificate_der), paula.certificate_sha256, "0" * 64, "x", "%00", "' OR 1=1--"):
        for address in (f"{ACCOUNT}/administrator-ids/{sha256}", f"/o/{OTHER}/account/administrator-ids/{sha256}"):
            assert browser.get(address).status_code in {303, 400, 401, 404}, address
            assert browser.post(address, {"csr": make_csr(["next"], make_key())}).status_code in {303, 400, 401, 404}, address


def test_a_changed_statement_does_not_count(pages: PagesRig, mulder: AdministratorRig) -> None:
    browser, csr = pages.signed_in(mulder), make_csr(["next"], make_key())
    page = ask(browser, mulder, csr)
    other = make_csr(["next"], make_key())
    sent = {"csr": other, "kind": "replacement"}
    answer = browser.post(f"{place(mulder)}/next", sent, ("signature", pages.service.sign(offered_bytes(page), mulder)))
    require_refused(answer, 422, "signature", "another key")
    changed = offered_bytes(page).replace(b"replacement", b"renewal")
    require_refused(hand_in(browser, mulder, page, pages.service.sign(changed, mulder)), 422, "signature")
    for wrong in (b"", b"x", pages.service.sign(offered_bytes(page), mulder)[:-9]):
        assert hand_in(browser, mulder, page, wrong).status_code in {400, 422}
    assert [item.revoked_at for item in held(pages, mulder)] == [None]


def test_an_issuer_that_is_away_uses_nothing_up(pages: PagesRig, mulder: AdministratorRig) -> None:
    browser = pages.signed_in(mulder)
    page = ask(browser, mulder, make_csr(["next"], make_key()))
    signed = pages.service.sign(offered_bytes(page), mulder)
    pages.issuer.is_away = True
    assert hand_in(browser, mulder, page, signed).status_code == 503
    pages.issuer.is_away = False
    assert hand_in(browser, mulder, page, signed).status_code == 200


def test_the_providers_people_have_it_too(pages: PagesRig, vera: AdministratorRig) -> None:
    browser = pages.signed_in(vera)
    address = f"/provider/account/administrator-ids/{hashes_hex(vera.certificate_der)}"
    assert address in browser.get("/provider/account").text
    page = browser.post(address, {"csr": make_csr(["next"], make_key())})
    kept = {"csr": hidden(page.text, "csr"), "kind": hidden(page.text, "kind")}
    answer = browser.post(f"{address}/next", kept, ("signature", pages.service.sign(offered_bytes(page), vera)))
    assert answer.status_code == 200, Document(answer.text).problems
    assert [item.revoked_at is None for item in held(pages, vera)] == [False, True]
    assert attribute(answer.text, "download") == "administrator-next.pem"
