"""I13: a role comes by a change that enough different people signed; whoever writes the database gives none, and nobody alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from privyseal.actions.change.answer_change import answer_change
from privyseal.actions.change.propose_change import propose_change
from privyseal.actions.house import About, perform
from privyseal.model.administrator import Role
from privyseal.model.change import ChangeKind, ChangeState, change_content
from privyseal.model.errors import PrivysealError
from privyseal.model.identifiers import ChangeId
from privyseal.model.role_change import RoleChange, role_content
from privyseal.store import assignments, changes
from privyseal_wire.canonical import canonical_bytes
from tests.rigs.intruder import make_intruder
from tests.rigs.service import AdministratorRig, ServiceRig, make_csr, make_key

ORG = "resource-marketing"
NAMES = ["webtrust.resource-marketing.test"]
ABOUT = About("test", ORG, "change", "new")
GIVEN = Role.CERTIFICATE_ADMINISTRATOR


@dataclass(frozen=True, slots=True)
class Crew:
    """Three security administrators, and Rita, who only reads."""

    service: ServiceRig
    fox: AdministratorRig
    dana: AdministratorRig
    walter: AdministratorRig
    rita: AdministratorRig

    def propose(self, by: AdministratorRig, whom: AdministratorRig, role: Role = GIVEN, change: str = "give") -> tuple[str, bytes]:
        """The id and the content of a change that this person proposed."""
        change_id, content = self.service.role_change(whom.administrator, role, ORG, change=change)
        self.hand_in(change_id, content, by)
        return change_id, content

    def hand_in(self, change_id: str, content: bytes, by: AdministratorRig) -> None:
        statement = self.service.change_statement(change_id, content, ORG, by.administrator.id)
        perform(self.service.house, by.actor, ABOUT, propose_change, ORG, content, self.service.sign(statement, by))

    def sign(self, change_id: str, content: bytes, by: AdministratorRig) -> None:
        statement = self.service.change_statement(change_id, content, ORG, by.administrator.id)
        perform(self.service.house, by.actor, ABOUT, answer_change, ORG, ChangeId(change_id), self.service.sign(statement, by))

    def state(self, change_id: str) -> ChangeState:
        with self.service.house.database.read(self.service.clock()) as tx:
            found = changes.get(tx, ChangeId(change_id))
        assert found is not None
        return found.state

    def roles(self, whom: AdministratorRig) -> set[Role]:
        return {item.role for item in self.service.renewed(whom).administrator.assignments}

    def verdict(self, approver: AdministratorRig) -> str:
        """What becomes of a certificate that this person approved: "" when it is issued, else the kind of refusal."""
        request = self.service.submit(ORG, make_csr(NAMES, make_key()))
        self.service.approve(request, self.service.renewed(approver))
        [result] = self.service.prepare_and_complete(request.id)
        return "" if result.ok else result.kind


@pytest.fixture
def crew(service: ServiceRig) -> Crew:
    service.create_organization()
    fox = service.administrator(ORG, "Fox Mulder")
    dana, walter = (service.administrator(ORG, name, by=fox) for name in ("Dana Scully", "Walter Skinner"))
    rita = service.administrator(ORG, "Rita Reader", Role.READ_ONLY, by=fox)
    service.integrate()
    return Crew(service, fox, dana, walter, rita)


def kind_of(work: Callable[[], object]) -> str:
    with pytest.raises(PrivysealError) as caught:
        work()
    return caught.value.kind


def test_a_role_needs_two_and_then_counts_at_the_issuer(crew: Crew) -> None:
    change_id, content = crew.propose(crew.fox, crew.rita)
    assert crew.roles(crew.rita) == {Role.READ_ONLY}
    assert kind_of(lambda: crew.sign(change_id, content, crew.fox)) == "already-signed"
    assert kind_of(lambda: crew.sign(change_id, content, crew.rita)) == "role"
    crew.sign(change_id, content, crew.dana)
    assert (crew.state(change_id), crew.roles(crew.rita)) == (ChangeState.APPLIED, {Role.READ_ONLY, GIVEN})
    assert crew.verdict(crew.rita) == ""


def test_nobody_signs_for_himself(crew: Crew) -> None:
    assert kind_of(lambda: crew.propose(crew.fox, crew.fox)) == "own-role"
    change_id, content = crew.propose(crew.dana, crew.fox)
    assert kind_of(lambda: crew.sign(change_id, content, crew.fox)) == "own-role"
    assert Role.CERTIFICATE_ADMINISTRATOR not in crew.roles(crew.fox)
    crew.sign(change_id, content, crew.walter)
    assert GIVEN in crew.roles(crew.fox)


def test_who_is_removed_meanwhile_counts_no_more(crew: Crew) -> None:
    change_id, content = crew.propose(crew.dana, crew.rita)
    crew.service.remove(crew.dana, by=crew.fox)
    crew.sign(change_id, content, crew.fox)
    assert (crew.state(change_id), GIVEN in crew.roles(crew.rita)) == (ChangeState.OPEN, False)
    crew.sign(change_id, content, crew.walter)
    assert GIVEN in crew.roles(crew.rita)
    assert crew.verdict(crew.rita) == "", "that somebody left since does not undo what was decided"


def test_of_two_changes_of_one_person_the_second_is_overtaken(crew: Crew) -> None:
    first, content = crew.propose(crew.fox, crew.rita)
    second, other = crew.propose(crew.fox, crew.rita, Role.AUDITOR)
    crew.sign(second, other, crew.dana)
    assert crew.state(first) is ChangeState.OVERTAKEN
    assert kind_of(lambda: crew.sign(first, content, crew.dana)) == "change-overtaken"


def test_the_last_security_administrator_stays(crew: Crew) -> None:
    service = crew.service
    for person in (crew.walter, crew.dana):
        service.remove(person, by=crew.fox)
    with pytest.raises(PrivysealError, match="Invite another person first") as caught:
        crew.propose(crew.fox, crew.fox, Role.SECURITY_ADMINISTRATOR, "take")
    assert caught.value.kind == "last-security-administrator"
    # The way out that the sentence names.
    heir = service.assign(crew.rita, Role.SECURITY_ADMINISTRATOR, by=crew.fox)
    crew.propose(heir, crew.fox, Role.SECURITY_ADMINISTRATOR, "take")
    assert Role.SECURITY_ADMINISTRATOR not in crew.roles(crew.fox)
    assert crew.verdict(heir) == ""


def forged(crew: Crew, change_id: str, role: Role = GIVEN) -> None:
    """Write the assignment that a change would have made."""
    make_intruder(crew.service).sql(
        "INSERT INTO assignments (id, administrator_id, role, given_at, given_by, ended_by) "
        "SELECT :id, :person, :role, MAX(created_at), :person, '' FROM changes",
        id=f"asg-{change_id.removeprefix('chg-')}",
        person=crew.rita.administrator.id,
        role=role.value,
    )


def test_the_issuer_believes_no_role_that_too_few_signed(crew: Crew) -> None:
    change_id, _ = crew.propose(crew.fox, crew.rita)
    forged(crew, change_id)
    assert crew.verdict(crew.rita) == "approval-missing"


def test_the_issuer_believes_no_quorum_that_was_lowered(crew: Crew) -> None:
    """One person writes a change that says one signature is enough, and whoever writes the database applies it."""
    with crew.service.house.database.read(crew.service.clock()) as tx:
        base = assignments.steps_of(tx, crew.rita.administrator.id)
    value = role_content(RoleChange(crew.rita.administrator.id, GIVEN, None, gives=True))
    content = canonical_bytes(change_content(ChangeKind.ROLE, crew.rita.administrator.id, base, 1, value))
    # Of people who are new themselves nobody knows whether they could have signed in all of the time.
    crew.service.clock.advance(timedelta(days=8))
    crew.service.integrate()
    honest, _ = crew.propose(crew.fox, crew.rita)
    assert kind_of(lambda: crew.hand_in("chg-" + "1" * 32, content, crew.fox)) == "change-quorum"
    statement = crew.service.change_statement(honest, content, ORG, crew.fox.administrator.id)
    with crew.service.house.database.write(crew.service.clock()) as tx:
        mine = changes.changes.c.id == honest
        tx.execute(changes.changes.update().where(mine).values(content=content, content_sha256="0" * 64, quorum=1))
        signature = crew.service.sign(statement, crew.fox)
        mine = changes.signatures.c.change_id == honest
        tx.execute(changes.signatures.update().where(mine).values(content=statement, signature=signature))
    forged(crew, honest)
    assert crew.verdict(crew.rita) == "approval-missing"


def test_a_role_that_was_taken_does_not_come_back_under_another_id(crew: Crew) -> None:
    given, content = crew.propose(crew.fox, crew.rita)
    crew.sign(given, content, crew.dana)
    taken, content = crew.propose(crew.fox, crew.rita, change="take")
    crew.sign(taken, content, crew.dana)
    forged(crew, "chg-" + "2" * 32)
    assert crew.verdict(crew.rita) == "approval-missing"
