"""The provider's console as its administrator uses it: every page, every refusal at its field, and nobody else inside."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from privyseal.actions.contact.propose_contact import propose_contact
from privyseal.actions.house import About, perform
from privyseal.actions.house import record as record_entry
from privyseal.actions.lost_card.report_lost_card import report_lost_card
from privyseal.actions.organization.add_policy import add_policy
from privyseal.actions.organization.place_order import place_order
from privyseal.actions.organization.submit_application import submit_application
from privyseal.model.access_review import REVIEW_TIME, AccessReview, quarter_of
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.administrator import Role
from privyseal.model.application import ContactKind
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.change import ChangeKind
from privyseal.model.identifiers import AccessReviewId, LostCardId
from privyseal.model.policy import Lint
from privyseal.model.policy_draft import EVERYBODY, PolicyDraft
from privyseal.model.price import price_content
from privyseal.model.profile import KeyAlgorithm
from privyseal.model.unit import UnitTier
from privyseal.model.vetting import VettingItem
from privyseal.pages.provider_console import SITE
from privyseal.reception.site import Method
from privyseal.store import (
    access_reviews,
    administrators,
    changes,
    contact_changes,
    lost_cards,
    organizations,
    outbox,
    policies,
    vettings,
)
from privyseal_wire.export import verify_export
from tests.actions.organization.test_application import FORM
from tests.pages.browsing import ORG, Answer, Browser, PagesRig, require_refused
from tests.pages.portal.portal_rig import Document
from tests.pages.test_access import address
from tests.rigs.changes import propose, proposed
from tests.rigs.crowds import copy_people
from tests.rigs.hostile_texts import INJECTIONS, SHORT, TYPED
from tests.rigs.service import OPERATOR, AdministratorRig
from tests.rigs.vetting import EVIDENCE

ONE = f"/provider/organizations/{ORG}"
NEW = {
    "name": "Acme Widgets, Inc.",
    "slug": "acme",
    "country": "US",
    "state_or_province": "Kentucky",
    "locality": "Fort Thomas",
    "contact_email": "contact@acme.test",
}
ORDER = {"quantity": "25", "tier": "premium", "purchase_order": "PO 4711"}
POLICY = {
    "name": "tls-server",
    "unit_tier": "standard",
    "key_algorithms": "p256",
    "lifetimes_days": "90, 200",
    "approvals": "1",
    "lint": "each",
    "max_endpoints": "20",
    "open_enrollment": "yes",
}
sqlite = pytest.mark.parametrize("service", ["sqlite"], indirect=True)


@pytest.fixture
def desk(pages: PagesRig, vera: AdministratorRig) -> Browser:
    """Vera's browser."""
    return pages.signed_in(vera)


def text_of(answer: Answer) -> str:
    """What a reader sees."""
    assert answer.status_code == 200, answer.text
    return Document(answer.text).text


def enter(desk: Browser, **changes: str) -> Answer:
    return desk.post("/provider/organizations/new", NEW | changes)


FINDING = {"finding": "met", "source": "Register of companies", "seen_on": "", "note": "Excerpt 4711"}


def record(desk: Browser, path: str, **changes: str) -> Answer:
    """A finding with the file that shows it."""
    day = datetime.now(UTC).date().isoformat()
    return desk.post(path, FINDING | {"seen_on": day, "telephone": "+1 859 555 0100"} | changes, ("file", EVIDENCE))


def lost_card(pages: PagesRig) -> str:
    """The report of a lost card of Fox Mulder, confirmed by the corporate contact, if there is such a person."""
    about, somewhere = About("report-lost-card", ORG, "administrator", "unknown"), f"{len(pages.log()):032x}"
    perform(pages.service.house, Actor(ActorKind.REQUESTER, "anonymous", source=somewhere), about, report_lost_card, ORG, "Fox Mulder")
    with pages.service.house.database.write(pages.service.clock()) as tx:
        lost_id = next(iter(tx.execute(sa.select(lost_cards.lost_cards.c.id)).scalars()), "lost-none")
        lost_cards.confirm(tx, LostCardId(lost_id))
    return lost_id


