"""Another contact: proposed by one, agreed at two addresses, or after a second person's call; and what one alone cannot do."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from privyseal.actions.administrator.invite_administrator import invite_administrator
from privyseal.actions.contact.answer_contact_change import answer_contact_change
from privyseal.actions.contact.expire_contact_changes import expire_contact_changes
from privyseal.actions.contact.propose_contact import propose_contact
from privyseal.actions.contact.record_call import record_call
from privyseal.actions.contact.withdraw_contact import withdraw_contact
from privyseal.actions.house import About, attempt, perform
from privyseal.model.actor import SYSTEM, Actor, ActorKind
from privyseal.model.administrator import Role
from privyseal.model.application import ContactKind
from privyseal.model.change import ChangeKind
from privyseal.model.contact_change import ContactAnswer, ContactChange, ContactChangeEnd
from privyseal.model.errors import Conflict, NotFound, NotPermitted, PrivysealError, Refused, TooManyRequests
from privyseal.model.fact import FactKind
from privyseal.store import applications, audit, contact_changes, organizations, outbox
from tests.rigs.beginnings import named
from tests.rigs.changes import Proposed
from tests.rigs.changes import answer as answer_change
from tests.rigs.changes import propose as propose_change
from tests.rigs.service import OPERATOR, AdministratorRig, ServiceRig, mail_of

ORG, OTHER = "resource-marketing", "bookstore"
ABOUT = About("propose-contact", ORG, "contact-change", "new")
NEW = "dana@resource-marketing.test"
CALL = ("+1 859 555 0100", "Reached Ann at the number of the vetting.")


@pytest.fixture
def fox(service: ServiceRig) -> AdministratorRig:
    service.listeners[FactKind.CONTACT_ASKED] = ("notices.contact-asked",)
    service.listeners[FactKind.CONTACT_CHANGE_PROPOSED] = ("notices.contact-proposed",)
    service.listeners[FactKind.CONTACT_CHANGE_CLOSED] = ("notices.contact-closed",)
    return named(service, "fox")


@pytest.fixture
def walter(service: ServiceRig, fox: AdministratorRig) -> AdministratorRig:
    return service.administrator("", "Walter Skinner", Role.PROVIDER_ADMINISTRATOR)


@pytest.fixture
def monica(service: ServiceRig, fox: AdministratorRig) -> AdministratorRig:
    return service.administrator("", "Monica Reyes", Role.PROVIDER_ADMINISTRATOR)


def propose(
    service: ServiceRig, by: Actor, kind: ContactKind = ContactKind.CORPORATE, email: str = NEW, name: str = "Dana Scully", slug: str = ORG
) -> ContactChange:
    return perform(service.house, by, ABOUT, propose_contact, slug, kind, name, email)


def code_of(service: ServiceRig, change: ContactChange, side: str) -> str:
    with service.house.database.read(service.clock()) as tx:
        rows = tx.execute(sa.select(outbox.outbox.c.payload).where(outbox.outbox.c.fact == FactKind.CONTACT_ASKED.value))
        return next(str(r.payload["code"]) for r in rows if (r.payload["contact_change"], r.payload["side"]) == (change.id, side))


def answer(
    service: ServiceRig, change: ContactChange, code: str, said: ContactAnswer = "yes", *, slug: str = ORG, source: str = "a"
) -> ContactChange:
    stranger = Actor(ActorKind.REQUESTER, "anonymous", source=source * 32)
    return attempt(service.house, stranger, ABOUT, lambda: answer_contact_change(service.house, stranger, slug, change.id, code, said))


def both_agree(service: ServiceRig, change: ContactChange) -> ContactChange:
    answer(service, change, code_of(service, change, "asked"))
    return answer(service, change, code_of(service, change, "new"))


def call(service: ServiceRig, by: AdministratorRig, change: ContactChange, telephone: str = CALL[0], note: str = CALL[1]) -> ContactChange:
    return perform(service.house, by.actor, ABOUT, record_call, ORG, change.id, telephone, note)


def contact_now(service: ServiceRig) -> str:
    with service.house.database.read(service.clock()) as tx:
        return organizations.require(tx, ORG).contact_email


def logged(service: ServiceRig, action: str) -> list[str]:
    with service.house.database.read(service.clock()) as tx:
        entries = [json.loads(bytes(row.entry)) for row in tx.execute(sa.select(audit.entries.c.entry))]
    assert not any(NEW in json.dumps(entry) for entry in entries), "a log is for ever and holds no address"
    return sorted(entry["log"] for entry in entries if (entry["action"], entry["outcome"]) == (action, "done"))


def told(service: ServiceRig, fact: FactKind) -> int:
    with service.house.database.read(service.clock()) as tx:
        return len(tx.execute(sa.select(outbox.outbox.c.id).where(outbox.outbox.c.fact == fact.value)).all())


def test_both_addresses_agree_and_the_record_has_the_new_one(service: ServiceRig, fox: AdministratorRig) -> None:
    before = contact_now(service)
    change = propose(service, fox.actor)
    assert (change.asked_email, told(service, FactKind.CONTACT_ASKED), told(service, FactKind.CONTACT_CHANGE_PROPOSED)) == (before, 2, 1)
    first = answer(service, change, code_of(service, change, "asked"))
    assert (first.end, contact_now(service)) == (None, before)
    again = answer(service, change, code_of(service, change, "asked"))
    assert (again.end, contact_now(service)) == (None, before), "the same yes twice is one yes"
    assert answer(service, change, code_of(service, change, "new")).end is ContactChangeEnd.APPLIED
    assert contact_now(service) == NEW
    with service.house.database.read(service.clock()) as tx:
        current = applications.current_contacts(tx, organizations.require(tx, ORG))[ContactKind.CORPORATE]
    assert (current.name, current.email, current.by) == ("Dana Scully", NEW, fox.administrator.id)
    for action in ("propose-contact", "apply-contact-change"):
        assert logged(service, action) == [f"o-{ORG}", "provider"]
    assert len(logged(service, "confirm-contact")) == 4
    assert told(service, FactKind.CONTACT_CHANGE_CLOSED) == 1
    # Replayed after the end, a yes is harmless and a no comes too late.
    assert answer(service, change, code_of(service, change, "new")).end is ContactChangeEnd.APPLIED
    with pytest.raises(Conflict):
        answer(service, change, code_of(service, change, "asked"), "no")
    assert (contact_now(service), told(service, FactKind.CONTACT_CHANGE_CLOSED)) == (NEW, 1)


@pytest.mark.parametrize("side", ["asked", "new"])
def test_one_no_ends_it(service: ServiceRig, fox: AdministratorRig, side: str) -> None:
    before, change = contact_now(service), propose(service, fox.actor)
    other = "new" if side == "asked" else "asked"
    answer(service, change, code_of(service, change, other))
    assert answer(service, change, code_of(service, change, side), "no").end is ContactChangeEnd.REFUSED
    for late in ("asked", "new"):
        if late != other:
            with pytest.raises(Conflict):
                answer(service, change, code_of(service, change, late))
    assert (contact_now(service), told(service, FactKind.CONTACT_CHANGE_CLOSED)) == (before, 1)


def test_a_code_counts_for_its_change_and_organization_in_time(service: ServiceRig, fox: AdministratorRig) -> None:
    service.create_organization(OTHER, name="Bookstore Inc.", domains=("bookstore.test",))
    change = propose(service, fox.actor)
    second = propose(service, fox.actor, ContactKind.BILLING, "pay@resource-marketing.test")
    code = code_of(service, change, "new")
    tries = ((change, "a" * 52, ORG), (change, "", ORG), (change, code_of(service, second, "new"), ORG), (change, code, OTHER))
    for number, (which, wrong, slug) in enumerate(tries):
        with pytest.raises(NotFound):
            answer(service, which, wrong, slug=slug, source="0123"[number])
    service.clock.advance(timedelta(days=10))
    with pytest.raises(Conflict):
        answer(service, change, code)
    with service.house.database.write(service.clock()) as tx:
        assert expire_contact_changes(service.house, tx, SYSTEM) == 2
    with service.house.database.write(service.clock()) as tx:
        assert expire_contact_changes(service.house, tx, SYSTEM) == 0
    assert told(service, FactKind.CONTACT_CHANGE_CLOSED) == 2
    assert propose(service, fox.actor).id != change.id


def test_guessing_is_counted_before_the_code_is_compared(service: ServiceRig, fox: AdministratorRig) -> None:
    change = propose(service, fox.actor)
    for number in range(10):
        with pytest.raises(NotFound):
            answer(service, change, f"{'a' * 51}{'bcdefghijk'[number]}", source="0123456789"[number])
    with pytest.raises(TooManyRequests):
        answer(service, change, code_of(service, change, "new"), source="f")
    service.clock.advance(timedelta(hours=2))
    assert answer(service, change, code_of(service, change, "new"), source="f").confirmed_at is not None


def test_only_people_who_may_propose_it(service: ServiceRig, fox: AdministratorRig, walter: AdministratorRig) -> None:
    service.create_organization(OTHER, name="Bookstore Inc.", domains=("bookstore.test",))
    alex = service.administrator(OTHER, "Alex Krycek")
    reader = service.administrator(ORG, "Ann Reader", Role.AUDITOR, by=fox)
    officer = service.administrator("", "Brad Officer", Role.PROVIDER_AUDITOR)
    stranger = Actor(ActorKind.REQUESTER, "anonymous")
    for by in (alex.actor, reader.actor, officer.actor, OPERATOR, stranger):
        with pytest.raises(PrivysealError) as caught:
            propose(service, by)
        assert not isinstance(caught.value, Refused)
    change = propose(service, fox.actor)
    with pytest.raises(Conflict):
        propose(service, walter.actor)
    for by in (alex.actor, reader.actor, officer.actor, stranger):
        with pytest.raises(PrivysealError):
            perform(service.house, by, ABOUT, withdraw_contact, ORG, change.id)
    with pytest.raises(NotFound):
        perform(service.house, alex.actor, ABOUT, withdraw_contact, OTHER, change.id)
    assert perform(service.house, walter.actor, ABOUT, withdraw_contact, ORG, change.id).end is ContactChangeEnd.WITHDRAWN
    with pytest.raises(Conflict):
        perform(service.house, fox.actor, ABOUT, withdraw_contact, ORG, change.id)


@pytest.mark.parametrize(
    ("name", "email"), [("", NEW), ("Dana", "dana"), ("Dana", "a@b.test, c@d.test"), ("D" * 65, NEW), ("Da\r\nBcc: x", NEW), ("Dana", "")]
)
def test_what_is_no_name_or_address_is_refused(service: ServiceRig, fox: AdministratorRig, name: str, email: str) -> None:
    with pytest.raises(Refused):
        propose(service, fox.actor, name=name, email=email)
    assert told(service, FactKind.CONTACT_ASKED) == 0


def test_a_call_of_a_second_person_stands_for_an_address_that_does_not_answer(
    service: ServiceRig, fox: AdministratorRig, walter: AdministratorRig
) -> None:
    change = propose(service, fox.actor)
    vetter = service.administrator("", "Vera Vetter", Role.PROVIDER_VETTER)
    with pytest.raises(NotPermitted):
        call(service, vetter, change)
    with pytest.raises(Refused, match="3 days"):
        call(service, walter, change)
    service.clock.advance(timedelta(days=3))
    for telephone, note in (("", "x"), ("none", "x"), (CALL[0], " "), (CALL[0], "x" * 1001)):
        with pytest.raises(Refused):
            call(service, walter, change, telephone, note)
    called = call(service, walter, change)
    assert (called.end, called.called_by, called.telephone) == (None, walter.administrator.id, CALL[0])
    with pytest.raises(Conflict):
        call(service, walter, change)
    assert contact_now(service) != NEW, "the call is never the yes of the new address"
    assert answer(service, change, code_of(service, change, "new")).end is ContactChangeEnd.APPLIED
    assert contact_now(service) == NEW


def test_the_provider_alone_changes_nothing(
    service: ServiceRig, fox: AdministratorRig, walter: AdministratorRig, monica: AdministratorRig
) -> None:
    change = propose(service, walter.actor)
    service.clock.advance(timedelta(days=4))
    answer(service, change, code_of(service, change, "new"))
    with pytest.raises(NotPermitted, match="Somebody else"):
        call(service, walter, change)
    with pytest.raises(NotPermitted, match="alone"):
        call(service, monica, change)
    assert contact_now(service) != NEW
    assert answer(service, change, code_of(service, change, "asked")).end is ContactChangeEnd.APPLIED


def test_where_nobody_is_left_two_people_of_the_provider_do(service: ServiceRig) -> None:
    service.listeners[FactKind.CONTACT_ASKED] = ("notices.contact-asked",)
    service.create_organization(ORG)
    walter = service.administrator("", "Walter Skinner", Role.PROVIDER_ADMINISTRATOR)
    monica = service.administrator("", "Monica Reyes", Role.PROVIDER_ADMINISTRATOR)
    change = propose(service, walter.actor)
    service.clock.advance(timedelta(days=4))
    answer(service, change, code_of(service, change, "new"))
    with pytest.raises(NotPermitted, match="Somebody else"):
        call(service, walter, change)
    assert call(service, monica, change).end is ContactChangeEnd.APPLIED
    assert contact_now(service) == NEW


def test_nobody_who_recovers_keys_is_the_alert_contact(service: ServiceRig, fox: AdministratorRig) -> None:
    service.administrator(ORG, "Rita Recovery", Role.RECOVERY_APPROVER, by=fox)
    with pytest.raises(Refused, match="recovery role"):
        propose(service, fox.actor, ContactKind.ALERT, mail_of("Rita Recovery", ORG).upper())
    change = propose(service, fox.actor, ContactKind.ALERT)
    assert change.asked_email == contact_now(service), "the corporate contact is asked where there was no such contact"
    assert both_agree(service, change).end is ContactChangeEnd.APPLIED
    with pytest.raises(Refused, match="already"):
        propose(service, fox.actor, ContactKind.ALERT)
    assert contact_now(service) != NEW
    late = propose(service, fox.actor, ContactKind.ALERT, mail_of("Ruth Later", ORG))
    answer(service, late, code_of(service, late, "asked"))
    service.administrator(ORG, "Ruth Later", Role.RECOVERY_REQUESTER, by=fox)
    with pytest.raises(Refused, match="recovery role"):
        answer(service, late, code_of(service, late, "new"))


def test_another_corporate_contact_overtakes_what_the_old_one_was_asked(service: ServiceRig, fox: AdministratorRig) -> None:
    alert = propose(service, fox.actor, ContactKind.ALERT, "alert@resource-marketing.test")
    both_agree(service, propose(service, fox.actor))
    with pytest.raises(Conflict):
        answer(service, alert, code_of(service, alert, "asked"))
    with service.house.database.read(service.clock()) as tx:
        ends = {change.kind: change.end for change in contact_changes.of_organization(tx, organizations.require(tx, ORG).id)}
    assert ends == {ContactKind.ALERT: ContactChangeEnd.OVERTAKEN, ContactKind.CORPORATE: ContactChangeEnd.APPLIED}


def test_two_at_once(service: ServiceRig, fox: AdministratorRig, walter: AdministratorRig) -> None:
    def propose_one(number: int) -> str:
        try:
            return propose(service, (fox, walter)[number % 2].actor, email=f"n{number}@resource-marketing.test").id
        except Conflict:
            return ""

    with ThreadPoolExecutor(4) as pool:
        [won] = [found for found in pool.map(propose_one, range(4)) if found]
    with service.house.database.read(service.clock()) as tx:
        [change] = contact_changes.open_of(tx, organizations.require(tx, ORG).id)
    assert change.id == won
    codes = [code_of(service, change, side) for side in ("asked", "new")]

    def agree(number: int) -> None:
        answer(service, change, codes[number % 2], source="0123"[number])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(agree, range(4)))
    assert contact_now(service) == change.email
    assert (len(logged(service, "apply-contact-change")), told(service, FactKind.CONTACT_CHANGE_CLOSED)) == (2, 1)
    assert len(logged(service, "confirm-contact")) == 4


def test_the_alert_contact_gets_no_recovery_role(service: ServiceRig, fox: AdministratorRig) -> None:
    """The same rule from the other side: proposed, and applied where the contact was named between the signatures; no plus sign helps."""
    dana = service.administrator(ORG, "Dana Scully", by=fox)
    mallory = service.administrator(ORG, "Mallory Mail", Role.READ_ONLY, by=fox)
    change_id, content = service.role_change(mallory.administrator, Role.RECOVERY_REQUESTER, ORG)
    early = Proposed(change_id, ChangeKind.ROLE, content)
    propose_change(service, early, fox)
    both_agree(service, propose(service, fox.actor, ContactKind.ALERT, mail_of("Mallory Mail", ORG).replace("@", "+alerts@").upper()))
    for role in (Role.RECOVERY_REQUESTER, Role.RECOVERY_APPROVER):
        with pytest.raises(Refused, match="alert contact") as error:
            service.assign(mallory, role, by=fox)
        assert error.value.kind == "alert-contact"
    with pytest.raises(Refused, match="alert contact"):
        answer_change(service, early, dana)
    assert service.assign(mallory, Role.AUDITOR, by=fox).administrator.id == mallory.administrator.id
    both_agree(service, propose(service, fox.actor, ContactKind.ALERT, "other@resource-marketing.test"))
    service.assign(mallory, Role.RECOVERY_REQUESTER, by=fox)
    with pytest.raises(Refused, match="recovery role"):
        propose(service, fox.actor, ContactKind.ALERT, mail_of("Mallory Mail", ORG))


def test_the_provider_invites_no_alert_contact_to_recover(service: ServiceRig, walter: AdministratorRig) -> None:
    service.create_organization(OTHER, name="Bookstore Inc.", domains=("bookstore.test",))
    change = propose(service, walter.actor, ContactKind.ALERT, "ann@bookstore.test", slug=OTHER)
    for side in ("asked", "new"):
        answer(service, change, code_of(service, change, side), slug=OTHER)
    about = About("invite-administrator", OTHER, "administrator", "new")
    with pytest.raises(Refused, match="alert contact"):
        perform(service.house, walter.actor, about, invite_administrator, OTHER, "Ann Alert", "Ann@bookstore.test", Role.RECOVERY_APPROVER)
    invited = ("Rita Recovery", "rita@bookstore.test", Role.RECOVERY_APPROVER)
    perform(service.house, walter.actor, about, invite_administrator, OTHER, *invited)
    with pytest.raises(Refused, match="recovery role"):
        propose(service, walter.actor, ContactKind.ALERT, "rita@bookstore.test", slug=OTHER)


def test_one_administrator_with_both_new_mailboxes_moves_nothing_past_the_old_one(service: ServiceRig, fox: AdministratorRig) -> None:
    """Whoever would be warned is asked himself: neither the proposer nor another kind of contact answers for him."""
    both_agree(service, propose(service, fox.actor, ContactKind.ALERT, "alert@resource-marketing.test"))
    change = propose(service, fox.actor, ContactKind.ALERT, "mallory@evil.test")
    assert change.asked_email == "alert@resource-marketing.test"
    new = code_of(service, change, "new")
    for source in "0123":
        assert answer(service, change, new, source=source).end is None
    technical = propose(service, fox.actor, ContactKind.TECHNICAL, "mallory@evil.test")
    with pytest.raises(NotFound):
        answer(service, change, code_of(service, technical, "asked"), source="4")
    assert answer(service, change, code_of(service, change, "asked"), "no").end is ContactChangeEnd.REFUSED
    with pytest.raises(Conflict):
        answer(service, change, new)
