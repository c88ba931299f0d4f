"""Coming in and going out by the pages: by passkey, by Administrator ID, again for what is heavy, and where to afterwards."""

from __future__ import annotations

import html
import json
from datetime import timedelta
from urllib.parse import quote

import pytest

from privyseal.reception.cookies import session_cookie
from tests.pages.browsing import (
    ADMINISTRATORS,
    ORG,
    OTHER,
    Browser,
    PagesRig,
    attribute,
    console,
    hidden,
    problems,
    require_refused,
    site,
)
from tests.pages.portal.portal_rig import Document
from tests.rigs.authenticator import Wrong
from tests.rigs.passkeys import holder
from tests.rigs.service import AdministratorRig

SESSION = session_cookie(ORG)
sqlite = pytest.mark.parametrize("service", ["sqlite"], indirect=True)
HOSTILE_WAYS = (
    "//evil.test",
    "///evil.test/",
    "/\\evil.test",
    "\\\\evil.test",
    "https://evil.test/",
    "https:evil.test",
    "https:/evil.test",
    "javascript:alert(1)",
    "data:text/html,x",
    "/",
    "/verify",
    "/provider/",
    f"/o/{OTHER}/console/",
    f"/o/{ORG}",
    f"/o/{ORG}x/console/",
    f"/o/{ORG}@evil.test/",
    f"/o/{ORG}/..//evil.test",
    f"/o/{ORG}/../{OTHER}/console/",
    f"/o/{ORG}/../../provider/",
    f"/o/{ORG}/%2e%2e/{OTHER}/console/",
    f"/o/{ORG}/%2E./{OTHER}/console/",
    f"/o/{ORG}/.%2e/{OTHER}/console/",
    f"/o/{ORG}/console/..",
    f"/o/{ORG}/./../{OTHER}/",
    f"/o/{ORG}//evil.test",
    f"/o/{ORG}/%2f%2fevil.test",
    f"/o/{ORG}/%5cevil.test",
    f"/o/{ORG}/\\evil.test",
    f"/o/{ORG}/console/\r\nLocation: https://evil.test",
    f"/o/{ORG}/console/\r\n\r\n<script>alert(1)</script>",
    f"/o/{ORG}/console/\t",
    f"/o/{ORG}/console/ x",
    f"/o/{ORG}/console/\0",
    f"/o/{ORG}/console/\u2028",
    f"/o/{ORG}/\uff0f\uff0fevil.test",
    f"/o/{ORG}/" + "a" * 10_000,
    f" //evil.test/o/{ORG}/",
    f"http://localhost:8443/o/{ORG}/console/",
)
GOOD_WAYS = (
    f"/o/{ORG}/console/requests",
    f"/o/{ORG}/console/requests?show=pending&name=www.%20x%2F..%2F",
    f"/o/{ORG}/console/certificates/5A01#history",
    f"/o/{ORG}/account",
    f"/o/{ORG}/console/?a=//b",
    f"/o/{ORG}/console/a..b/.c",
)


# -------------------------------------------------------------------------------------------------------------- sign-in


def test_the_page_offers_both_ways_and_ties_them_to_the_browser(pages: PagesRig) -> None:
    browser = pages.browser()
    page = browser.get(f"/o/{ORG}/sign-in")
    assert page.status_code == 200
    assert f"__Host-privyseal-browser-o-{ORG}" in browser.cookies
    assert attribute(page.text, "data-options-from") == f"/o/{ORG}/sign-in/challenge"
    links = [link for link in Document(page.text).links if link.startswith(ADMINISTRATORS)]
    assert len(links) == 1
    assert browser.cookies[f"__Host-privyseal-browser-o-{ORG}"] not in links[0], "the address tells the digest alone"
    assert "Help" in Document(page.text).text
    assert "contact@resource-marketing.test" in page.text


def test_an_administrator_id_lets_in_and_out_again(pages: PagesRig, mulder: AdministratorRig) -> None:
    browser = pages.browser()
    answer = browser.sign_in(mulder)
    assert (answer.status_code, answer.headers["location"]) == (303, console(ORG))
    account = browser.get(f"/o/{ORG}/account")
    assert "Fox Mulder" in account.text
    assert browser.get(f"/o/{ORG}/sign-in").headers["location"] == console(ORG), "who is in goes on"
    out = browser.post(f"/o/{ORG}/sign-out")
    assert (out.status_code, out.headers["location"]) == (303, f"/o/{ORG}/sign-in")
    assert SESSION not in browser.cookies
    assert browser.get(f"/o/{ORG}/account").headers["location"] == f"/o/{ORG}/sign-in?next={quote(f'/o/{ORG}/account', safe='')}"
    assert pages.last(ORG)[:2] == ("end-session", "done")


