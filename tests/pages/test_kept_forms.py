"""What somebody typed is not lost when the credential has to be shown again first: it stands in the form, and nothing is done."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from privyseal.jobs.retention import end_old_sessions
from privyseal.look.forms import SECRET_FIELDS
from privyseal.model.kept_form import KEPT_CHARACTERS, KEPT_FORM_LIFE, NEVER_KEPT, keepable
from privyseal.model.request import RequestState
from privyseal.model.session import IDLE_LIFE, STEP_UP_LIFE
from privyseal.store.kept_forms import kept_forms
from privyseal.store.requests import requests
from tests.pages.browsing import ORG, Answer, Browser, PagesRig
from tests.pages.portal.portal_rig import Document
from tests.rigs.hostile_texts import TYPED
from tests.rigs.service import AdministratorRig, hashes_hex, make_csr, make_key

HOME = f"/o/{ORG}/console"
AGAIN = "What you had typed stands here again"


@dataclass(slots=True)
class Case:
    """A form: where it is sent, where it stands, and what is typed."""

    sent_to: str
    form: str
    typed: dict[str, str]


def rows(pages: PagesRig) -> list[tuple[str, str]]:
    """What is kept: path and values as stored."""
    with pages.service.house.database.read(pages.service.clock()) as tx:
        return [(row.path, row.form) for row in tx.execute(sa.select(kept_forms))]


def way_of(refused: Answer) -> str:
    """Where the page that refused leads back to, by its link to the sign-in or the step-up."""
    link = next(link for link in Document(refused.text).links if "next=" in link)
    return parse_qs(urlsplit(html.unescape(link)).query)["next"][0]


def require_filled(page: Answer, typed: dict[str, str]) -> None:
    """The form has what was typed, and says that nothing was sent."""
    assert page.status_code == 200, page.text
    assert AGAIN in page.text
    fields = Document(page.text).fields
    assert {name: fields.get(name) for name in typed} == typed


@pytest.fixture
def console(pages: PagesRig, mulder: AdministratorRig) -> Browser:
    """The browser of a security administrator."""
    return pages.signed_in(mulder)


@pytest.fixture
def cases(pages: PagesRig, mulder: AdministratorRig) -> dict[str, Case]:
    """The forms of a control center into which people type."""
    pages.service.administrator(ORG, "Dana Scully", by=mulder)
    request = f"{HOME}/requests/{pages.service.submit(ORG, make_csr(['www.resource-marketing.test'], make_key())).id}"
    certificate = pages.service.issue(ORG, mulder, ["shop.resource-marketing.test"])
    serial = f"{HOME}/certificates/{certificate.serial_hex}"
    credential = f"{HOME}/administrators/{mulder.administrator.id}/credentials/{hashes_hex(mulder.certificate_der)}/revoke"
    invitation = {"full_name": "Walter Skinner", "email": "skinner@resource-marketing.test"}
    reason = {"reason": "Nobody knows this server.\r\nAsk again with a note."}
    return {
        "reject": Case(f"{request}/rejection", f"{request}/rejection", reason),
        "reject-signed": Case(f"{request}/rejected", f"{request}/rejection", {"reason": "Nobody knows this server."}),
        "hold": Case(f"{request}/hold", f"{request}/hold", {"question": "What is it for?"}),
        "revoke": Case(f"{serial}/revocation", serial, {"reason": "superseded", "comment": "Another one stands there"}),
        "revoke-credential": Case(credential, credential, {"reason": "replaced"}),
        "invite": Case(f"{HOME}/administrators/invite", f"{HOME}/administrators/invite", invitation),
        "invite-signed": Case(f"{HOME}/administrators/invited", f"{HOME}/administrators/invite", invitation),
        "token": Case(f"{HOME}/tokens", f"{HOME}/tokens/new", {"token_name": "deployment", "scopes": "submit", "days": "30"}),
    }


NAMES = ("reject", "reject-signed", "hold", "revoke", "revoke-credential", "invite", "invite-signed", "token")


@pytest.mark.parametrize("name", NAMES)
def test_a_form_survives_the_end_of_a_session(
    pages: PagesRig, mulder: AdministratorRig, console: Browser, cases: dict[str, Case], name: str
) -> None:
    case = cases[name]
    pages.service.clock.advance(IDLE_LIFE + timedelta(seconds=1))
    before = len(pages.log(ORG))
    refused = console.post(case.sent_to, case.typed)
    assert refused.status_code == 401
    assert "What you typed is kept for ten minutes" in refused.text
    way = way_of(refused)
    assert way == f"{case.form}?kept=1"
    page = console.get(f"/o/{ORG}/sign-in", next=way)
    assert "What you had not sent yet is gone" not in page.text
    answer = console.get(console.finish_address(page, mulder))
    assert answer.headers["location"] == way
    require_filled(console.get(way), case.typed)
    require_filled(console.get(way), case.typed)
    assert AGAIN not in console.get(case.form).text, "opened anew, a form is empty"
    done = {entry["action"] for entry in pages.log(ORG)[before:]}
    assert done <= {"end-session", "hand-over-identity", "start-session", "sign-in", "step-up-session"}


@pytest.mark.parametrize("name", ["revoke-credential", "token"])
def test_a_form_survives_the_step_up(
    pages: PagesRig, mulder: AdministratorRig, console: Browser, cases: dict[str, Case], name: str
) -> None:
    case = cases[name]
    pages.service.clock.advance(STEP_UP_LIFE + timedelta(seconds=1))
    refused = console.post(case.sent_to, case.typed)
    assert refused.status_code == 403
    assert "What you typed is kept for ten minutes" in refused.text
    way = way_of(refused)
    assert console.step_up(mulder, way).headers["location"] == way
    require_filled(console.get(way), case.typed)
    sent = console.post(case.sent_to, {name: value for name, value in Document(console.get(way).text).fields.items() if name in case.typed})
    assert sent.status_code in {201, 303}, "as it stands there it can be sent"


def test_the_provider_invites_after_a_step_up(pages: PagesRig, vera: AdministratorRig) -> None:
    desk = pages.signed_in(vera)
    typed = {"name": "Ada Acme", "email": "ada@resource-marketing.test"}
    form = f"/provider/organizations/{ORG}/administrator"
    pages.service.clock.advance(STEP_UP_LIFE + timedelta(seconds=1))
    way = way_of(desk.post(form, typed))
    assert way == f"{form}?kept=1"
    assert desk.step_up(vera, way).headers["location"] == way
    require_filled(desk.get(way), typed)
    assert "Ada Acme" not in Document(desk.get(f"/provider/organizations/{ORG}").text).text


def test_a_request_is_not_decided_by_coming_back(
    pages: PagesRig, mulder: AdministratorRig, console: Browser, cases: dict[str, Case]
) -> None:
    pages.service.clock.advance(IDLE_LIFE + timedelta(seconds=1))
    console.post(cases["hold"].sent_to, cases["hold"].typed)
    assert console.sign_in(mulder, f"{cases['hold'].form}?kept=1").status_code == 303
    console.get(f"{cases['hold'].form}?kept=1")
    with pages.service.house.database.read(pages.service.clock()) as tx:
        states = list(tx.execute(sa.select(requests.c.state).where(requests.c.id == cases["hold"].form.split("/")[-2])).scalars())
    assert states == [RequestState.PENDING.value]


def test_nobody_else_gets_it(pages: PagesRig, mulder: AdministratorRig, console: Browser, cases: dict[str, Case]) -> None:
    case = cases["token"]
    other = pages.service.administrator(ORG, "Alex Krycek", by=mulder)
    elsewhere = pages.signed_in(mulder)
    pages.service.clock.advance(STEP_UP_LIFE + timedelta(seconds=1))
    way = way_of(console.post(case.sent_to, case.typed))
    for browser, person in ((elsewhere, mulder), (pages.signed_in(other), other)):
        browser.step_up(person, way)
        assert AGAIN not in browser.get(way).text
    held = dict(console.cookies)
    pages.service.clock.advance(IDLE_LIFE + timedelta(seconds=1))
    console.post(case.sent_to, case.typed)
    assert console.sign_in(other, way).status_code == 303
    assert AGAIN not in console.get(way).text, "somebody else at the same browser"
    assert held != console.cookies


def test_it_has_its_time_and_its_place(pages: PagesRig, mulder: AdministratorRig, console: Browser, cases: dict[str, Case]) -> None:
    case = cases["token"]
    pages.service.clock.advance(STEP_UP_LIFE + timedelta(seconds=1))
    way = way_of(console.post(case.sent_to, case.typed))
    console.post(case.sent_to, case.typed)
    assert len(rows(pages)) == 1, "one for each session"
    console.step_up(mulder, way)
    assert AGAIN not in console.get(f"{cases['invite'].form}?kept=1").text, "another form"
    pages.service.clock.advance(KEPT_FORM_LIFE)
    console.step_up(mulder, way)
    assert AGAIN not in console.get(way).text
    end_old_sessions(pages.service.house)
    assert rows(pages) == []


def test_what_is_never_kept(pages: PagesRig, console: Browser, cases: dict[str, Case]) -> None:
    assert SECRET_FIELDS <= NEVER_KEPT
    assert keepable({"phrase": ["secret"]}) is None
    assert keepable({"a": ["x" * KEPT_CHARACTERS]}) is None
    assert keepable({"a": ["1", "2"], "code": ["3"]}) == {"a": ["1", "2"]}
    case = cases["reject-signed"]
    pages.service.clock.advance(IDLE_LIFE + timedelta(seconds=1))
    console.post(case.sent_to, case.typed | {"answer": "SIGNATURE", "content": "BYTES", "phrase": "SECRET"}, ("signed", b"FILE"))
    ((path, stored),) = rows(pages)
    assert path == case.form
    for secret in ("SIGNATURE", "BYTES", "SECRET", "FILE"):
        assert secret not in stored
    big = console.post(case.sent_to, {"reason": "x" * 100_000})
    assert big.status_code == 401
    assert "is kept" not in big.text


def test_whoever_left_leaves_nothing(pages: PagesRig, console: Browser, cases: dict[str, Case]) -> None:
    held = dict(console.cookies)
    console.post(f"/o/{ORG}/sign-out")
    console.cookies = held
    case = cases["hold"]
    refused = console.post(case.sent_to, case.typed)
    assert (refused.status_code, "is kept" in refused.text) == (401, False)
    stranger = pages.browser()
    assert stranger.post(case.sent_to, case.typed).status_code == 401
    assert stranger.send("POST", case.sent_to, data=case.typed, kind="text/plain").status_code == 401
    console.headers["Sec-Fetch-Site"] = "cross-site"
    assert console.post(case.sent_to, case.typed).status_code == 403
    assert rows(pages) == []


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
@pytest.mark.parametrize("hostile", TYPED.values(), ids=TYPED.keys())
def test_it_comes_back_as_text(pages: PagesRig, mulder: AdministratorRig, console: Browser, hostile: str) -> None:
    pages.service.clock.advance(STEP_UP_LIFE + timedelta(seconds=1))
    typed = {"token_name": hostile.strip(), "days": "30"}
    way = way_of(console.post(f"{HOME}/tokens", typed))
    console.step_up(mulder, way)
    page = console.get(way)
    require_filled(page, typed)
    for piece in ("<script>alert", "<img src=x", "<svg/onload"):
        assert piece not in page.text
