"""Letters about changes under dual control: whose signature is wanted, how each ended, and aloud where fewer sign than should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from privyseal.actions.change.expire_changes import expire_changes
from privyseal.model.actor import SYSTEM
from privyseal.model.administrator import Role
from privyseal.model.change import ChangeKind, ChangeState
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.price import price_content
from privyseal.model.unit import UnitTier
from tests.rigs.changes import Proposed, answer, authority_change, policy_change, propose, proposed, set_issuing, standing
from tests.rigs.letter_box import LetterBox
from tests.rigs.service import AdministratorRig, ServiceRig, mail_of

ORG = "resource-marketing"
CONTACT, FOX, DANA = f"contact@{ORG}.test", mail_of("Fox Mulder", ORG), mail_of("Dana Scully", ORG)
ANN = mail_of("Ann Reader", ORG)
SHORT = PolicyDraft(lifetimes_days=(30, 90))
FEWER = "Fewer people hold the right than the 2 who should sign, so all of them signed, and nobody else could look at it."


@dataclass(frozen=True, slots=True)
class Town:
    service: ServiceRig
    box: LetterBox
    fox: AdministratorRig
    dana: AdministratorRig

    def proposed(self) -> Proposed:
        """A policy that waits for Dana's signature; nobody has read the letters."""
        change = policy_change(self.service, ORG, SHORT)
        propose(self.service, change, self.fox)
        return change


@pytest.fixture
def town(service: ServiceRig, tmp_path: Path) -> Town:
    """Two people who may change policies, one who may only read, and somebody of the provider."""
    box = LetterBox(service, tmp_path / "mail")
    service.create_organization()
    fox = service.administrator(ORG, "Fox Mulder")
    dana = service.administrator(ORG, "Dana Scully", by=fox)
    service.administrator(ORG, "Ann Reader", Role.READ_ONLY, by=fox)
    service.administrator("", "Walter Skinner", Role.PROVIDER_ADMINISTRATOR)
    box.new()
    return Town(service, box, fox, dana)


def test_who_can_sign_and_has_not_is_asked(town: Town) -> None:
    change = town.proposed()
    letters = town.box.about("your signature is wanted")
    assert letters.keys() == {DANA}, "neither the proposer, nor readers, nor the provider"
    lines = letters[DANA].splitlines()
    assert lines[0].startswith("policy tls-server: your signature is wanted by ")
    assert f"  seal change show {change.id}" in lines
    assert f"  seal change sign {change.id}" in lines
    assert "Signed by     Fox Mulder" in lines
    assert f"Content       {change.sha256}" in lines
    assert "when 1 more person signs it" in letters[DANA]


def test_a_change_that_holds_is_told_to_everybody(town: Town) -> None:
    change = town.proposed()
    answer(town.service, change, town.dana)
    letters = town.box.new()
    assert [letter["Subject"] for letter in letters if "wanted" in str(letter["Subject"])] == [], "it holds before the letter was sent"
    change = town.proposed()
    town.box.new()
    answer(town.service, change, town.dana)
    letters_by = town.box.about("holds from now on")
    assert letters_by.keys() == {CONTACT, FOX, DANA, ANN}
    for text in letters_by.values():
        assert "the change of Resource Marketing" in text
        assert "that Fox Mulder proposed" in text
        lines = text.splitlines()
        assert lines[0].startswith("policy tls-server: a change holds from now on, ")
        assert "Signed by     Fox Mulder, Dana Scully" in lines or "Signed by     Dana Scully, Fox Mulder" in lines
        assert "Reason" not in text
        assert FEWER not in text


@pytest.mark.parametrize(
    ("decision", "words", "state"),
    [("refuse", "was refused", ChangeState.REFUSED), ("withdraw", "was withdrawn", ChangeState.WITHDRAWN)],
)
def test_a_change_that_somebody_ends_is_told_with_the_reason(town: Town, decision: str, words: str, state: ChangeState) -> None:
    change = town.proposed()
    town.box.new()
    by = town.dana if decision == "refuse" else town.fox
    answer(town.service, change, by, decision=decision, reason="Too short for our printers")
    assert standing(town.service, change).state is state
    letters = town.box.about(words)
    assert letters.keys() == {CONTACT, FOX, DANA, ANN}
    for text in letters.values():
        assert "Reason        Too short for our printers" in text.splitlines()
        assert "holds" not in text
        assert FEWER not in text