def test_a_passkey_lets_in(pages: PagesRig) -> None:
    paula = holder(pages.service, ORG)
    browser = pages.browser()
    answer = browser.use_passkey(paula.device, ORG, f"/o/{ORG}/console/requests")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/o/{ORG}/console/requests")
    assert "Paula Passkey" in browser.get(f"/o/{ORG}/account").text


def test_the_provider_comes_in_by_the_same_pages(pages: PagesRig, vera: AdministratorRig) -> None:
    browser = pages.browser()
    assert browser.sign_in(vera).headers["location"] == "/provider/"
    assert browser.get("/provider/").status_code == 200
    assert "Vera Vetter" in browser.get("/provider/account").text
    assert browser.post("/provider/sign-out").headers["location"] == "/provider/sign-in"


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong(origin="https://evil.test"),
        Wrong(origin=ADMINISTRATORS),
        Wrong(rp_id="evil.test"),
        Wrong(challenge=bytes(32)),
        Wrong(kind="webauthn.create"),
        Wrong(cross_origin=True),
        Wrong(verified=False),
        Wrong(present=False),
        Wrong(credential="A" * 43),
    ],
    ids=["origin", "port", "site", "challenge", "kind", "frame", "not-verified", "not-present", "unknown"],
)
@sqlite
def test_a_wrong_passkey_lets_nobody_in(pages: PagesRig, wrong: Wrong) -> None:
    paula = holder(pages.service, ORG)
    browser = pages.browser()
    answer = browser.use_passkey(paula.device, ORG, f"/o/{ORG}/console/requests", wrong=wrong)
    require_refused(answer, 401, "")
    assert SESSION not in browser.cookies
    assert hidden(answer.text, "next") == f"/o/{ORG}/console/requests", "the way is kept for the next try"
    assert pages.last(ORG)[:2] == ("sign-in", "refused")


def test_a_passkey_of_somebody_elsewhere_is_unknown_here(pages: PagesRig) -> None:
    paula, petra = holder(pages.service, ORG), holder(pages.service, OTHER, "Petra Passkey")
    for device, org in ((petra.device, ORG), (paula.device, OTHER), (paula.device, "")):
        browser = pages.browser()
        answer = browser.use_passkey(device, org)
        require_refused(answer, 401, "", "This passkey is not registered here")
        assert not [name for name in browser.cookies if name == session_cookie(org or "provider")]


@sqlite
def test_what_is_no_answer_of_a_passkey_is_refused_as_a_page(pages: PagesRig) -> None:
    browser = pages.browser()
    browser.get(f"/o/{ORG}/sign-in")
    for values in (
        {},
        {"answer": "", "challenge": ""},
        {"answer": "{}", "challenge": "AAAA"},
        {"answer": "not json", "challenge": "\u00e9"},
        {"answer": "{", "challenge": "="},
        {"answer": "[" * 5000, "challenge": "A" * 43},
        {"answer": '{"type":"public-key","id":1,"response":{}}', "challenge": "A" * 43},
        {"answer": "x" * 60_000, "challenge": "A" * 43},
    ):
        require_refused(browser.post(f"/o/{ORG}/sign-in/passkey", values), 401, "")


def test_a_code_counts_once_in_its_browser_for_a_minute(pages: PagesRig, mulder: AdministratorRig) -> None:
    browser, thief = pages.browser(), pages.browser()
    thief.get(f"/o/{ORG}/sign-in")
    place = browser.finish_address(browser.get(f"/o/{ORG}/sign-in", next=f"/o/{ORG}/console/requests"), mulder)
    require_refused(thief.get(place), 401, "")
    late = browser.get(place)
    require_refused(late, 401, "")  # A code that somebody tried elsewhere is used up.
    assert hidden(late.text, "next") == f"/o/{ORG}/console/requests"
    place = browser.finish_address(late, mulder)
    pages.service.clock.advance(timedelta(seconds=61))
    require_refused(browser.get(place), 401, "")
    place = browser.finish_address(browser.get(f"/o/{ORG}/sign-in"), mulder)
    assert browser.get(place).status_code == 303
    browser.post(f"/o/{ORG}/sign-out")
    require_refused(browser.get(place), 401, "")
    for code in ("", "x", "A" * 300, "%00", "\u202e"):
        require_refused(browser.get(f"/o/{ORG}/sign-in/finish", code=code), 401, "")


