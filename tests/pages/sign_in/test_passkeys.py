"""Passkeys by the pages: the first by a one-time link, another one under the signature of a credential one has."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest

from privyseal.actions.house import perform
from privyseal.actions.passkey.offer_passkey_enrollment import offer_passkey_enrollment
from privyseal.model.actor import ANONYMOUS
from privyseal.model.administrator import Role
from privyseal_wire.passkey import encode_base64url, statement_challenge
from tests.pages.browsing import ORG, OTHER, Answer, Browser, PagesRig, attribute, hidden, offered_bytes, problems, require_refused
from tests.pages.portal.portal_rig import Document
from tests.rigs.authenticator import ES256, RS256, TRUTH, Authenticator, Wrong
from tests.rigs.hostile_texts import SHORT, TYPED
from tests.rigs.passkeys import ABOUT, PasskeyHolder, holder
from tests.rigs.service import AdministratorRig, mail_of

FIRST = f"/o/{ORG}/first-credential"
ACCOUNT = f"/o/{ORG}/account"
sqlite = pytest.mark.parametrize("service", ["sqlite"], indirect=True)
WRONG = pytest.mark.parametrize(
    "wrong",
    [
        Wrong(origin="https://evil.test"),
        Wrong(origin="https://localhost:8444"),
        Wrong(rp_id="evil.test"),
        Wrong(challenge=bytes(32)),
        Wrong(kind="webauthn.get"),
        Wrong(verified=False),
        Wrong(credential="A" * 43),
    ],
    ids=["origin", "port", "site", "challenge", "kind", "not-verified", "id"],
)


def make_first(
    browser: Browser, code: str, device: Authenticator, wrong: Wrong = TRUTH, *, place: str = FIRST, label: str = "Laptop"
) -> Answer:
    """Use a link as the page's script does."""
    options = browser.ask(f"{place}/options", {"code": code, "label": label})
    assert options.status_code == 200, options.text
    return browser.follow(place, {"code": code, "label": label, "answer": device.create(options.text, wrong)})


# -------------------------------------------------------------------------------------------------- the first credential


def test_a_link_makes_a_passkey_and_the_passkey_lets_in(pages: PagesRig) -> None:
    code = pages.service.invite(ORG, "Dana Katherine").code
    browser, device = pages.browser(), Authenticator()
    page = browser.get(FIRST, code=code.upper())
    for _ in range(3):  # Mail scanners open every link.
        assert browser.get(FIRST, code=code.upper()).status_code == 200
        assert browser.send("HEAD", FIRST, params={"code": code}).status_code == 200
    assert attribute(page.text, "data-options-from") == f"{FIRST}/options"
    done = make_first(browser, code, device)
    assert (done.status_code, "Your passkey is registered" in done.text) == (200, True)
    assert browser.use_passkey(device, ORG).status_code == 303
    assert "Dana Katherine" in browser.get(ACCOUNT).text


def test_a_link_works_once_and_for_an_hour(pages: PagesRig, mulder: AdministratorRig) -> None:
    used = pages.service.invite(ORG, "Used Once", Role.READ_ONLY, by=mulder).code
    browser = pages.browser()
    second = Authenticator().create(browser.ask(f"{FIRST}/options", {"code": used}).text)
    assert make_first(browser, used, Authenticator()).status_code == 200
    refused = browser.ask(f"{FIRST}/options", {"code": used})
    assert (refused.status_code, refused.json()["kind"]) == (404, "link")
    again = browser.post(FIRST, {"code": used, "label": "x", "answer": second})
    page = require_refused(again, 404, "code", "was used already or has expired")
    assert page.fields["label"] == "x"
    assert page.fields["code"] == "", "a code that works no more is not kept"
    late = pages.service.invite(ORG, "Too Late", Role.READ_ONLY, by=mulder).code
    device = Authenticator()
    registration = device.create(browser.ask(f"{FIRST}/options", {"code": late}).text)
    pages.service.clock.advance(timedelta(minutes=61))
    pages.service.integrate()
    assert browser.ask(f"{FIRST}/options", {"code": late}).json()["kind"] == "link"
    assert browser.post(FIRST, {"code": late, "label": "x", "answer": registration}).status_code in {404, 422}
    assert browser.use_passkey(device, ORG).status_code == 401


