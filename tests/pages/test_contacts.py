"""Another contact at the pages: proposed by an administrator or the provider, answered behind the letters, called back."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from privyseal.features.notices import LISTENS
from privyseal.model.administrator import Role
from privyseal.model.contact_change import ContactChange, ContactChangeEnd
from privyseal.model.fact import FactKind
from privyseal.store import contact_changes, organizations, outbox
from tests.pages.browsing import ORG, OTHER, Answer, Browser, PagesRig, require_refused
from tests.pages.portal.portal_rig import Document
from tests.rigs.hostile_texts import TYPED
from tests.rigs.service import AdministratorRig

CONSOLE, PROVIDER = f"/o/{ORG}/console/contacts", f"/provider/organizations/{ORG}/contacts"
NEW = {"kind": "corporate", "name": "Dana Scully", "email": f"dana@{ORG}.test"}
CALL = {"telephone": "+1 859 555 0100", "note": "Reached Ann at the number of the vetting."}


@pytest.fixture
def desk(pages: PagesRig, mulder: AdministratorRig) -> Browser:
    """Mulder's browser; letters are announced."""
    pages.service.listeners.update(LISTENS)
    return pages.signed_in(mulder)


def changes_of(pages: PagesRig) -> list[ContactChange]:
    """The newest first."""
    with pages.service.house.database.read(pages.service.clock()) as tx:
        return contact_changes.of_organization(tx, organizations.require(tx, ORG).id)


def contact(pages: PagesRig) -> str:
    with pages.service.house.database.read(pages.service.clock()) as tx:
        return organizations.require(tx, ORG).contact_email


def codes(pages: PagesRig, change: ContactChange) -> dict[str, str]:
    """Side -> code of its letter."""
    with pages.service.house.database.read(pages.service.clock()) as tx:
        rows = tx.execute(sa.select(outbox.outbox.c.payload).where(outbox.outbox.c.fact == FactKind.CONTACT_ASKED.value))
        return {row.payload["side"]: row.payload["code"] for row in rows if row.payload["contact_change"] == change.id}


def propose(pages: PagesRig, desk: Browser, place: str = CONSOLE, **changed: str) -> ContactChange:
    answer = desk.post(f"{place}/new", NEW | changed)
    assert answer.status_code == 303, Document(answer.text).problems
    assert answer.headers["location"] == f"{place}?sent=1"
    return changes_of(pages)[0]


def behind_the_letter(pages: PagesRig, change: ContactChange, code: str, said: str = "yes") -> Answer:
    """Whoever got the letter opens its link and presses a button; nobody is signed in."""
    stranger, place = pages.browser(), f"/o/{ORG}/contacts/{change.id}"
    shown = stranger.get(place, code=code)
    assert shown.status_code == 200
    assert f'value="{code}"' in shown.text
    return stranger.post(place, {"code": code, "answer": said})


def words(answer: Answer) -> str:
    assert answer.status_code == 200, answer.text
    return Document(answer.text).text


def test_a_contact_changes_with_two_letters(pages: PagesRig, desk: Browser) -> None:
    assert f"{CONSOLE}" in desk.get(f"/o/{ORG}/console/settings").text
    assert "No contact was changed since the account began." in words(desk.get(CONSOLE))
    change = propose(pages, desk)
    shown = words(desk.get(f"{CONSOLE}?sent=1"))
    for told in ("Both addresses are asked", "Waits for answers", "Fox Mulder", NEW["email"], contact(pages)):
        assert told in shown, told
    sent = codes(pages, change)
    assert not any(code in desk.get(CONSOLE).text for code in sent.values())
    answer = behind_the_letter(pages, change, sent["asked"])
    assert answer.headers["location"].endswith(f"{change.id}?done=yes")
    assert "Your yes is noted" in words(pages.browser().get(answer.headers["location"]))
    assert behind_the_letter(pages, change, sent["asked"].upper().lower()).headers["location"].endswith("?done=yes"), "twice is once"
    assert contact(pages) != NEW["email"]
    answer = behind_the_letter(pages, change, sent["new"])
    assert answer.headers["location"].endswith("?done=applied")
    assert "The contact is changed" in words(pages.browser().get(answer.headers["location"]))
    assert contact(pages) == NEW["email"]
    shown = words(desk.get(CONSOLE))
    assert "Made" in shown
    assert "Dana Scully" in shown