@sqlite
def test_the_administrators_port_says_why_a_certificate_lets_nobody_in(
    pages: PagesRig, mulder: AdministratorRig, brandt: AdministratorRig
) -> None:
    browser = pages.browser()
    page = browser.get(f"/o/{ORG}/sign-in")
    link = next(link for link in Document(page.text).links if link.startswith(ADMINISTRATORS))
    for person in (None, brandt):
        answer = browser.show_certificate(link, person)
        assert (answer.status_code, "Cannot verify administrator" in answer.text) == (401, True)
        assert "Hoffman" not in answer.text
        assert "Helen" not in answer.text
    for broken in ("audience=..", "audience=nobody", "state=x", "purpose=other"):
        name = broken.partition("=")[0]
        changed = "&".join(broken if part.startswith(f"{name}=") else part for part in link.partition("?")[2].split("&"))
        assert browser.show_certificate(f"{link.partition('?')[0]}?{changed}", mulder).status_code in {400, 401, 404}
    assert browser.show_certificate(link.partition("?")[0], mulder).status_code in {400, 404}


# ------------------------------------------------------------------------------------------------------- the way onwards


@sqlite
def test_nobody_is_led_to_another_site(pages: PagesRig, mulder: AdministratorRig) -> None:
    inside = pages.signed_in(mulder)
    for way in HOSTILE_WAYS:
        outside = pages.browser()
        page = outside.get(f"/o/{ORG}/sign-in", next=way)
        assert page.status_code == 200, way
        assert hidden(page.text, "next") == console(ORG), way
        assert inside.get(f"/o/{ORG}/sign-in", next=way).headers["location"] == console(ORG), way
        again = Browser(pages, dict(inside.cookies)).get(f"/o/{ORG}/step-up", next=way)
        assert again.status_code == 200, way
        assert console(ORG) in Document(again.text).links
        assert "evil" not in again.text
        assert "evil" not in page.text
    for way in GOOD_WAYS:
        assert hidden(pages.browser().get(f"/o/{ORG}/sign-in", next=way).text, "next") == way
        assert inside.get(f"/o/{ORG}/sign-in", next=way).headers["location"] == way


@sqlite
def test_a_way_in_a_forged_form_or_cookie_leads_nowhere_else(pages: PagesRig, mulder: AdministratorRig) -> None:
    paula = holder(pages.service, OTHER)
    for way in HOSTILE_WAYS:
        browser = pages.browser()
        options = browser.ask(f"/o/{OTHER}/sign-in/challenge")
        sent = {"answer": paula.device.get(options.text), "challenge": options.json()["challenge"], "next": way}
        if way == f"/o/{OTHER}/console/":
            continue
        assert browser.post(f"/o/{OTHER}/sign-in/passkey", sent).headers["location"] == console(OTHER), way
    for way in HOSTILE_WAYS:
        if not way.isascii() or not way.isprintable() or len(way) > 4000:
            continue  # No browser keeps such a cookie.
        browser = pages.browser()
        place = browser.finish_address(browser.get(f"/o/{ORG}/sign-in"), mulder)
        browser.cookies[f"__Host-privyseal-way-{ORG}"] = way
        assert browser.get(place).headers["location"] == console(ORG), way


def test_the_way_is_kept_over_the_other_port(pages: PagesRig, mulder: AdministratorRig, vera: AdministratorRig) -> None:
    browser = pages.browser()
    for way in GOOD_WAYS:
        assert browser.sign_in(mulder, way).headers["location"] == way
        assert browser.step_up(mulder, way).headers["location"] == way
        browser.post(f"/o/{ORG}/sign-out")
    assert browser.sign_in(vera, "/provider/orders?after=ord-1").headers["location"] == "/provider/orders?after=ord-1"


# --------------------------------------------------------------------------------------------------------------- step-up


def test_a_credential_is_shown_again_in_both_ways(pages: PagesRig, mulder: AdministratorRig) -> None:
    paula = holder(pages.service, ORG, by=mulder)
    browser = pages.browser()
    browser.use_passkey(paula.device, ORG)
    pages.service.clock.advance(timedelta(minutes=6))
    pages.service.integrate()
    page = browser.get(f"/o/{ORG}/step-up", next=f"/o/{ORG}/console/tokens/new")
    sent = {"answer": paula.device.get(attribute(page.text, "data-options")), "next": hidden(page.text, "next")}
    sent["challenge"] = hidden(page.text, "challenge") or _challenge(page.text)
    assert browser.post(f"/o/{ORG}/step-up/passkey", sent).headers["location"] == f"/o/{ORG}/console/tokens/new"
    assert pages.last(ORG)[:2] == ("step-up-session", "done")
    require_refused(browser.post(f"/o/{ORG}/step-up/passkey", sent), 401, "")
    inside = pages.signed_in(mulder)
    assert inside.step_up(mulder, f"/o/{ORG}/account").headers["location"] == f"/o/{ORG}/account"


def _challenge(text: str) -> str:
    """What the script copies from the options into the form."""
    challenge: str = json.loads(attribute(text, "data-options"))["challenge"]
    return challenge