def test_a_link_works_at_its_own_address_alone(pages: PagesRig, mulder: AdministratorRig) -> None:
    code = pages.service.invite(ORG, "Walter Skinner", by=mulder).code
    browser = pages.browser()
    for place in (f"/o/{OTHER}/first-credential", "/provider/first-credential"):
        refused = browser.ask(f"{place}/options", {"code": code})
        assert (refused.status_code, refused.json()["kind"]) == (404, "link")
        options = perform(pages.service.house, ANONYMOUS, ABOUT, offer_passkey_enrollment, code)
        sent = {"code": code, "label": "x", "answer": Authenticator().create(options)}
        require_refused(browser.post(place, sent), 404, "code", "not for this address")
    assert browser.ask("/o/nobody/first-credential/options", {"code": code}).status_code == 404
    assert make_first(browser, code, Authenticator()).status_code == 200, "nothing was used up"


def test_a_link_of_the_provider_works_at_the_providers_address(pages: PagesRig) -> None:
    code = pages.service.invite("", "Vera Vetter", Role.PROVIDER_ADMINISTRATOR).code
    browser, device = pages.browser(), Authenticator()
    assert browser.ask(f"{FIRST}/options", {"code": code}).status_code == 404
    assert make_first(browser, code, device, place="/provider/first-credential").status_code == 200
    assert browser.use_passkey(device, "").headers["location"] == "/provider/"


@WRONG
@sqlite
def test_a_wrong_registration_uses_no_link_up(pages: PagesRig, wrong: Wrong) -> None:
    code = pages.service.invite(ORG, "Walter Skinner").code
    browser = pages.browser()
    refused = make_first(browser, code, Authenticator(), wrong, label="Blue key")
    page = require_refused(refused, 422, "")
    assert page.fields["label"] == "Blue key"
    assert page.fields["code"] == code
    assert make_first(browser, code, Authenticator()).status_code == 200


@sqlite
def test_what_is_no_registration_is_refused_as_a_page(pages: PagesRig) -> None:
    code = pages.service.invite(ORG, "Walter Skinner").code
    browser = pages.browser()
    for answer in (
        "",
        "{}",
        "null",
        "[]",
        "x",
        "[" * 5000,
        '{"response": 1}',
        '{"id": "\u202e"}',
        "9" * 50_000,
        '{"response":{"clientDataJSON":"e30"}}',
    ):
        require_refused(browser.post(FIRST, {"code": code, "label": "x", "answer": answer}), 422, "")
    for wrong in ("", "x", code[:-1], code + "a", "%00", "\0", "\u202e", "A" * 300, "' OR 1=1--"):
        assert browser.ask(f"{FIRST}/options", {"code": wrong}).status_code in {400, 404}, wrong
        assert browser.post(FIRST, {"code": wrong, "label": "x", "answer": "{}"}).status_code in {400, 404, 422}, wrong
    assert browser.get(FIRST, code="<script>alert(1)</script>").text.count("<script>alert") == 0
    assert make_first(browser, f"  {code.upper()}\n", Authenticator()).status_code == 200, "as it comes out of a letter"


def test_no_link_is_used_up_while_the_issuer_is_away(pages: PagesRig) -> None:
    code = pages.service.invite(ORG, "Walter Skinner").code
    browser = pages.browser()
    pages.issuer.is_away = True
    assert make_first(browser, code, Authenticator()).status_code == 503
    pages.issuer.is_away = False
    assert make_first(browser, code, Authenticator()).status_code == 200


# -------------------------------------------------------------------------------------------------------- another passkey


def make_another(browser: Browser, device: Authenticator, wrong: Wrong = TRUTH, label: str = "Key ring") -> Answer:
    """The first step: the passkey is made, and the page shows what has to be signed."""
    assert browser.get(f"{ACCOUNT}/passkey").status_code == 200
    options = browser.ask(f"{ACCOUNT}/passkey/options")
    assert options.status_code == 200, options.text
    return browser.follow(f"{ACCOUNT}/passkey/sign", {"label": label, "answer": device.create(options.text, wrong), "challenge": ""})


def hand_in(browser: Browser, page: Answer, message: bytes, **changes: str) -> Answer:
    """Upload a signed file."""
    values = {name: hidden(page.text, name) for name in ("registration", "label")} | changes
    return browser.follow(f"{ACCOUNT}/passkey", values, ("signature", message))


def press(browser: Browser, page: Answer, owner: PasskeyHolder, wrong: Wrong = TRUTH, **changes: str) -> Answer:
    """Sign with a passkey as the page's script does."""
    values = {name: hidden(page.text, name) for name in ("registration", "label", "content")}
    values["answer"] = owner.device.get(attribute(page.text, "data-options"), wrong)
    return browser.follow(f"{ACCOUNT}/passkey", values | changes)