def parts_of(pages: PagesRig) -> dict[str, str]:
    """What stands in the addresses of pages of the console."""
    with pages.service.house.database.read(pages.service.clock()) as tx:
        vetting = vettings.require_numbered(tx, organizations.require(tx, ORG).id, 1)
        sha256 = vettings.files_of(tx, vetting.id)[0].sha256
        domain = organizations.domains_of(tx, organizations.require(tx, ORG).id)[0]
    about, stranger = About("submit-application", "", "application", "new"), Actor(ActorKind.REQUESTER, "anonymous")
    email = f"helen{len(pages.log())}@hoffman-brandt.test"
    application = perform(pages.service.house, stranger, about, submit_application, FORM | {"corporate_email": email})
    return {
        "lost_id": lost_card(pages),
        "slug": ORG,
        "item": "address",
        "number": "1",
        "sha256": sha256,
        "name": domain.name,
        "application": application.id,
        "validation": domain.validation_id or "",
        "authority": "issuing",
        "change": waiting_price(pages),
        "administrator": provider_person(pages),
        "review": provider_review(pages),
        "contact_change": waiting_contact(pages),
    }


def provider_person(pages: PagesRig) -> str:
    """The id of somebody of the provider."""
    with pages.service.house.database.read(pages.service.clock()) as tx:
        return administrators.of_organization(tx, None)[0].id


def provider_review(pages: PagesRig) -> str:
    """The id of an access review of the provider's people; one of a quarter is made once."""
    with pages.service.house.database.write(pages.service.clock()) as tx:
        review_id = AccessReviewId(f"rev-{1:032x}")
        due = tx.now + REVIEW_TIME
        if access_reviews.get(tx, None, review_id) is None:
            review = AccessReview(review_id, None, quarter_of(tx.now), made_at=tx.now, due_at=due, closed_at=None)
            assert access_reviews.insert(tx, review, [])
    return review_id


def waiting_contact(pages: PagesRig) -> str:
    """The id of a change of a contact that waits for answers."""
    with pages.service.house.database.read(pages.service.clock()) as tx:
        waiting = contact_changes.open_of(tx, organizations.require(tx, ORG).id)
    if waiting:
        return waiting[0].id
    vetter = pages.service.administrator("", f"Val Vetter {len(pages.log())}", Role.PROVIDER_VETTER)
    about = About("propose-contact", ORG, "contact-change", "new")
    named = (ORG, ContactKind.BILLING, "Dana Scully", f"dana@{ORG}.test")
    return perform(pages.service.house, vetter.actor, about, propose_contact, *named).id


def waiting_price(pages: PagesRig) -> str:
    """The id of a change of a price that waits for a second signature."""
    with pages.service.house.database.read(pages.service.clock()) as tx:
        waiting = changes.page(tx, None, only_open=True)
    if waiting:
        return waiting[0].id
    names = ("Sally Seller", "Sam Seller")
    first, _ = (pages.service.administrator("", name, Role.PROVIDER_OPERATOR) for name in names)
    change = proposed(ChangeKind.PRICE, "premium", 0, 2, price_content(UnitTier.PREMIUM, 1, 900, "CHF"))
    return propose(pages.service, change, first).change.id


# ------------------------------------------------------------------------------------------------------------- the way


