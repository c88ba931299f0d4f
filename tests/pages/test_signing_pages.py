"""The page where answers are signed has an address: it is loaded again, left and come back to, and nothing is done by that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from privyseal.actions.session.keep_answers import MARK_BYTES
from privyseal.jobs.retention import end_old_sessions
from privyseal.model.administrator import Role
from privyseal.model.kept_form import ANSWERS_CHARACTERS, ANSWERS_LIFE, MOST_ANSWERS
from privyseal.model.session import IDLE_LIFE
from privyseal.store.kept_answers import kept_answers
from tests.pages.browsing import ORG, OTHER, Browser, PagesRig, hidden, require_refused
from tests.pages.portal.portal_rig import Document
from tests.rigs.authenticator import Authenticator
from tests.rigs.service import AdministratorRig, make_csr, make_key

HOME = f"/o/{ORG}/console"
UNSIGNED = "You have answered this before, and did not sign"
sqlite = pytest.mark.parametrize("service", ["sqlite"], indirect=True)


@dataclass(slots=True)
class Case:
    """A form whose answers are signed on the next page: where it stands, where it is sent, what is typed, and where that is signed."""

    form: str
    typed: dict[str, Any]
    sign: str
    sent_to: str = ""
    has_note: bool = True

    @property
    def target(self) -> str:
        """Where the form is sent."""
        return self.sent_to or self.form


@pytest.fixture
def skinner(pages: PagesRig, mulder: AdministratorRig) -> AdministratorRig:
    """A second security administrator."""
    return pages.service.administrator(ORG, "Walter Skinner", by=mulder)


@pytest.fixture
def console(pages: PagesRig, mulder: AdministratorRig) -> Browser:
    """The browser of a security administrator."""
    return pages.signed_in(mulder)


def case_of(pages: PagesRig, console: Browser, mulder: AdministratorRig, skinner: AdministratorRig, name: str) -> Case:
    """One of the forms, with what it is about."""
    made = {
        "reject": lambda: _rejection(pages),
        "revoke": lambda: _revocation(pages, mulder),
        "invite": lambda: _asked(f"{HOME}/administrators/invite", {"full_name": "Dana Scully", "email": "scully@resource-marketing.test"}),
        "role": lambda: _asked(f"{HOME}/administrators/{skinner.administrator.id}/roles", {"role": Role.AUDITOR.value, "department": ""}),
        "policy": lambda: _policy(console),
        "policy-file": lambda: _policy_file(console),
        "price": lambda: _asked("/provider/prices/new", {"tier": "premium", "amount": "99.50", "currency": "CHF"}),
        "pause": lambda: _asked("/provider/authorities/issuing/state", {"wanted": "pause", "reason": "The HSM is exchanged"}),
        "withdrawal": lambda: _withdrawal(pages, console, mulder),
    }
    return made[name]()


def _asked(form: str, typed: dict[str, Any]) -> Case:
    return Case(form, typed, f"{form}/sign")


def _rejection(pages: PagesRig) -> Case:
    place = f"{HOME}/requests/{pages.service.submit(ORG, make_csr(['www.resource-marketing.test'], make_key())).id}/rejection"
    return _asked(place, {"reason": "Nobody knows this server.\r\nAsk again."})


def _revocation(pages: PagesRig, mulder: AdministratorRig) -> Case:
    place = f"{HOME}/certificates/{pages.service.issue(ORG, mulder, ['shop.resource-marketing.test']).serial_hex}"
    typed = {"reason": "superseded", "comment": "Another one stands there"}
    return Case(place, typed, f"{place}/revocation", f"{place}/revocation", has_note=False)


def _policies(console: Browser) -> str:
    found = re.search(rf'href="({HOME}/policies/pol-[0-9a-f]+)"', console.get(f"{HOME}/policies").text)
    assert found is not None
    return found[1]


def _policy(console: Browser) -> Case:
    place = f"{_policies(console)}/change"
    typed = Document(console.get(place).text)
    chosen = {item: [c.value for c in typed.controls if c.name == item] for item in ("key_algorithms", "key_usage", "key_purposes")}
    return _asked(place, chosen | {"approvals": "2", "lifetimes_days": "30", "max_endpoints": "4", "requesters": "people"})


def _policy_file(console: Browser) -> Case:
    text = console.get(f"{_policies(console)}/file").text.replace("approvals = 1", "approvals = 2").strip()
    return _asked(f"{HOME}/policies/import", {"text": text})


def _withdrawal(pages: PagesRig, console: Browser, mulder: AdministratorRig) -> Case:
    policy = _policy(console)
    place = propose(pages, console, mulder, console.follow(policy.form, policy.typed)).headers["location"]
    return _asked(f"{place}/withdrawal", {"reason": "It was a mistake"})


_NOT = ("/statement", "/sign-out", "/file")


def propose(pages: PagesRig, browser: Browser, person: AdministratorRig, page: Any) -> Any:  # noqa: ANN401 - the response type of the test client's library
    """Sign what a page of a change offers, and hand it in where the page says."""
    action = next(value for name, value in Document(page.text).attributes if name == "action" and not value.endswith(_NOT))
    values = {
        name: hidden(page.text, name)
        for name in ("proposal", "reason", "decision", "full_name", "email", "comment")
        if f'name="{name}"' in page.text
    }
    return browser.post(action, values, ("signed", pages.service.sign(hidden(page.text, "content").encode(), person)))


def rows(pages: PagesRig) -> list[tuple[str, str]]:
    """What is kept: path and answers as stored."""
    with pages.service.house.database.read(pages.service.clock()) as tx:
        return [(row.path, row.form) for row in tx.execute(sa.select(kept_answers))]


def answers_of(page: Any, case: Case) -> dict[str, object]:  # noqa: ANN401 - the response type of the test client's library
    """What stands in the fields of a form."""
    read = Document(page.text)
    return {
        name: [item.value for item in read.controls if item.name == name] if isinstance(typed, list) else read.fields.get(name)
        for name, typed in case.typed.items()
    }


OF_PROVIDER = {"price", "pause"}
NAMES = ("reject", "revoke", "invite", "role", "policy", "policy-file", "price", "pause", "withdrawal")


@pytest.mark.parametrize("name", NAMES)
def test_it_is_loaded_again_and_left_and_come_back_to(
    pages: PagesRig, console: Browser, mulder: AdministratorRig, skinner: AdministratorRig, vera: AdministratorRig, name: str
) -> None:
    case = case_of(pages, console, mulder, skinner, name)
    browser = pages.signed_in(vera) if name in OF_PROVIDER else console
    before = len(pages.log(ORG)) + len(pages.log())
    answer = browser.post(case.target, case.typed)
    assert answer.status_code == 303, Document(answer.text).problems
    address: str = answer.headers["location"]
    way, _, mark = address.partition("?kept=")
    assert (way, len(mark)) == (case.sign, MARK_BYTES * 2)
    texts = [text for text in case.typed.values() if isinstance(text, str) and len(text) > 4]
    assert not any(text.split()[0] in address for text in texts), "an address stands in logs"
    for page in (browser.get(address), browser.get(address)):
        assert (page.status_code, "Sign" in page.text) == (200, True)
        assert UNSIGNED not in page.text
        assert "Nothing was sent yet" not in page.text
    back = next(link for link in Document(browser.get(address).text).links if link.endswith(f"kept={mark}"))
    assert back.partition("?")[0] == case.form
    assert answers_of(browser.get(back), case) == case.typed
    anew = browser.get(case.form)
    if case.has_note:
        assert UNSIGNED in anew.text
        assert answers_of(anew, case) != case.typed, "opened anew, a form is as it was"
        on = next(link for link in Document(anew.text).links if link.endswith(f"kept={mark}"))
        assert answers_of(browser.get(on), case) == case.typed
    assert len(pages.log(ORG)) + len(pages.log()) == before, "nothing was decided"


@pytest.mark.parametrize("name", NAMES)
@sqlite
def test_without_answers_it_leads_to_the_questions(
    pages: PagesRig, console: Browser, mulder: AdministratorRig, skinner: AdministratorRig, vera: AdministratorRig, name: str
) -> None:
    case = case_of(pages, console, mulder, skinner, name)
    browser = pages.signed_in(vera) if name in OF_PROVIDER else console
    for query in ("", "?kept=1", f"?kept={'0' * 32}", "?kept=%00", "?kept=" + "f" * 5000, "?kept=a&kept=b", "?kept='%20OR%201=1--"):
        answer = browser.get(f"{case.sign}{query}")
        assert answer.status_code == 303, (query, answer.text)
        assert answer.headers["location"].partition("?")[0] == case.form


def test_nobody_else_gets_it(
    pages: PagesRig, console: Browser, mulder: AdministratorRig, skinner: AdministratorRig, brandt: AdministratorRig
) -> None:
    case = case_of(pages, console, mulder, skinner, "invite")
    address = console.post(case.form, case.typed).headers["location"]
    for person in (skinner, mulder):
        other = pages.signed_in(person)
        for way in (address, address.replace("/sign", "")):
            assert "Dana Scully" not in other.get(way).text
        assert UNSIGNED not in other.get(case.form).text
    foreign = pages.signed_in(brandt)
    assert "Dana Scully" not in foreign.get(address.replace(ORG, OTHER)).text
    assert foreign.get(address).headers["location"].startswith(f"/o/{ORG}/sign-in")
    assert pages.browser().get(address).headers["location"].startswith(f"/o/{ORG}/sign-in")
    reader = pages.signed_in(pages.service.administrator(ORG, "Rita Reader", Role.READ_ONLY, by=mulder))
    assert reader.get(address).status_code == 403
    elsewhere = case_of(pages, console, mulder, skinner, "reject").sign
    assert console.get(f"{elsewhere}?{address.partition('?')[2]}").status_code == 303, "answers of another form"


def test_it_survives_the_end_of_a_session(pages: PagesRig, console: Browser, mulder: AdministratorRig, skinner: AdministratorRig) -> None:
    case = case_of(pages, console, mulder, skinner, "invite")
    address = console.post(case.form, case.typed).headers["location"]
    pages.service.clock.advance(IDLE_LIFE + timedelta(seconds=1))
    asked = console.get(address)
    assert asked.headers["location"].startswith(f"/o/{ORG}/sign-in")
    assert console.sign_in(mulder, address).headers["location"] == address
    assert "Dana Scully" in console.get(address).text


def test_what_is_signed_is_forgotten(pages: PagesRig, console: Browser, mulder: AdministratorRig, skinner: AdministratorRig) -> None:
    case = case_of(pages, console, mulder, skinner, "invite")
    other = console.post(case.form, case.typed | {"full_name": "Monica Reyes", "email": "reyes@resource-marketing.test"})
    address = console.post(case.form, case.typed).headers["location"]
    page = console.get(address)
    refused = propose(pages, console, skinner, page)
    assert refused.status_code in {403, 422}
    assert any(link.partition("?")[0] == case.form and "kept=" in link for link in Document(refused.text).links), "the way back is kept"
    assert propose(pages, console, mulder, refused).status_code == 303
    assert console.get(address).headers["location"].partition("?")[0] == case.form, "back finds the questions"
    assert "Monica Reyes" in console.get(other.headers["location"]).text, "and what was begun beside it"


@pytest.mark.parametrize("name", ["reject", "revoke", "withdrawal"])
def test_of_what_is_decided_meanwhile_its_own_page_tells(
    pages: PagesRig, console: Browser, mulder: AdministratorRig, skinner: AdministratorRig, name: str
) -> None:
    case = case_of(pages, console, mulder, skinner, name)
    address = console.post(case.target, case.typed).headers["location"]
    second = console.post(case.target, case.typed).headers["location"]
    done = propose(pages, console, mulder, console.get(second))
    assert done.status_code == 303, Document(done.text).problems
    place = re.sub(r"/(rejection|revocation|withdrawal).*", "", case.target)
    assert console.get(address).headers["location"] in {place, f"{place}/revoked"}
    if name != "revoke":
        assert console.get(case.form).headers["location"] == place


@sqlite
def test_it_has_its_time_and_its_bounds(pages: PagesRig, console: Browser, mulder: AdministratorRig, skinner: AdministratorRig) -> None:
    case = case_of(pages, console, mulder, skinner, "invite")
    kept = []
    for number in range(MOST_ANSWERS + 3):
        pages.service.clock.advance(timedelta(seconds=1))
        kept.append(console.post(case.form, case.typed | {"full_name": f"Person {number}"}).headers["location"])
    assert len(rows(pages)) == MOST_ANSWERS
    assert [console.get(address).status_code for address in kept] == [303] * 3 + [200] * MOST_ANSWERS
    assert "Person 22" in console.get(Document(console.get(case.form).text).links[-1]).text or UNSIGNED in console.get(case.form).text
    long = require_refused(console.post(case.form, case.typed | {"full_name": "x" * (ANSWERS_CHARACTERS + 1)}), 422, "full_name")
    assert long.problems
    for _ in range(4):
        pages.service.clock.advance(ANSWERS_LIFE / 4)
        console.get(f"{HOME}/")
    assert console.get(kept[-1]).status_code == 303
    assert UNSIGNED not in console.get(case.form).text
    end_old_sessions(pages.service.house)
    assert rows(pages) == []


@sqlite
def test_only_answers_are_kept(pages: PagesRig, console: Browser, mulder: AdministratorRig, skinner: AdministratorRig) -> None:
    case = case_of(pages, console, mulder, skinner, "invite")
    secrets = {"phrase": "SECRET", "code": "CODE", "answer": "SIGNATURE", "content": "BYTES", "challenge": "CHALLENGE"}
    console.post(case.form, case.typed | secrets)
    ((path, stored),) = rows(pages)
    assert path == case.form
    assert "Dana Scully" in stored
    assert not any(text in stored for text in secrets.values())
    console.headers["Sec-Fetch-Site"] = "cross-site"
    assert console.post(case.form, case.typed).status_code == 403
    assert len(rows(pages)) == 1


def test_a_new_passkey_is_signed_for_at_an_address(pages: PagesRig, console: Browser) -> None:
    account = f"/o/{ORG}/account"
    device = Authenticator()
    options = console.ask(f"{account}/passkey/options")
    sent = {"label": "Key ring", "answer": device.create(options.text), "challenge": ""}
    address = console.post(f"{account}/passkey/sign", sent).headers["location"]
    for _ in range(2):
        assert "Key ring" in console.get(address).text
    assert console.get(f"{account}/passkey/sign").headers["location"] == f"{account}/passkey"
    pages.service.clock.advance(timedelta(minutes=11))
    assert "took longer than ten minutes" in console.get(address).text
    assert console.get(f"{account}/passkey/done").status_code == 200
    assert pages.browser().get(f"/o/{ORG}/first-credential/done").status_code == 200
