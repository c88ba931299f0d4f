"""Letters about another contact: who is asked, who is warned, who hears how it ended; the codes go nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from privyseal.actions.contact.answer_contact_change import answer_contact_change
from privyseal.actions.contact.expire_contact_changes import expire_contact_changes
from privyseal.actions.contact.propose_contact import propose_contact
from privyseal.actions.contact.record_call import record_call
from privyseal.actions.contact.withdraw_contact import withdraw_contact
from privyseal.actions.house import About, perform
from privyseal.model.actor import ANONYMOUS, SYSTEM
from privyseal.model.administrator import Role
from privyseal.model.application import ContactKind
from privyseal.model.contact_change import ContactAnswer, ContactChange
from tests.rigs.letter_box import LetterBox
from tests.rigs.service import AdministratorRig, ServiceRig, mail_of

ORG = "resource-marketing"
OLD, NEW, ALERT = f"contact@{ORG}.test", f"dana@{ORG}.test", f"alert@{ORG}.test"
ABOUT = About("propose-contact", ORG, "contact-change", "new")
LINK = re.compile(rf"  https://localhost:8443/o/{ORG}/contacts/(cch-[0-9a-f]{{32}})\?code=([a-z2-7]{{52}})\n")
BY_NOBODY = {"Ann Reader", "Ursula Auditor"}


@dataclass(frozen=True, slots=True)
class Town:
    service: ServiceRig
    box: LetterBox
    fox: AdministratorRig
    walter: AdministratorRig

    def propose(self, kind: ContactKind = ContactKind.CORPORATE, email: str = NEW, *, by: AdministratorRig | None = None) -> ContactChange:
        who = by or self.fox
        return perform(self.service.house, who.actor, ABOUT, propose_contact, ORG, kind, "Dana Scully", email)

    def answer(self, change: ContactChange, letter: str, said: ContactAnswer = "yes") -> ContactChange:
        """As the reader of this letter answers."""
        link = LINK.search(letter)
        assert link is not None, letter
        assert link[1] == change.id
        return answer_contact_change(self.service.house, ANONYMOUS, ORG, change.id, link[2], said)

    def agree(self, change: ContactChange) -> None:
        letters = self.box.about("another")
        self.answer(change, letters[change.asked_email])
        self.answer(change, letters[change.email])


@pytest.fixture
def town(service: ServiceRig, tmp_path: Path) -> Town:
    box = LetterBox(service, tmp_path / "mail")
    service.create_organization()
    fox = service.administrator(ORG, "Fox Mulder")
    service.administrator(ORG, "Ann Reader", Role.READ_ONLY, by=fox)
    walter = service.administrator("", "Walter Skinner", Role.PROVIDER_ADMINISTRATOR)
    service.administrator("", "Ursula Auditor", Role.PROVIDER_AUDITOR)
    box.new()
    return Town(service, box, fox, walter)


def test_both_addresses_are_asked_and_the_security_administrators_warned(town: Town) -> None:
    change = town.propose()
    letters = town.box.about("another corporate contact")
    assert letters.keys() == {OLD, NEW, mail_of("Fox Mulder", ORG)}
    assert "? Answer by " in letters[OLD]
    assert "that call can stand for your yes. A No of yours ends it at once." in letters[OLD]
    assert "Is that you, and do you want to be it?" in letters[NEW]
    codes = {address: found[2] for address, text in letters.items() if (found := LINK.search(text))}
    assert codes.keys() == {OLD, NEW}
    assert codes[OLD] != codes[NEW]
    warned = letters[mail_of("Fox Mulder", ORG)]
    assert not any(code in warned for code in codes.values()), "whoever proposes it answers for nobody"
    assert f"  https://localhost:8443/o/{ORG}/console/contacts" in warned.splitlines()
    assert f"Dana Scully, {NEW}" in warned
    assert all(OLD not in text.partition("Questions")[2] for text in (letters[OLD], letters[NEW])), "who it is about is not whom to ask"
    town.answer(change, letters[OLD])
    assert town.box.new() == [], "nothing has happened yet"
    town.answer(change, letters[NEW])
    closed = town.box.about("corporate contact")
    assert closed.keys() == {OLD, NEW, mail_of("Fox Mulder", ORG), mail_of("Walter Skinner", "")}
    for text in closed.values():
        assert "was made" in text
        assert f"From now on {NEW} is the corporate contact." in text
        assert "If this is wrong, call your provider at once." in text


def test_the_corporate_contact_is_warned_where_another_address_is_asked(town: Town) -> None:
    first = town.propose(ContactKind.ALERT, ALERT)
    letters = town.box.about("alert contact")
    assert letters.keys() == {OLD, ALERT, mail_of("Fox Mulder", ORG)}
    assert LINK.search(letters[OLD]), "there was no alert contact, so the corporate contact is asked"
    town.answer(first, letters[OLD])
    town.answer(first, letters[ALERT])
    town.box.new()
    second = town.propose(ContactKind.ALERT, "mallory@evil.test")
    letters = town.box.about("alert contact")
    assert letters.keys() == {OLD, ALERT, "mallory@evil.test", mail_of("Fox Mulder", ORG)}
    assert LINK.search(letters[OLD]) is None
    assert "withdraw the change on this page" in letters[OLD]
    town.answer(second, letters[ALERT], "no")
    closed = town.box.about("alert contact")
    assert closed.keys() == {OLD, ALERT, "mallory@evil.test", mail_of("Fox Mulder", ORG), mail_of("Walter Skinner", "")}
    assert all("was refused by one of the addresses" in text and "Nothing has changed." in text for text in closed.values())


def test_a_proposal_of_the_provider_names_the_provider(town: Town) -> None:
    town.propose(by=town.walter)
    letters = town.box.about("corporate contact")
    assert all("the provider proposes" in text or "the provider proposed" in text for text in letters.values())
    assert not any("Walter" in text for text in letters.values())


def test_how_it_ended_is_told_by_call_by_time_and_by_withdrawal(town: Town) -> None:
    change = town.propose()
    letters = town.box.about("another")
    town.service.clock.advance(timedelta(days=3))
    note = ("+1 859 555 0100", "Reached Ann.")
    perform(town.service.house, town.walter.actor, ABOUT, record_call, ORG, change.id, *note)
    town.answer(change, letters[NEW])
    closed = town.box.about("corporate contact")
    assert all("The old address did not answer; the provider called the organization instead." in text for text in closed.values())
    assert not any("Ann" in text or "555 0100" in text for text in closed.values())
    change = town.propose(email=f"third@{ORG}.test")
    town.box.new()
    perform(town.service.house, town.fox.actor, ABOUT, withdraw_contact, ORG, change.id)
    assert all("was withdrawn" in text for text in town.box.about("corporate contact").values())
    town.propose(email=f"fourth@{ORG}.test")
    town.service.clock.advance(timedelta(days=10))
    with town.service.house.database.write(town.service.clock()) as tx:
        assert expire_contact_changes(town.service.house, tx, SYSTEM) == 1
    closed = town.box.about("corporate contact")
    assert closed, "letters that were late ask nobody any more, and everybody hears how it ended"
    assert all("because not everybody answered in time" in text and LINK.search(text) is None for text in closed.values())


def test_an_administrator_who_is_asked_himself_hears_the_end_once(town: Town) -> None:
    mail = mail_of("Fox Mulder", ORG)
    town.agree(town.propose(email=mail))
    assert town.box.about("corporate contact").keys() == {OLD, mail, mail_of("Walter Skinner", "")}