def test_an_organization_is_entered_vetted_and_handed_over(pages: PagesRig, desk: Browser) -> None:
    place = enter(desk).headers["location"]
    assert place == "/provider/organizations/acme"
    assert "waits for its vetting" in text_of(desk.get(place))
    assert desk.post(f"{place}/vetting/begin").headers["location"] == f"{place}/vetting"
    assert "no validated domain" in Document(desk.post(f"{place}/vetting/submission").text).text
    assert desk.post(f"{place}/domains", {"domain": "Acme.Test"}).headers["location"] == f"{place}#domains"
    assert "_privyseal-challenge" in desk.get(place).text or "acme.test" in desk.get(place).text
    pages.service.validate("acme", "acme.test")
    for item in VettingItem:
        assert record(desk, f"{place}/vetting/items/{item.value}").headers["location"] == f"{place}/vetting#{item.value}"
    assert desk.post(f"{place}/vetting/submission").headers["location"] == f"{place}/vetting"
    assert "You took part" in text_of(desk.get(f"{place}/vetting"))
    assert "Somebody else concludes it" in Document(desk.post(f"{place}/vetting/conclusion").text).text
    second = pages.signed_in(pages.service.administrator("", "Sam Second", Role.PROVIDER_ADMINISTRATOR))
    assert second.post(f"{place}/vetting/conclusion").headers["location"] == f"{place}?done=vetting"
    assert "Register of companies" in text_of(second.get(f"{place}/vetting"))
    assert desk.post(f"{place}/order", ORDER).headers["location"] == f"{place}?done=order#units"
    checked = desk.post(f"{place}/policy", POLICY).headers["location"]
    assert checked.startswith(f"{place}/policy/check?")
    fields = Document(desk.get(checked).text).fields
    assert desk.post(f"{place}/policy/check", fields).headers["location"] == f"{place}?done=policy#policies"
    invited = desk.post(f"{place}/administrator", {"name": "Ada Acme", "email": "ada@acme.test"})
    assert invited.headers["location"] == f"{place}?done=invitation#people"
    assert "The invitation is on its way" in text_of(desk.get(f"{place}?done=invitation"))
    shown = text_of(desk.get(place))
    for word in ("Active", "25", "tls-server", "90, 200 days", "Ada Acme", "Security administrator (invited)"):
        assert word in shown, word
    assert "PO 4711" in text_of(desk.get("/provider/orders"))
    done = [entry["action"] for entry in pages.log("acme") if entry["outcome"] == "done"]
    assert {"create-organization", "conclude-vetting", "place-order", "add-policy", "invite-administrator", "add-domain"} <= set(done)


def test_every_page_opens(pages: PagesRig, desk: Browser, mulder: AdministratorRig) -> None:
    assert mulder.organization == ORG
    pages.service.integrate(anchor=True)
    for page in SITE.pages:
        if page.method is Method.GET:
            answer = desk.get(page.path.format(**parts_of(pages)))
            if page.path.endswith(("rejection", "resumption", "closure")):
                assert answer.status_code == 409, page.path
                continue
            if page.path.endswith("/sign"):
                assert answer.status_code == 303, "without answers it leads to the questions"
                continue
            assert answer.status_code == 200, page.path
            assert "PRIVATE KEY" not in answer.text
            if answer.headers["content-type"].startswith("text/html"):
                assert Document(answer.text).tags.count("nav") >= 1, page.path
    home = text_of(desk.get("/provider/"))
    assert "The issuer answers and may sign." in home
    pages.issuer.is_away = True
    assert "The issuer does not answer" in text_of(desk.get("/provider/"))
    pages.service.clock.advance(timedelta(minutes=4))
    assert "the audit log" in text_of(desk.get("/provider/")).lower()


def test_lists_go_on_and_filter(pages: PagesRig, desk: Browser) -> None:
    for number in range(53):
        enter(desk, slug=f"acme-{number:02}", name=f"Acme {number} Inc")
    first = desk.get("/provider/organizations")
    assert first.text.count("data-row") == 50
    older = next(link for link in Document(first.text).links if "after=" in link)
    second = desk.get(older)
    assert second.text.count("data-row") == 5
    assert "Back to the newest" in second.text
    assert desk.get("/provider/organizations", state="applied").text.count("data-row") == 50
    assert desk.get("/provider/organizations", state="active").text.count("data-row") == 2
    for number in range(51):
        about = About("place-order", ORG, "order", "new")
        perform(pages.service.house, OPERATOR, about, place_order, ORG, UnitTier.STANDARD, number + 1, f"PO {number}")
    orders = desk.get("/provider/orders")
    assert orders.text.count("data-row") == 50
    assert desk.get(next(link for link in Document(orders.text).links if "after=" in link)).text.count("data-row") == 3