def test_somebody_elses_credential_steps_nothing_up(pages: PagesRig, mulder: AdministratorRig) -> None:
    paula = holder(pages.service, ORG, by=mulder)
    browser = pages.signed_in(mulder)
    page = browser.get(f"/o/{ORG}/step-up", next=f"/o/{ORG}/account")
    assert "data-options=" not in page.text, "he has no passkey to be asked for"
    options = browser.ask(f"/o/{ORG}/sign-in/challenge")
    sent = {"answer": paula.device.get(options.text), "challenge": options.json()["challenge"], "next": f"/o/{ORG}/account"}
    refused = browser.post(f"/o/{ORG}/step-up/passkey", sent)
    require_refused(refused, 401, "", "somebody else")
    assert f"/o/{ORG}/account" in Document(refused.text).links, "the way is kept"
    thief = pages.service.administrator(ORG, "Alex Krycek", by=mulder)
    other = browser.get(browser.finish_address(browser.get(f"/o/{ORG}/step-up", next=f"/o/{ORG}/account"), thief))
    require_refused(other, 401, "", "somebody else")
    assert f"/o/{ORG}/account" in Document(other.text).links, "the way is kept here too"
    for code in ("", "x" * 52):
        require_refused(browser.get(f"/o/{ORG}/step-up/finish", code=code), 401, "")


# --------------------------------------------------------------------------------------------------------- the own account


def test_the_account_lists_credentials_and_sessions(pages: PagesRig, mulder: AdministratorRig) -> None:
    first, second = pages.signed_in(mulder), pages.browser()
    second.headers["User-Agent"] = "<script>alert(1)</script> \"'{{7*7}}"
    assert second.sign_in(mulder).status_code == 303
    page = first.get(f"/o/{ORG}/account")
    text = Document(page.text).text
    assert "Administrator ID" in text
    assert "used now" in text
    assert html.escape("<script>alert(1)</script>") in page.text, "the whole of it stands in the title, as text"
    assert "<script>alert(1)" not in page.text
    assert "<script>alert" not in page.text
    assert "alert" not in " ".join(value for name, value in Document(page.text).attributes if name != "title")
    [end] = [value for name, value in Document(page.text).attributes if name == "action" and value.endswith("/end")]
    assert first.post(end).headers["location"] == f"/o/{ORG}/account"
    assert second.get(f"/o/{ORG}/account").status_code == 303
    assert first.post(end).status_code == 404, "it is over"
    assert first.post(f"/o/{ORG}/account/sessions/ses-{'0' * 32}/end").status_code == 404


def test_nobody_ends_a_session_of_somebody_else(pages: PagesRig, mulder: AdministratorRig, brandt: AdministratorRig) -> None:
    own, other = pages.signed_in(mulder), pages.signed_in(brandt)
    pages.signed_in(mulder)
    [end] = [value for name, value in Document(own.get(f"/o/{ORG}/account").text).attributes if name == "action" and value.endswith("/end")]
    assert other.post(end.replace(ORG, OTHER)).status_code == 404
    assert other.post(end).status_code == 401
    assert own.get(f"/o/{ORG}/account").status_code == 200


def test_signing_out_everywhere_ends_every_session(pages: PagesRig, mulder: AdministratorRig) -> None:
    browsers = [pages.signed_in(mulder) for _ in range(3)]
    assert browsers[0].post(f"/o/{ORG}/account/sign-out-everywhere").headers["location"] == f"/o/{ORG}/sign-in"
    assert [browser.get(f"/o/{ORG}/account").status_code for browser in browsers] == [303] * 3
    page = browsers[1].get(f"/o/{ORG}/sign-in")
    assert page.status_code == 200
    assert problems(page) == []


@sqlite
def test_pages_of_an_audience_that_does_not_exist_are_nothing(pages: PagesRig) -> None:
    for org in ("nobody", "UPPER", "a" * 41, "%00", "%ed%a0%80", "..%2f"):
        for page in ("sign-in", "account", "step-up", "first-credential"):
            answer = pages.browser().get(f"/o/{org}/{page}")
            assert answer.status_code in {303, 404}, (org, page)
            assert answer.status_code == 404 or answer.headers["location"].startswith(f"/o/{org}/sign-in")


@sqlite
def test_each_audience_has_sessions_of_its_own(pages: PagesRig, mulder: AdministratorRig, vera: AdministratorRig) -> None:
    inside, provider = pages.signed_in(mulder), pages.signed_in(vera)
    for path in (f"{site(OTHER)}/account", "/provider/account", "/provider/", "/provider/organizations"):
        assert "/sign-in?next=" in inside.get(path).headers["location"]
    for path in (f"{site(ORG)}/account", f"{site(ORG)}/step-up", f"{site(ORG)}/console/"):
        assert "/sign-in?next=" in provider.get(path).headers["location"]