def test_opening_the_link_changes_nothing_and_tells_nothing(pages: PagesRig, desk: Browser) -> None:
    change = propose(pages, desk)
    stranger = pages.browser()
    for code in (*codes(pages, change).values(), "a" * 52, "<script>"):
        shown = stranger.get(f"/o/{ORG}/contacts/{change.id}", code=code)
        assert "Dana Scully" not in shown.text
        assert NEW["email"] not in shown.text
    unknown = stranger.get(f"/o/{ORG}/contacts/cch-{'0' * 32}", code="a" * 52)
    assert unknown.text == stranger.get(f"/o/{ORG}/contacts/{change.id}", code="a" * 52).text.replace(change.id, f"cch-{'0' * 32}")
    assert changes_of(pages)[0] == change


def test_what_is_no_answer_is_refused(pages: PagesRig, desk: Browser) -> None:
    change = propose(pages, desk)
    code, place = codes(pages, change)["new"], f"/o/{ORG}/contacts/{change.id}"
    for number, (sent, said) in enumerate(((code[:-1], "yes"), ("", "no"), ("<b>{{7*7}}", "yes"), (code, "perhaps"), (code, ""))):
        answer = pages.browser().post(place, {"code": sent, "answer": said})
        require_refused(answer, 422, "code")
        assert changes_of(pages)[0] == change, number
    for other in (f"/o/{OTHER}/contacts/{change.id}", f"/o/{ORG}/contacts/cch-{'0' * 32}"):
        require_refused(pages.browser().post(other, {"code": code, "answer": "yes"}), 422, "code", "fits no open change")
    for wrong in ("x", "cch-1", "%00", "cch-" + "A" * 32):
        assert pages.browser().post(f"/o/{ORG}/contacts/{wrong}", {"code": code, "answer": "yes"}).status_code in {400, 404}
        assert pages.browser().get(f"/o/{ORG}/contacts/{wrong}").status_code in {400, 404}
    assert behind_the_letter(pages, change, code, "no").headers["location"].endswith("?done=no")
    require_refused(pages.browser().post(place, {"code": code, "answer": "yes"}), 409, "code", "has ended")
    assert changes_of(pages)[0].end is ContactChangeEnd.REFUSED
    assert "Refused" in words(desk.get(CONSOLE))


def test_guessing_ends_with_a_pause(pages: PagesRig, desk: Browser) -> None:
    change = propose(pages, desk)
    place = f"/o/{ORG}/contacts/{change.id}"
    for letter in "bcdefghijk":
        require_refused(pages.browser().post(place, {"code": "a" * 51 + letter, "answer": "yes"}), 422, "code")
    answer = pages.browser().post(place, {"code": codes(pages, change)["new"], "answer": "yes"})
    require_refused(answer, 429, "code", "ten times")
    assert int(answer.headers["Retry-After"]) > 60


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"kind": "chief"}, "kind"),
        ({"kind": ""}, "kind"),
        ({"name": " "}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"email": "dana"}, "email"),
        ({"email": "a@b.test, c@d.test"}, "email"),
        ({"email": f"contact@{ORG}.test", "name": "Dana Scully"}, ""),
    ],
)
def test_what_cannot_be_a_contact_is_refused_at_its_field(pages: PagesRig, desk: Browser, changed: dict[str, str], field: str) -> None:
    answer = desk.post(f"{CONSOLE}/new", NEW | changed)
    if not field:
        assert answer.status_code == 303, "another name of the same address is a change too"
        return
    page = require_refused(answer, 422, field)
    assert page.problems
    assert changes_of(pages) == []


def test_a_second_one_waits_and_withdrawing_makes_room(pages: PagesRig, desk: Browser) -> None:
    first = propose(pages, desk)
    require_refused(desk.post(f"{CONSOLE}/new", NEW | {"email": f"other@{ORG}.test"}), 409, "", "Withdraw it first")
    assert "Withdraw" in words(desk.get(CONSOLE))
    assert desk.post(f"{CONSOLE}/{first.id}/withdrawal").headers["location"] == CONSOLE
    require_refused(desk.post(f"{CONSOLE}/{first.id}/withdrawal"), 409, "", "has ended")
    assert desk.post(f"{CONSOLE}/cch-{'0' * 32}/withdrawal").status_code == 404
    propose(pages, desk, email=f"other@{ORG}.test")


