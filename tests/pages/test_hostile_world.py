"""A service where everybody typed markup into everything: every page, letter and log line that comes of it is opened and looked at.

One name is as long as a name may be, and meets all of them too.
Pages are found as a reader finds them, by their links, from the first page of every site.
"""

from __future__ import annotations

import json
from collections import deque
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from privyseal.actions.house import About, perform
from privyseal.actions.lost_card.confirm_lost_card import confirm_lost_card
from privyseal.actions.lost_card.report_lost_card import report_lost_card
from privyseal.actions.organization.add_domain import add_domain
from privyseal.actions.organization.attach_evidence import attach_evidence
from privyseal.actions.organization.confirm_application import confirm_application
from privyseal.actions.organization.open_vetting import open_vetting
from privyseal.actions.organization.place_order import place_order
from privyseal.actions.organization.record_finding import record_finding
from privyseal.actions.organization.submit_application import submit_application
from privyseal.actions.organization.suspend_organization import suspend_organization
from privyseal.features.notices import LISTENS, listeners
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.fact import FactKind
from privyseal.model.unit import UnitTier
from privyseal.model.vetting import VettingItem
from privyseal.store import outbox
from tests.actions.organization.test_application import FORM
from tests.features.notices.household import to_directory
from tests.pages.browsing import ORG, OTHER, Browser, PagesRig
from tests.pages.portal.portal_rig import Document
from tests.rigs.service import OPERATOR, PHRASE, AdministratorRig, make_csr, make_key
from tests.rigs.vetting import EVIDENCE, VETTER

SEEN_BY_NOBODY = "x-evil"
TYPED = "<x-evil onmouseover=alert(1)>{{7*7}}'\"& %s \u05d3\u05e0\u05d4 \U0001f98a"
"""Markup, a template, quotes, right-to-left writing, an emoji, and where it was typed."""

LONGEST = ".".join(("a" * 63, "b" * 63, "c" * 63, "d" * 37, "resource-marketing.test"))
"""253 characters, which is what a host name may have (RFC 1035 2.3.4, without length bytes)."""

MEET_THE_LONGEST = (
    f"/o/{ORG}/console/requests/",
    f"/o/{ORG}/console/certificates/",
    "/approved",
    f"/o/{ORG}/certificates/",
    f"/o/{ORG}/console/audit",
    f"/provider/organizations/{ORG}",
)
"""Beginnings or ends of the addresses of pages, and at least one page of each has the longest name on it."""

FIELDS = ("contact", "comment", "question", "answer", "reason", "unit", "center", "token", "search", "order", "source", "note", "person")
MOST_PAGES = 400
LEFT_ALONE = (
    "/sign-out",
    "/files/",
    "/export",
    "/checkpoint",
    ".zip",
    "/events",
    "/sign-in",
    "/step-up",
    "/assets/",
    "/file",
    "/counts",
    "/state",
)

pytestmark = pytest.mark.timeout(300)  # Every page of three sites, and every letter.


def typed(field: str, maximum: int = 200) -> str:
    """What somebody hostile types into this field."""
    text = TYPED % field
    assert len(text) <= maximum, (field, len(text))
    return text


def codes(pages: PagesRig, kind: FactKind) -> str:
    """The code of the newest letter of a kind."""
    with pages.service.house.database.read(pages.service.clock()) as tx:
        rows = tx.execute(sa.select(outbox.outbox.c.payload).where(outbox.outbox.c.fact == kind.value).order_by(outbox.outbox.c.id))
        return str([row.payload["code"] for row in rows][-1])


def at_the_portal_and_the_desk(pages: PagesRig, mulder: AdministratorRig, desk: Browser) -> None:
    """Requests with everything that people say about them, and what an organization names by itself."""
    service, console = pages.service, f"/o/{ORG}/console"
    for number in range(3):
        csr = make_csr([f"host-{number}.resource-marketing.test"], make_key())
        named, kind = typed("contact", 64), typed("kind", 64)
        request = service.submit(ORG, csr, contact_name=named, comment=typed("comment"), server_platform=kind)
        place = f"{console}/requests/{request.id}"
        assert desk.post(f"{place}/hold", {"question": typed("question")}).status_code == 303
        if number == 0:
            answered = {"answer": typed("answer"), "phrase": PHRASE}
            assert pages.browser().post(f"/o/{ORG}/requests/{request.id}/answer", answered).status_code == 303
        elif number == 1:
            page = desk.follow(f"{place}/rejection", {"reason": typed("reason")})
            kept = Document(page.text).fields
            signed = service.sign(kept["content"].encode(), mulder)
            assert desk.post(f"{place}/rejected", {"reason": kept["reason"]}, file=("signed", signed)).status_code == 303
    service.issue(ORG, mulder, [LONGEST])
    department = service.department(mulder, typed("unit", 64), cost_center="<x-evil>{{7*7}} center")
    assert (
        desk.post(
            f"{console}/departments/{department.id}", {"new_name": typed("unit", 64), "new_cost_center": "<x-evil>{{7*7}} center"}
        ).status_code
        == 303
    )
    token = {"token_name": typed("token", 64), "scopes": "read", "days": "5"}
    assert desk.post(f"{console}/tokens", token).status_code == 201
    kept_search = {"search_name": typed("search", 64), "show": "waiting", "name": "host"}
    assert desk.post(f"{console}/requests", kept_search).status_code == 303
    invited = {"full_name": typed("person", 64), "email": "evil@resource-marketing.test"}
    page = desk.follow(f"{console}/administrators/invite", invited)
    signed = service.sign(Document(page.text).fields["content"].encode(), mulder)
    assert desk.post(f"{console}/administrators/invited", invited, file=("signed", signed)).status_code == 303