def test_many_people_of_an_organization_are_shown_page_by_page(pages: PagesRig, desk: Browser, mulder: AdministratorRig) -> None:
    copy_people(pages.service, mulder, range(10, 62))
    first = desk.get(ONE)
    assert [first.text.count(f"Person {number},") for number in (10, 40, 61)] == [1, 1, 0]
    (way,) = {link for link in Document(first.text).links if "people=" in link}
    second = desk.get(way)
    assert [second.text.count(f"Person {number},") for number in (10, 61)] == [0, 1]
    assert "Back to the beginning" in second.text
    assert desk.get(ONE, people="x").status_code == 200


WRONG = ("x", "-1", "0", "1e9", "\u0663", "\u00b2", "' OR 1=1--", "9" * 300, "%00", "../..", "<script>")


@sqlite
def test_any_value_in_an_address_is_a_page(desk: Browser) -> None:
    for wrong in WRONG:
        for path, name in (
            ("/provider/organizations", "after"),
            ("/provider/organizations", "state"),
            ("/provider/orders", "after"),
            ("/provider/log", "before"),
        ):
            answer = desk.get(path, **{name: wrong})
            assert answer.status_code == 200, (path, name)
            assert "<script>" not in answer.text
        for path in (
            f"/provider/organizations/{wrong.replace('/', '%2f')}",
            f"/provider/organizations/{wrong.replace('/', '%2f')}/vetting",
        ):
            assert desk.get(path).status_code == 404, path
        assert desk.post(f"{ONE}/domains/{wrong.replace('/', '%2f')}/validation", {"method": "dns-txt"}).status_code in {404, 422}


def test_values_that_the_server_of_the_database_refuses(desk: Browser) -> None:
    for path, name in (("/provider/organizations", "after"), ("/provider/orders", "after")):
        assert desk.get(path, **{name: "a\0b"}).status_code in {200, 400}
    assert desk.get("/provider/organizations/a%00b").status_code in {400, 404}


# ---------------------------------------------------------------------------------------------------------- refusals


REFUSED: tuple[tuple[str, Mapping[str, str], str, str], ...] = (
    *(
        ("/provider/organizations/new", NEW, field, value)
        for field, value in (
            ("slug", "Upper"),
            ("slug", "provider"),
            ("slug", "a" * 41),
            ("slug", ORG),
            ("slug", ""),
            ("name", ""),
            ("name", "Test"),
            ("name", "N/A"),
            ("name", "A" * 65),
            ("country", "UK"),
            ("country", "USA"),
            ("country", ""),
            ("state_or_province", "KY"),
            ("state_or_province", "Some-State"),
            ("locality", "Default City"),
            ("locality", "L" * 129),
            ("contact_email", "nobody"),
            ("contact_email", ""),
            ("contact_email", "a@b.test, c@d.test"),
            ("contact_email", "a@localhost"),
        )
    ),
    *((f"{ONE}/order", ORDER, "quantity", value) for value in ("", "x", "-5", "1.5", "\u0665", "0", "9" * 9, "1" * 300)),
    (f"{ONE}/order", ORDER, "purchase_order", "P" * 65),
    *((f"{ONE}/policy", POLICY, field, "x") for field in ("lifetimes_days", "approvals", "max_endpoints")),
    (f"{ONE}/policy", POLICY, "name", ""),
    *((f"{ONE}/suspension", {"reason": "As asked"}, "reason", value) for value in ("", "R" * 1001)),
    (f"{ONE}/administrator", {"name": "Ada", "email": "ada@acme.test"}, "name", ""),
    (f"{ONE}/administrator", {"name": "Ada", "email": "ada@acme.test"}, "name", "N" * 65),
    (f"{ONE}/administrator", {"name": "Ada", "email": "ada@acme.test"}, "email", "x"),
)