def test_readers_look_and_others_see_nothing(pages: PagesRig, desk: Browser, mulder: AdministratorRig, brandt: AdministratorRig) -> None:
    change = propose(pages, desk)
    reader = pages.signed_in(pages.service.administrator(ORG, "Rita Reader", Role.READ_ONLY, by=mulder))
    shown = reader.get(CONSOLE)
    assert f"{CONSOLE}/new" not in shown.text
    assert "withdrawal" not in shown.text
    assert reader.get(f"{CONSOLE}/new").status_code == 403
    assert reader.post(f"{CONSOLE}/{change.id}/withdrawal").status_code == 403
    foreign = pages.signed_in(brandt)
    assert foreign.get(CONSOLE).status_code in {303, 401}
    assert foreign.post(f"/o/{OTHER}/console/contacts/{change.id}/withdrawal").status_code == 404
    assert changes_of(pages)[0].end is None


def test_the_provider_calls_where_the_old_address_does_not_answer(pages: PagesRig, desk: Browser, vera: AdministratorRig) -> None:
    change = propose(pages, desk)
    provider = pages.signed_in(vera)
    assert PROVIDER in provider.get(f"/provider/organizations/{ORG}").text
    shown = provider.get(PROVIDER)
    assert "Fox Mulder" in Document(shown.text).text
    call = f"{PROVIDER}/{change.id}/call"
    assert call in shown.text
    assert "Whoever proposed the change cannot record the call" in words(provider.get(call))
    require_refused(provider.post(call, CALL), 422, "telephone", "3 days")
    pages.service.clock.advance(timedelta(days=3))
    provider = pages.signed_in(vera)
    require_refused(provider.post(call, CALL | {"telephone": "ask me"}), 422, "telephone")
    require_refused(provider.post(call, CALL | {"note": " "}), 422, "note")
    assert provider.post(call, CALL).headers["location"] == PROVIDER
    require_refused(provider.post(call, CALL), 409, "")
    shown = words(provider.get(PROVIDER))
    assert "the provider called the organization instead" in shown
    assert CALL["telephone"] in shown
    inside = words(pages.signed_in(vera).get(PROVIDER))
    assert CALL["note"] in inside
    assert contact(pages) != NEW["email"]
    assert behind_the_letter(pages, change, codes(pages, change)["new"]).headers["location"].endswith("?done=applied")
    assert contact(pages) == NEW["email"]


def test_the_provider_alone_changes_nothing(pages: PagesRig, desk: Browser, vera: AdministratorRig) -> None:
    provider = pages.signed_in(vera)
    change = propose(pages, provider, PROVIDER)
    shown = words(desk.get(CONSOLE))
    assert "the provider" in shown
    assert "Vera Vetter" not in shown, "who at the provider it was is the provider's affair"
    pages.service.clock.advance(timedelta(days=4))
    pages.service.integrate()
    second = pages.signed_in(pages.service.administrator("", "Sam Second", Role.PROVIDER_ADMINISTRATOR))
    call = f"{PROVIDER}/{change.id}/call"
    require_refused(second.post(call, CALL), 403, "", "its call alone does not do")
    require_refused(pages.signed_in(vera).post(call, CALL), 403, "", "Somebody else")
    vetter = pages.signed_in(pages.service.administrator("", "Val Vetter", Role.PROVIDER_VETTER))
    assert call not in vetter.get(PROVIDER).text
    assert vetter.get(call).status_code == 403
    assert provider.get("/provider/organizations/nobody/contacts").status_code in {303, 404}
    assert contact(pages) != NEW["email"]


def test_hostile_names_stay_text(pages: PagesRig, desk: Browser, vera: AdministratorRig) -> None:
    provider = pages.signed_in(vera)
    for number, text in enumerate(TYPED.values()):
        answer = desk.post(f"{CONSOLE}/new", NEW | {"name": text, "email": f"n{number}@{ORG}.test"})
        assert answer.status_code in {303, 422}, text
        if answer.status_code == 303:
            for shown in (desk.get(CONSOLE), provider.get(PROVIDER)):
                assert shown.status_code == 200
                assert "<script>alert" not in shown.text
            desk.post(f"{CONSOLE}/{changes_of(pages)[0].id}/withdrawal")
    assert len(changes_of(pages)) > 5