def at_the_provider(pages: PagesRig, mulder: AdministratorRig) -> None:
    """What applicants, vetters and sellers write."""
    house, about = pages.service.house, About("set-up", ORG, "organization", ORG)
    stranger = Actor(ActorKind.REQUESTER, "anonymous", source="somewhere")
    hostile = {"registration_number": typed("number", 64), "address": typed("address"), "corporate_name": typed("corporate", 64)}
    hostile |= {"administrator_name": typed("first", 64)}
    application = perform(house, stranger, about, submit_application, FORM | hostile)
    perform(house, stranger, about, confirm_application, application.id, codes(pages, FactKind.APPLICATION_RECEIVED))
    perform(house, OPERATOR, about, place_order, ORG, UnitTier.STANDARD, 5, typed("order", 64))
    perform(house, OPERATOR, about, add_domain, ORG, LONGEST)
    pages.service.create_organization("vetted", name="Vetted", domains=("vetted.test",), vet=False, units=0)
    perform(house, VETTER, about, open_vetting, "vetted")
    day, item = house.clock().date().isoformat(), VettingItem.EXISTENCE.value
    found = {"source": typed("source"), "seen_on": day, "note": typed("note")}
    perform(house, VETTER, about, record_finding, "vetted", item=item, is_met=True, **found)
    perform(house, VETTER, about, attach_evidence, "vetted", item=item, name=typed("file"), content=EVIDENCE)
    perform(house, stranger, about, report_lost_card, ORG, mulder.administrator.email)
    perform(house, stranger, about, confirm_lost_card, ORG, codes(pages, FactKind.LOST_CARD_REPORTED))
    perform(house, OPERATOR, about, suspend_organization, OTHER, typed("suspended"))


def pages_of(browser: Browser, *first: str) -> dict[str, str]:
    """Every page that links lead to from here, by its address; Browser looks at how each of them is made."""
    found: dict[str, str] = {}
    todo = deque(first)
    while todo and len(found) < MOST_PAGES:
        address = todo.popleft()
        if address in found:
            continue
        answer = browser.send("GET", address)
        if answer.status_code == 303:
            todo.append(answer.headers["location"])
            found[address] = ""
            continue
        assert answer.status_code in {200, 403, 404, 409}, (address, answer.status_code, Document(answer.text).text)
        found[address] = answer.text
        todo.extend(link for link in Document(answer.text).links if is_ours(link))
    return found


def is_ours(link: str) -> bool:
    """Whether a link leads to a page of this service that only shows something."""
    parts = urlsplit(link)
    return not parts.scheme and not parts.netloc and parts.path.startswith("/") and not any(piece in link for piece in LEFT_ALONE)


def require_text_alone(where: str, markup: str) -> None:
    """Nothing that was typed became an element, and no template computed it."""
    page = Document(markup)
    assert SEEN_BY_NOBODY not in page.tags, where
    assert "49'" not in page.text, where
    for name, value in page.attributes:
        assert not name.startswith("on"), where
        assert not value.lower().startswith("javascript:"), where


def test_nothing_that_was_typed_comes_alive(
    pages: PagesRig, mulder: AdministratorRig, vera: AdministratorRig, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pages.service.listeners.update(LISTENS)
    desk, provider, stranger = pages.signed_in(mulder), pages.signed_in(vera), pages.browser()
    at_the_portal_and_the_desk(pages, mulder, desk)
    at_the_provider(pages, mulder)
    pages.service.integrate()
    found = pages_of(desk, f"/o/{ORG}/console/", f"/o/{ORG}/account")
    found |= pages_of(provider, "/provider/")
    found |= pages_of(stranger, "/", "/apply", "/verify", f"/o/{ORG}/")
    assert len(found) > 100
    for address, markup in found.items():
        require_text_alone(address, markup)
    everything = " ".join(Document(markup).text for markup in found.values())
    assert [field for field in FIELDS if f"& {field} " not in everything and f"}}}} {field}" not in everything] == []
    met = [address for address, markup in found.items() if LONGEST in Document(markup).text]
    assert [part for part in MEET_THE_LONGEST if not any(at.startswith(part) or at.endswith(part) for at in met)] == []
    require_plain_letters(pages, tmp_path)
    require_plain_log(pages, capfd)


def require_plain_letters(pages: PagesRig, folder: Path) -> None:
    """Every letter that was announced, copies for several people too: text is text, HTML escapes, one line stays one line."""
    hear, done = listeners(pages.service.house, to_directory(folder / "mail")), set()
    for _ in range(3):
        with pages.service.house.database.read(pages.service.clock()) as tx:
            rows = [row for row in outbox.waiting(tx, limit=1_000) if row.id not in done and row.listener in hear]
        for row in rows:
            hear[row.listener](row, row.id)
            done.add(row.id)
    letters = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in (folder / "mail" / "new").glob("*")]
    assert len(letters) > 10
    for letter in letters:
        assert len(letter.get_all("To") or []) == 1
        assert letter["Bcc"] is None
        body = letter.get_body(("html",))
        assert body is not None
        require_text_alone(str(letter["Subject"]), body.get_content())
    plain = [body.get_content() for letter in letters if (body := letter.get_body(("plain",))) is not None]
    assert any(LONGEST in text for text in plain)


def require_plain_log(pages: PagesRig, capfd: pytest.CaptureFixture[str]) -> None:
    """Each entry is one JSON object that says what it was, and what the process wrote has no line of theirs."""
    for slug in (ORG, OTHER, ""):
        for entry in pages.log(slug):
            assert "\n" not in json.dumps(entry, ensure_ascii=False)
    written = capfd.readouterr()
    for line in (written.out + written.err).splitlines():
        assert not line.startswith(("<x-evil", "{{7*7}}")), line