@sqlite
def test_a_refusal_stands_at_its_field_and_everything_typed_stays(desk: Browser, pages: PagesRig) -> None:
    for path, good, field, value in REFUSED:
        sent = dict(good) | {field: value}
        before = len(pages.log(ORG)) + len(pages.log())
        page = require_refused(desk.post(path, sent), 422, field)
        assert {name: page.fields.get(name) for name in sent} == sent
        assert len(pages.log(ORG)) + len(pages.log()) > before, (field, value)
    with pages.service.house.database.read(pages.service.clock()) as tx:
        assert organizations.by_slug(tx, "acme") is None


@sqlite
def test_policies_that_make_no_sense_are_refused_as_a_whole(desk: Browser) -> None:
    for changed in (
        {"lifetimes_days": ""},
        {"lifetimes_days": "9999"},
        {"approvals": "0"},
        {"approvals": "9"},
        {"max_endpoints": "0"},
        {"key_algorithms": "rot13"},
    ):
        page = require_refused(desk.post(f"{ONE}/policy", POLICY | changed), 422, "", "cannot be used")
        assert page.fields["name"] == "tls-server"


def test_a_new_version_changes_nothing_but_what_was_changed(desk: Browser, pages: PagesRig) -> None:
    draft = PolicyDraft(
        unit_tier=UnitTier.PREMIUM,
        key_algorithms=(KeyAlgorithm.P256, KeyAlgorithm.ED25519),
        lifetimes_days=(30, 60),
        lint=Lint.TEMPLATE,
        max_endpoints=3,
        requesters=EVERYBODY,
    )
    before = perform(pages.service.house, OPERATOR, About("add-policy", ORG, "policy", "new"), add_policy, ORG, draft)
    form = Document(desk.get(f"{ONE}/policy").text)
    sent = [(item.name, item.value) for item in form.controls if item.value is not None and item.name != "approvals"]
    values: dict[str, Any] = {name: [value for key, value in sent if key == name] for name, _ in sent} | {"approvals": "2"}
    place = desk.post(f"{ONE}/policy", values).headers["location"]
    page = desk.get(place)
    assert page.text.count('<mark class="changed">') == 1, Document(page.text).text
    assert "<del>1 person approves each request</del>" in page.text
    assert "2 people approve each request" in Document(page.text).text
    checked: dict[str, Any] = {
        item.name: [other.value for other in Document(page.text).controls if other.name == item.name]
        for item in Document(page.text).controls
    }
    assert desk.post(f"{ONE}/policy/check", checked).status_code == 303
    with pages.service.house.database.read(pages.service.clock()) as tx:
        after = policies.newest(tx, before.organization_id, before.name)
    assert after is not None
    assert after == dataclasses.replace(before, version=after.version, approvals=2, sha256=after.sha256, created_at=after.created_at)
    again = desk.post(f"{ONE}/policy/check", checked)
    require_refused(again, 409, "", "another version meanwhile")
    assert "Nothing differs from the version before" in again.text


@sqlite
def test_domains_are_refused_in_words(desk: Browser) -> None:
    for name in ("", "com", "*.acme.test", "http://acme.test/", "127.0.0.1", "a b", "my_host.test", "a" * 254, "x@y.test"):
        page = require_refused(desk.post(f"{ONE}/domains", {"domain": name}), 422, "domain")
        assert page.fields["domain"] == name
    assert desk.post(f"{ONE}/domains/nobody.test/validation", {"method": "dns-txt"}).status_code == 404
    answer = desk.post(f"{ONE}/domains/resource-marketing.test/validation", {"method": "dns-txt"})
    require_refused(answer, answer.status_code, "domains")
    assert answer.status_code in {422, 503}