def test_another_passkey_is_added_under_an_administrator_id(pages: PagesRig, mulder: AdministratorRig) -> None:
    browser, device = pages.signed_in(mulder), Authenticator(algorithm=RS256)
    page = make_another(browser, device)
    assert page.status_code == 200
    assert "data-options=" not in page.text
    message = pages.service.sign(offered_bytes(page), mulder)
    done = hand_in(browser, page, message)
    assert (done.status_code, "Your passkey is registered" in done.text) == (200, True)
    assert "Key ring" in Document(browser.get(ACCOUNT).text).text
    assert pages.browser().use_passkey(device, ORG).status_code == 303
    again = hand_in(browser, page, message)
    require_refused(again, 422, "label", "used already")


def test_another_passkey_is_added_under_a_passkey(pages: PagesRig) -> None:
    paula = holder(pages.service, ORG)
    browser, device = pages.browser(), Authenticator()
    browser.use_passkey(paula.device, ORG)
    page = make_another(browser, device)
    done = press(browser, page, paula)
    assert (done.status_code, "Your passkey is registered" in done.text) == (200, True)
    assert pages.browser().use_passkey(device, ORG).status_code == 303


def test_a_signed_file_may_be_armored(pages: PagesRig, mulder: AdministratorRig) -> None:
    browser = pages.signed_in(mulder)
    page = make_another(browser, Authenticator())
    text = base64.encodebytes(pages.service.sign(offered_bytes(page), mulder))
    armored = b"-----BEGIN CMS-----\r\n" + text.replace(b"\n", b"\r\n") + b"-----END CMS-----\r\n"
    assert hand_in(browser, page, armored).status_code == 200


@WRONG
@sqlite
def test_a_wrong_registration_is_refused_before_anybody_signs(pages: PagesRig, mulder: AdministratorRig, wrong: Wrong) -> None:
    refused = make_another(pages.signed_in(mulder), Authenticator(), wrong, "Blue key")
    assert require_refused(refused, 422, "label").fields["label"] == "Blue key"


@sqlite
def test_only_the_owner_signs_for_his_passkey(pages: PagesRig, mulder: AdministratorRig, brandt: AdministratorRig) -> None:
    service = pages.service
    skinner = service.administrator(ORG, "Walter Skinner", by=mulder)
    paula = holder(service, ORG, by=mulder)
    browser = pages.signed_in(mulder)
    page = make_another(browser, Authenticator())
    content = offered_bytes(page)
    for signer in (skinner, brandt):
        refused = hand_in(browser, page, service.sign(content, signer))
        require_refused(refused, 422, "signature")
        assert "data-options=" not in refused.text
    for place in (0, len(content) // 2, len(content) - 2):
        changed = bytearray(content)
        changed[place] ^= 1
        require_refused(hand_in(browser, page, service.sign(bytes(changed), mulder)), 422, "signature")
    values = {name: hidden(page.text, name) for name in ("registration", "label")} | {"content": content.decode()}
    require_refused(browser.post(f"{ACCOUNT}/passkey", values | {"answer": _answer_of(paula, content)}), 422, "signature")
    done = hand_in(browser, page, service.sign(content, mulder))
    assert done.status_code == 200, "nothing of all that used it up"


def _answer_of(owner: PasskeyHolder, content: bytes) -> str:
    """What a browser sends when this person's passkey signs any content."""
    options = {"challenge": encode_base64url(statement_challenge(content)), "rpId": "localhost", "allowCredentials": []}
    return owner.device.get(json.dumps(options))


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong(origin="https://evil.test"),
        Wrong(rp_id="evil.test"),
        Wrong(challenge=bytes(32)),
        Wrong(verified=False),
        Wrong(kind="webauthn.create"),
    ],
    ids=["origin", "site", "challenge", "not-verified", "kind"],
)
@sqlite
def test_a_wrong_assertion_adds_nothing(pages: PagesRig, wrong: Wrong) -> None:
    paula = holder(pages.service, ORG)
    browser = pages.browser()
    browser.use_passkey(paula.device, ORG)
    page = make_another(browser, Authenticator())
    refused = press(browser, page, paula, wrong)
    require_refused(refused, 422, "signature")
    content = hidden(page.text, "content")
    changed = press(browser, page, paula, content=content.replace(ORG, OTHER))
    require_refused(changed, 422, "signature")
    sign_in = browser.ask(f"/o/{ORG}/sign-in/challenge")
    replayed = press(browser, page, paula, answer=paula.device.get(sign_in.text))
    require_refused(replayed, 422, "signature")
    assert press(browser, refused, paula).status_code == 200