def expired(town: Town) -> None:
    town.service.clock.advance(timedelta(days=7))
    with town.service.house.database.write(town.service.clock()) as tx:
        assert expire_changes(town.service.house, tx, SYSTEM) == 1


def taken_away(town: Town) -> None:
    town.service.remove(town.dana, by=town.fox)


@pytest.mark.parametrize(
    ("meanwhile", "asked"), [(expired, set()), (taken_away, set())], ids=["its time is over", "whoever could sign was removed"]
)
def test_a_letter_that_comes_late_asks_nobody(town: Town, meanwhile: Callable[[Town], None], asked: set[str]) -> None:
    town.proposed()
    meanwhile(town)
    assert town.box.about("your signature is wanted").keys() == asked


def test_one_that_nobody_signed_in_time_is_told(town: Town) -> None:
    town.proposed()
    town.box.new()
    expired(town)
    letters = town.box.about("did not get its signatures in time")
    assert letters.keys() == {CONTACT, FOX, DANA, ANN}
    assert all("Signed by     Fox Mulder" in text.splitlines() for text in letters.values())


def test_one_person_alone_is_told_to_the_corporate_contact(service: ServiceRig, tmp_path: Path) -> None:
    """Fewer hold the right than the quorum asks for: the letter says it, to somebody outside of those who signed."""
    box = LetterBox(service, tmp_path / "mail")
    service.create_organization()
    fox = service.administrator(ORG, "Fox Mulder")
    box.new()
    change = policy_change(service, ORG, SHORT)
    assert propose(service, change, fox).change.state is ChangeState.APPLIED
    letters = box.about("policy tls-server")
    assert letters.keys() == {CONTACT, FOX}
    assert all(FEWER in text and "Signed by     Fox Mulder" in text.splitlines() for text in letters.values())


def test_the_letter_about_a_role_names_whose_and_asks_not_him(town: Town) -> None:
    walter = town.service.administrator(ORG, "Walter Other", Role.READ_ONLY, by=town.fox)
    town.box.new()
    change_id, content = town.service.role_change(walter.administrator, Role.AUDITOR, ORG)
    change = Proposed(change_id, ChangeKind.ROLE, content)
    propose(town.service, change, town.fox)
    assert town.box.about("rights of Walter Other: your signature is wanted").keys() == {DANA}
    answer(town.service, change, town.dana)
    assert town.box.about("a change holds from now on").keys() == {CONTACT, FOX, DANA, ANN, mail_of("Walter Other", ORG)}


def test_a_price_is_told_at_the_provider_alone(town: Town) -> None:
    first, second = (town.service.administrator("", name, Role.PROVIDER_OPERATOR) for name in ("Sally Seller", "Sam Seller"))
    town.box.new()
    change = proposed(ChangeKind.PRICE, UnitTier.STANDARD.value, 0, 2, price_content(UnitTier.STANDARD, 1, 4900, "EUR"))
    propose(town.service, change, first)
    asked = town.box.about("your signature is wanted")
    assert asked.keys() == {mail_of("Sam Seller", ""), mail_of("Walter Skinner", "")}
    assert all(text.startswith("price of a unit: standard: ") for text in asked.values())
    answer(town.service, change, second)
    told = town.box.about("a change holds from now on")
    assert told.keys() == {mail_of(name, "") for name in ("Sally Seller", "Sam Seller", "Walter Skinner")}
    assert all("the change of the provider" in text for text in told.values())


def test_a_pause_is_told_at_the_provider_alone(town: Town) -> None:
    people = [town.service.administrator("", name, Role.PROVIDER_OPERATOR) for name in ("Olga Operator", "Otto Operator")]
    town.box.new()
    change = authority_change(town.service, issues=False, reason="The HSM is exchanged")
    propose(town.service, change, people[0])
    asked = town.box.about("your signature is wanted")
    assert asked.keys() == {mail_of("Otto Operator", ""), mail_of("Walter Skinner", "")}
    assert all(text.startswith("CA issuing, to be paused: ") and "The HSM is exchanged" in text for text in asked.values())
    assert all(f"seal authority sign {change.id}" in text for text in asked.values())
    answer(town.service, change, people[1])
    told = town.box.about("a change holds from now on")
    assert told.keys() == {mail_of(name, "") for name in ("Olga Operator", "Otto Operator", "Walter Skinner")}
    set_issuing(town.service, people, issues=True)
    assert all(text.startswith("CA issuing, to go on: ") for text in town.box.about("a change holds from now on").values())