def test_the_provider_invites_the_first_administrator_alone(desk: Browser, pages: PagesRig, mulder: AdministratorRig) -> None:
    answer = desk.post(f"{ONE}/administrator", {"name": "Cancer Man", "email": "cgb@resource-marketing.test"})
    assert answer.status_code == 403
    assert pages.last(ORG) == ("invite-administrator", "refused", "organization-decides")
    assert "Cancer Man" not in desk.get(ONE).text


# ------------------------------------------------------------------------------------------------------ heavy decisions


def test_what_is_heavy_asks_for_the_credential_again(pages: PagesRig, desk: Browser, vera: AdministratorRig) -> None:
    heavy = [page for page in SITE.pages if page.step_up]
    assert len(heavy) >= 8
    pages.service.clock.advance(timedelta(minutes=6))
    pages.service.integrate()
    for page in heavy:
        path = page.path.replace("{slug}", ORG)
        if page.method is Method.GET:
            place = desk.get(path).headers["location"]
            assert place.startswith("/provider/step-up?next=")
        else:
            answer = desk.post(path, {"name": "x"})
            assert (answer.status_code, "Show your credential again" in answer.text) == (403, True)
    light = [page for page in SITE.pages if not page.step_up and page.method is Method.GET]
    for page in light:
        answer = desk.get(page.path.format(**parts_of(pages)))
        leads_on = page.path.endswith("/sign") and "/step-up" not in answer.headers.get("location", "/step-up")
        assert answer.status_code in {200, 404} or leads_on, page.path
    assert desk.step_up(vera, f"{ONE}/order").headers["location"] == f"{ONE}/order"
    assert desk.get(f"{ONE}/order").status_code == 200
    assert desk.post(f"{ONE}/order", ORDER).status_code == 303


def test_nobody_else_is_signed_in_here(pages: PagesRig, vera: AdministratorRig, mulder: AdministratorRig) -> None:
    outsider, provider = pages.signed_in(mulder), pages.signed_in(vera)
    for page in SITE.pages:
        for browser in (outsider, pages.browser()):
            path = address(page).replace("/x", f"/{ORG}", 1)
            answer = browser.get(path) if page.method is Method.GET else browser.post(path, {"name": "x"})
            if page.method is Method.GET:
                assert answer.headers["location"].startswith("/provider/sign-in?next="), path
            else:
                assert answer.status_code == 401, path
            assert "Vera" not in answer.text
    moved = Browser(pages, {"__Host-privyseal-provider": outsider.cookies[f"__Host-privyseal-o-{ORG}"]})
    assert moved.get("/provider/").status_code == 303
    assert provider.get(f"/o/{ORG}/console/").headers["location"].startswith(f"/o/{ORG}/sign-in")


# ----------------------------------------------------------------------------------------------------- letters, the log


def test_failed_letters_are_shown_and_tried_again(pages: PagesRig, desk: Browser) -> None:
    now = pages.service.clock()
    with pages.service.house.database.write(now) as tx:
        outbox.insert(
            tx, [(f"fact-{number}", "certificate-issued", "notices.issued", {"code": "secret-of-a-letter"}) for number in range(3)]
        )
        outbox.mark_dispatched(tx, [f"fact-{number}" for number in range(3)])
        for number, reason in enumerate(("<script>alert(1)</script>", "550 \u202enobody", "x" * 600)):
            outbox.note_failure(tx, f"fact-{number}", reason)
    page = desk.get("/provider/undelivered")
    assert "<script>alert(1)</script>" in Document(page.text).text
    assert "<script>alert" not in page.text
    assert "secret-of-a-letter" not in page.text
    assert "3 letters failed" in text_of(desk.get("/provider/"))
    assert desk.post("/provider/undelivered", {"row": "fact-1"}).headers["location"] == "/provider/undelivered"
    assert pages.last() == ("retry-deliveries", "done", "1 queued")
    assert desk.post("/provider/undelivered").status_code == 303
    assert pages.last() == ("retry-deliveries", "done", "3 queued")
    for row in ("nothing", "\0", "' OR 1=1--", "x" * 5000):
        assert desk.post("/provider/undelivered", {"row": row}).status_code in {303, 400}