@sqlite
def test_what_is_no_signature_is_refused_as_a_page(pages: PagesRig, mulder: AdministratorRig) -> None:
    browser = pages.signed_in(mulder)
    page = make_another(browser, Authenticator())
    for message in (b"", b"x", b"\x30", b"\x30\x80", b"-----BEGIN CMS-----\n!!!\n-----END CMS-----", b"\0" * 1000, b"\xff" * 100_000):
        require_refused(hand_in(browser, page, message), 422, "signature")
    kept = {name: hidden(page.text, name) for name in ("registration", "label")}
    for answer in ("{}", "null", "x", "[" * 5000, '{"type":"public-key","id":"A","response":{}}', "9" * 50_000):
        refused = browser.post(f"{ACCOUNT}/passkey", kept | {"answer": answer, "content": offered_bytes(page).decode()})
        require_refused(refused, 422, "signature")
    for registration in ("", "{}", "x", "[" * 5000):
        for way in ("/passkey", "/passkey/sign"):
            sent = {"registration": registration, "label": "x", "answer": "", "content": ""}
            assert browser.post(f"{ACCOUNT}{way}", sent).status_code == 422, (registration, way)
    assert browser.post(f"{ACCOUNT}/passkey", {"label": "x"}, ("signature", b"x" * (1024 * 1024))).status_code == 413
    assert hand_in(browser, page, pages.service.sign(offered_bytes(page), mulder)).status_code == 200


@sqlite
def test_nobody_else_continues_what_somebody_began(pages: PagesRig, mulder: AdministratorRig, brandt: AdministratorRig) -> None:
    skinner = pages.service.administrator(ORG, "Walter Skinner", by=mulder)
    mine, his = pages.signed_in(mulder), pages.signed_in(skinner)
    registration = Authenticator().create(mine.ask(f"{ACCOUNT}/passkey/options").text)
    require_refused(his.post(f"{ACCOUNT}/passkey/sign", {"label": "x", "answer": registration}), 422, "label", "is not yours")
    other = pages.signed_in(brandt)
    assert other.post(f"{ACCOUNT}/passkey/sign", {"label": "x", "answer": registration}).status_code == 401
    assert other.ask(f"{ACCOUNT}/passkey/options").json()["kind"] == "sign-in-needed"


@sqlite
def test_names_of_passkeys_are_text_wherever_they_are_shown(pages: PagesRig, mulder: AdministratorRig) -> None:
    browser = pages.signed_in(mulder)
    for label in SHORT.values():
        page = make_another(browser, Authenticator(), label=label)
        if len(label) > 64 or label not in TYPED.values():
            assert page.status_code in {400, 422}, label
            if page.status_code == 422:
                require_refused(page, 422, "label")
                assert Document(page.text).fields["label"] == label.strip()
            continue
        assert page.status_code == 200
        assert hand_in(browser, page, pages.service.sign(offered_bytes(page), mulder)).status_code == 200
        account = browser.get(ACCOUNT)
        assert " ".join(f"Passkey: {label}".split()) in Document(account.text).text
        assert "<script>alert" not in account.text
    for label in ("", "   "):
        require_refused(make_another(browser, Authenticator(), label=label), 422, "label", "missing")


def test_a_person_of_the_provider_adds_a_passkey(pages: PagesRig, vera: AdministratorRig) -> None:
    browser, device = pages.signed_in(vera), Authenticator(algorithm=ES256)
    options = browser.ask("/provider/account/passkey/options")
    page = browser.follow("/provider/account/passkey/sign", {"label": "Key ring", "answer": device.create(options.text), "challenge": ""})
    values = {name: hidden(page.text, name) for name in ("registration", "label")}
    done = browser.follow("/provider/account/passkey", values, ("signature", pages.service.sign(offered_bytes(page), vera)))
    assert done.status_code == 200, problems(done)
    assert pages.browser().use_passkey(device, "").headers["location"] == "/provider/"
    assert mail_of("Vera Vetter", "") in browser.get("/provider/account").text


@sqlite
def test_the_owner_renames_and_removes_a_passkey_but_never_the_last_one(pages: PagesRig, mulder: AdministratorRig) -> None:
    dana = holder(pages.service, ORG, "Dana Scully", by=mulder)
    browser = pages.browser()
    assert browser.use_passkey(dana.device, ORG).status_code == 303
    place = f"{ACCOUNT}/passkeys/{dana.certificate_sha256}"
    assert place in browser.get(ACCOUNT).text
    page = browser.get(place)
    assert "the only credential that you have left" in page.text
    assert browser.post(place, {"label": "Blue key"}).status_code == 303
    assert "Blue key" in browser.get(ACCOUNT).text
    answer = browser.post(place, {"label": ""})
    assert answer.status_code == 422
    answer = browser.post(place, {"do": "remove"})
    assert (answer.status_code, "the only credential" in answer.text) == (422, True)
    assert browser.get(f"{ACCOUNT}/passkeys/{'ab' * 32}").status_code == 404
    stranger = pages.signed_in(mulder)
    assert stranger.get(place).status_code == 404
