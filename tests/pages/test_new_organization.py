"""A new organization on its whole way through the pages, without a script in any browser: from the application to the first certificate."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from privyseal.model.administrator import Role
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import ApplicationId
from privyseal.model.organization import OrganizationState
from privyseal.model.vetting import VettingItem
from privyseal.pages.public.apply import STEPS
from privyseal.store import applications, organizations
from tests.actions.organization.test_application import FORM, payloads
from tests.pages.browsing import Browser, PagesRig, require_refused
from tests.pages.portal.portal_rig import Document
from tests.rigs.hostile_texts import SHORT
from tests.rigs.vetting import EVIDENCE

SLUG, PLACE, DOMAIN = "langly", "/provider/organizations/langly", "langly.test"
LIMIT_SECONDS = 60
"""What the promise says; a test on a busy computer reports its time and does not judge by it."""

sqlite = pytest.mark.parametrize("service", ["sqlite"], indirect=True)


def apply_and_take_up(pages: PagesRig, vera: Browser) -> None:
    """A stranger applies and confirms; the vetter takes it up."""
    service = pages.service
    stranger = pages.browser()
    assert stranger.post("/apply", FORM | {"domains": DOMAIN}).headers["location"] == "/apply/sent"
    letter = payloads(service, FactKind.APPLICATION_RECEIVED)[-1]
    opened = stranger.get(f"/apply/{letter['application']}", code=letter["code"])
    assert Document(opened.text).fields["code"] == letter["code"]
    assert stranger.post(f"/apply/{letter['application']}", {"code": letter["code"]}).headers["location"] == "/apply/confirmed"

    assert FORM["name"] in Document(vera.get("/provider/applications").text).text
    taken = vera.post(f"/provider/applications/{letter['application']}/take-up", {"slug": SLUG})
    assert taken.headers["location"] == PLACE


def read_evidence(olaf: Browser) -> None:
    """Whoever concludes has read the files, which no browser shows as a page."""
    file = next(link for link in Document(olaf.get(f"{PLACE}/vetting").text).links if "/files/" in link)
    served = olaf.get(file)
    assert (served.content, served.headers["x-content-type-options"]) == (EVIDENCE, "nosniff")
    assert served.headers["content-disposition"].startswith("attachment;")


def sell(pat: Browser) -> None:
    """Units and a policy."""
    assert pat.post(f"{PLACE}/order", {"quantity": "5", "tier": "standard", "purchase_order": "PO 1"}).status_code == 303
    policy = {"name": "tls-server", "unit_tier": "standard", "key_algorithms": "p256", "lifetimes_days": "365", "approvals": "1"}
    checked = pat.post(f"{PLACE}/policy", policy | {"lint": "each", "max_endpoints": "20", "open_enrollment": "yes"})
    assert pat.post(f"{PLACE}/policy/check", Document(pat.get(checked.headers["location"]).text).fields).status_code == 303


def test_from_the_application_to_the_first_certificate(pages: PagesRig, record_property: Callable[[str, object], None]) -> None:
    service = pages.service
    service.listeners.update(dict.fromkeys((FactKind.APPLICATION_RECEIVED, FactKind.ADMINISTRATOR_INVITED), ("test",)))
    vera, olaf = (
        pages.signed_in(service.administrator("", name, role))
        for name, role in (("Vera Vetter", Role.PROVIDER_VETTER), ("Olaf Officer", Role.PROVIDER_SECURITY_OFFICER))
    )
    pat = pages.signed_in(service.administrator("", "Pat Provider", Role.PROVIDER_ADMINISTRATOR))
    began = time.monotonic()

    apply_and_take_up(pages, vera)
    service.validate(SLUG, DOMAIN)
    today = datetime.now(UTC).date().isoformat()
    for item in VettingItem:
        found = {"finding": "met", "source": "Handelsregister", "seen_on": today, "telephone": "+49 821 555 0100", "note": ""}
        answer = vera.post(f"{PLACE}/vetting/items/{item.value}", found, ("file", EVIDENCE))
        assert answer.status_code == 303, Document(answer.text).text
    assert vera.post(f"{PLACE}/vetting/conclusion").status_code == 403, "a vetter concludes nothing"
    assert vera.post(f"{PLACE}/vetting/submission").status_code == 303
    assert olaf.post(f"{PLACE}/vetting/conclusion").headers["location"] == f"{PLACE}?done=vetting"

    read_evidence(olaf)
    sell(pat)
    [invited] = payloads(service, FactKind.ADMINISTRATOR_INVITED)[-1:]
    ada = service.enroll_code(invited["code"], SLUG)
    console = pages.signed_in(ada)
    kit = console.get(f"/o/{SLUG}/console/kit")
    assert re.search(r"(?:[0-9A-F]{2}:){31}[0-9A-F]{2}", kit.text)
    assert "Invite a second administrator who can approve." in Document(kit.text).text
    assert console.get(f"/o/{SLUG}/console/kit.zip").headers["content-type"] == "application/zip"
    certificate = service.issue(SLUG, ada, [f"www.{DOMAIN}"])
    seconds = time.monotonic() - began
    assert certificate.common_name == f"www.{DOMAIN}"
    record_property("seconds", round(seconds, 2))
    print(f"from the application to the first certificate: {seconds:.1f} s of {LIMIT_SECONDS} s")


@sqlite
def test_everything_typed_stays_after_a_refusal(pages: PagesRig) -> None:
    stranger = pages.browser()
    for field, wrong in (
        ("country", "UK"),
        ("domains", "com"),
        ("corporate_email", "nobody"),
        ("telephone", "call me"),
        ("slug", "Ä"),
        ("name", ""),
    ):
        stranger.source = f"10.2.0.{len(field)}"
        sent = FORM | {field: wrong, "address": "Domplatz 1"}
        page = require_refused(stranger.post("/apply", sent), 422, field)
        shown = next(step for step in STEPS if field in step.fields).fields
        assert {name: page.fields.get(name) for name in shown} == {name: sent[name] for name in shown}
        assert pages.last()[:2] == ("submit-application", "refused")


def go_on(stranger: Browser, **typed: str) -> Document:
    """Send a step, and open the page that it leads to."""
    answer = stranger.post("/apply", typed)
    assert (answer.status_code, answer.headers.get("location", "").partition("=")[0]) == (303, "/apply?step"), Document(
        answer.text
    ).problems
    return Document(stranger.get(answer.headers["location"]).text)


@sqlite
def test_the_application_goes_step_by_step(pages: PagesRig) -> None:
    """Nothing is stored on the way; what was answered waits in the browser, back and forth."""
    service, stranger = pages.service, pages.browser()
    service.listeners[FactKind.APPLICATION_RECEIVED] = ("test",)
    page = Document(stranger.get("/apply", step="people").text)
    assert page.fields["step"] == "organization", "what comes first is asked first"
    for step, following in ((STEPS[0], "wishes"), (STEPS[1], "people"), (STEPS[2], "check")):
        page = go_on(stranger, step=step.name, **{name: FORM[name] for name in step.fields})
        assert page.fields["step"] == following
    assert all(" ".join(text.split()) in page.text for text in FORM.values())
    assert {"/apply?step=organization", "/apply?step=wishes", "/apply?step=people"} <= set(page.links)
    again = Document(stranger.get("/apply", step="organization").text)
    assert {name: again.fields[name] for name in STEPS[0].fields} == {name: FORM[name] for name in STEPS[0].fields}
    assert "Ulm" in go_on(stranger, **(again.fields | {"locality": "Ulm"})).text
    assert payloads(service, FactKind.APPLICATION_RECEIVED) == []
    assert stranger.post("/apply", {"step": "check"}).headers["location"] == "/apply/sent"
    letter = payloads(service, FactKind.APPLICATION_RECEIVED)[-1]
    with service.house.database.read(service.clock()) as tx:
        form = applications.require(tx, ApplicationId(letter["application"])).form
    assert (form.name, form.locality, form.corporate_name) == (FORM["name"], "Ulm", FORM["corporate_name"])
    assert Document(stranger.get("/apply").text).fields["name"] == "", "what was sent waits nowhere any more"


@sqlite
@pytest.mark.parametrize("text", ["", "=", "AAAA", "%%%", "W10", "W1tdXQ", "eyJhIjoxfQ", "WzEsMl0", "WyJcdWQ4MDAiLCJhIl0", "A" * 9_000])
def test_what_no_page_of_ours_has_set_is_no_answer(pages: PagesRig, text: str) -> None:
    """Among them JSON of other forms, half a surrogate pair, and more than a browser keeps."""
    stranger = pages.browser()
    for step in STEPS:
        stranger.cookies[f"__Host-privyseal-apply-{step.name}"] = text
    page = stranger.get("/apply", step="wishes")
    assert (page.status_code, Document(page.text).fields["domains"] if "domains" in page.text else "") == (200, "")
    assert stranger.post("/apply", {"step": "check"}).status_code == 422
    assert stranger.post("/apply", FORM).headers["location"] == "/apply/sent"


@sqlite
def test_more_than_a_browser_keeps_is_told(pages: PagesRig) -> None:
    long = "\n".join(f"{'a' * 60}.{'b' * 60}.{'c' * 60}.{number}.test" for number in range(20))
    page = require_refused(pages.browser().post("/apply", {"step": "wishes", "domains": long, "slug": "long"}), 422, "domains")
    assert page.fields["domains"].split() == long.split()


@sqlite
def test_all_that_is_wrong_in_a_step_is_told_at_once(pages: PagesRig) -> None:
    stranger = pages.browser()
    answer = stranger.post("/apply", FORM | {"step": "organization", "name": "", "country": "UK", "telephone": "call me", "domains": "com"})
    page = Document(answer.text)
    assert answer.status_code == 422
    assert [f'<a href="#{name}">' in answer.text for name in ("name", "country", "telephone")] == [True] * 3
    assert (len(page.problems), page.problems[0], page.fields["telephone"]) == (3, "Legal name is missing.", "call me")
    assert pages.last() == ("submit-application", "refused", "organization-record")
    mended = go_on(stranger, **(page.fields | {name: FORM[name] for name in ("name", "country", "telephone")}))
    assert (mended.problems, mended.fields["step"]) == ([], "wishes"), "nothing is told before it is asked"


@sqlite
@pytest.mark.parametrize("sent", [{"step": "nowhere"}, {"step": "check"}, {}])
def test_a_form_that_no_page_of_ours_sent_is_judged_as_a_whole(pages: PagesRig, sent: dict[str, str]) -> None:
    stranger = pages.browser()
    answer = stranger.post("/apply", sent)
    assert (answer.status_code, len(Document(answer.text).problems)) == (422, 6)
    assert stranger.post("/apply", FORM | sent).headers["location"] == "/apply/sent"


@sqlite
def test_payloads_of_a_stranger_are_text_for_the_provider(pages: PagesRig) -> None:
    service = pages.service
    vera = pages.signed_in(service.administrator("", "Vera Vetter", Role.PROVIDER_VETTER))
    for number, payload in enumerate(SHORT.values()):
        stranger = pages.browser()
        stranger.source = f"10.3.{number}.1"
        typed = dict.fromkeys(("name", "registration_number", "address", "corporate_name", "administrator_name", "locality"), payload)
        answer = stranger.post("/apply", FORM | typed | {"corporate_email": f"c{number}@x{number}.test"})
        assert answer.status_code in {303, 400, 403, 422}, payload
    for page in (vera.get("/provider/applications", state="unconfirmed"), vera.get("/provider/applications")):
        shown = Document(page.text)
        assert "<script>alert" not in page.text
        assert not {"img", "marquee"} & set(shown.tags)
        for link in (link for link in shown.links if "/applications/apl-" in link):
            one = vera.get(link)
            assert one.status_code == 200
            assert "<script>alert" not in one.text
            assert not {"img", "marquee"} & set(Document(one.text).tags)


@sqlite
def test_a_page_of_the_code_changes_nothing_by_itself(pages: PagesRig) -> None:
    service = pages.service
    service.listeners[FactKind.APPLICATION_RECEIVED] = ("test",)
    stranger = pages.browser()
    stranger.post("/apply", FORM)
    letter = payloads(service, FactKind.APPLICATION_RECEIVED)[-1]
    for _ in range(3):
        assert stranger.get(f"/apply/{letter['application']}", code=letter["code"]).status_code == 200
    require_refused(stranger.post(f"/apply/{letter['application']}", {"code": "a" * 52}), 404, "code")
    assert stranger.get("/apply/apl-" + "0" * 32).status_code == 200, "who asks learns nothing of which exist"
    assert stranger.get("/apply/x").status_code == 404
    with service.house.database.read(service.clock()) as tx:
        assert organizations.count_by_state(tx).get(OrganizationState.APPLIED, 0) == 0