def test_the_log_is_shown_exported_and_verifies(pages: PagesRig, desk: Browser) -> None:
    count = 1100
    with pages.service.house.database.write(pages.service.clock()) as tx:
        for number in range(count):
            record_entry(pages.service.house, tx, OPERATOR, "", AuditEvent("open-page", Outcome.DONE, "call", f"x-{number}"))
    pages.service.integrate()
    page = desk.get("/provider/log")
    assert page.text.count("data-row") == 50
    older = desk.get(next(link for link in Document(page.text).links if "before=" in link))
    assert older.text.count("data-row") == 50
    lines = desk.get("/provider/log/export").text.splitlines()
    assert len(lines) > count, "all of them, however many there are"
    assert [json.loads(line)["index"] for line in lines] == list(range(len(lines)))
    checkpoint = desk.get("/provider/log/checkpoint").text
    verify_export(lines, checkpoint, pages.service.log_key.vkey("provider"))


# ----------------------------------------------------------------------------------------------------------- injections


def _fields() -> list[tuple[str, dict[str, str], str]]:
    return [
        *(("/provider/organizations/new", NEW, name) for name in NEW),
        *((f"{ONE}/order", ORDER, name) for name in ORDER),
        *((f"{ONE}/policy", POLICY, name) for name in POLICY),
        *((f"{ONE}/vetting/items/address", FINDING | {"seen_on": datetime.now(UTC).date().isoformat()}, name) for name in FINDING),
        (f"{ONE}/domains", {"domain": "x"}, "domain"),
        *((f"{ONE}/administrator", {"name": "Ada", "email": "ada@acme.test"}, name) for name in ("name", "email")),
    ]


def looked_at(answer: Any) -> None:  # noqa: ANN401 - the client's own
    """Nothing that was typed became an element, an attribute or a calculation."""
    page = Document(answer.text)
    assert "<script>alert" not in answer.text
    assert not {"img", "marquee"} & set(page.tags)
    assert not [value for name, value in page.attributes if name in {"href", "src", "action"} and "alert(1)" in value]
    assert "root:x:" not in answer.text


@sqlite
def test_payloads_in_every_field_are_text_on_every_page(pages: PagesRig, desk: Browser) -> None:
    desk.post(f"{ONE}/vetting/begin")
    for path, good, field in _fields():
        for name, payload in SHORT.items():
            answer = desk.post(
                path,
                good
                | {field: payload, **({"slug": f"s-{abs(hash((field, name))) % 10**9}"} if field != "slug" and "slug" in good else {})},
            )
            assert answer.status_code in {303, 400, 403, 422}, (path, field, name)
            if answer.status_code != 303:
                looked_at(answer)
            if answer.status_code == 422:
                assert (
                    field not in Document(answer.text).fields
                    or field in {"tier", "unit_tier", "lint", "key_algorithms", "open_enrollment"}
                    or (Document(answer.text).fields[field].split() == payload.split())
                ), (path, field, name)
    assert desk.post("/provider/organizations/new", NEW | {"name": INJECTIONS["long"]}).status_code == 413, "larger than a form"
    pages.service.integrate()
    for page in SITE.pages:
        if page.method is Method.GET:
            answer = desk.get(page.path.format(**parts_of(pages)))
            if answer.headers.get("content-type", "").startswith("text/html"):
                looked_at(answer)
    with pages.service.house.database.read(pages.service.clock()) as tx:
        entered = organizations.page(tx, limit=200)
    assert {" ".join(payload.split()) for payload in TYPED.values()} & {item.name for item in entered}
    for item in entered:
        looked_at(desk.get(f"/provider/organizations/{item.slug}"))
        looked_at(desk.get(f"/provider/organizations/{item.slug}/vetting"))
        looked_at(pages.browser().get(f"/o/{item.slug}/sign-in"))
