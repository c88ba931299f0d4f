"""Removing a person, which takes what giving a role takes; and who counts for how many sign, whatever became of the card."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from privyseal.actions.administrator.invite_with_signature import invite_with_signature
from privyseal.actions.administrator.revoke_credentials import revoke_credentials
from privyseal.actions.change.answer_change import answer_change
from privyseal.actions.change.propose_change import propose_change
from privyseal.actions.changing import holders_of, needed_now
from privyseal.actions.changing_kinds import side_of
from privyseal.actions.house import About, perform
from privyseal.actions.lost_card.conclude_lost_card import conclude_lost_card
from privyseal.actions.lost_card.confirm_lost_card import confirm_lost_card
from privyseal.actions.lost_card.report_lost_card import report_lost_card
from privyseal.model.administrator import AdministratorState, Role
from privyseal.model.change import ChangeKind, ChangeState, Hindrance, change_content
from privyseal.model.errors import PrivysealError
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import AdministratorId, ChangeId, LostCardId
from privyseal.model.lost_card import LostCardEnd
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.revocation import RevocationReason
from privyseal.model.role_change import Removal
from privyseal.store import administrators, assignments, audit, changes, lost_cards, outbox
from privyseal_wire.canonical import canonical_bytes
from tests.rigs.changes import answer, policy_change, propose
from tests.rigs.intruder import make_intruder
from tests.rigs.recovery import recovery_of
from tests.rigs.service import OPERATOR, AdministratorRig, ServiceRig

ORG = "resource-marketing"
ABOUT = About("test", ORG, "change", "new")
SHORT = PolicyDraft(lifetimes_days=(30, 90))
NAMES = ("Fox Mulder", "Dana Scully", "Walter Skinner")


def team(service: ServiceRig, size: int, slug: str = ORG, role: Role = Role.SECURITY_ADMINISTRATOR) -> list[AdministratorRig]:
    """So many people who may give roles."""
    if slug:
        service.create_organization(slug)
    first = service.administrator(slug, NAMES[0], role)
    later = (service.administrator(slug, name, role, by=first if slug else None) for name in NAMES[1:size])
    return [first, *later]


@dataclass(frozen=True, slots=True)
class Sent:
    id: str
    content: bytes
    state: ChangeState


def remove(service: ServiceRig, whom: AdministratorRig, by: AdministratorRig, *, content: bytes = b"") -> Sent:
    slug = by.organization
    change_id, made = service.role_decision(Removal(whom.administrator.id), slug)
    signature = service.sign(service.change_statement(change_id, content or made, slug, by.administrator.id), by)
    answered = perform(
        service.house, by.actor, About("propose-change", slug, "change", "new"), propose_change, slug, content or made, signature
    )
    return Sent(change_id, content or made, answered.change.state)


def sign(service: ServiceRig, change: Sent, by: AdministratorRig) -> ChangeState:
    slug = by.organization
    signature = service.sign(service.change_statement(change.id, change.content, slug, by.administrator.id), by)
    about = About("answer-change", slug, "change", change.id)
    return perform(service.house, by.actor, about, answer_change, slug, ChangeId(change.id), signature).change.state


def revoke_all(service: ServiceRig, whom: AdministratorRig) -> int:
    reason, about = RevocationReason.UNSPECIFIED, About("revoke-credential", whom.organization, "administrator", whom.administrator.id)
    return perform(service.house, OPERATOR, about, revoke_credentials, whom.organization, whom.administrator.id, reason)


def expire(service: ServiceRig, whom: AdministratorRig) -> None:
    """Let the credentials of a person have come to their end."""
    moment = int((service.clock() - timedelta(minutes=1)).timestamp() * 1_000_000)
    make_intruder(service).sql(
        "UPDATE administrator_credentials SET not_after = :now WHERE administrator_id = :id", now=moment, id=whom.administrator.id
    )


def state_of(service: ServiceRig, whom: AdministratorRig) -> AdministratorState:
    return service.renewed(whom).administrator.state


def kind_of(work: Callable[[], object]) -> str:
    with pytest.raises(PrivysealError) as caught:
        work()
    return caught.value.kind


def done(service: ServiceRig, *objects: str, log: str = f"o-{ORG}") -> list[str]:
    """The actions that a log has as done about these."""
    with service.house.database.read(service.clock()) as tx:
        read = [json.loads(entry) for entry in audit.of_objects(tx, log, list(objects))]
    return [entry["action"] for entry in read if entry["outcome"] == "done"]


def needed(service: ServiceRig, slug: str = ORG, about: str = "", kind: ChangeKind = ChangeKind.POLICY) -> tuple[int, int]:
    """How many have to sign, and how many can."""
    with service.house.database.read(service.clock()) as tx:
        side = side_of(tx, slug)
        able = [item for item in holders_of(tx, side, kind, about) if item.hindrance is None]
        return needed_now(service.house, tx, side, kind, about), len(able)


# ----------------------------------------------------------------------------------------------------------------- removal


def test_one_signature_waits_and_two_remove(service: ServiceRig) -> None:
    service.listeners[FactKind.ADMINISTRATOR_REMOVED] = ("notices.administrator-removed",)
    fox, dana, walter = team(service, 3)
    auditor = service.assign(walter, Role.AUDITOR, by=fox)
    change = remove(service, walter, fox)
    assert (change.state, state_of(service, walter)) == (ChangeState.OPEN, AdministratorState.ACTIVE)
    assert kind_of(lambda: sign(service, change, fox)) == "already-signed"
    assert kind_of(lambda: sign(service, change, walter)) == "own-role"
    assert sign(service, change, dana) is ChangeState.APPLIED
    gone = service.renewed(walter).administrator
    assert (gone.state, gone.assignments) == (AdministratorState.REMOVED, ())
    held = [item.id for item in auditor.administrator.assignments]
    assert len(held) == 3
    with service.house.database.read(service.clock()) as tx:
        ended = [item for item in assignments.ever_of(tx, gone.id) if item.ended_at is not None]
        credentials = administrators.credentials_of(tx, gone.id)
        told = list(tx.execute(outbox.outbox.select().where(outbox.outbox.c.fact == FactKind.ADMINISTRATOR_REMOVED.value)))
        signed = changes.signatures_of(tx, ChangeId(change.id))
        entries = [json.loads(entry) for entry in audit.of_objects(tx, f"o-{ORG}", [gone.id])]
    assert {item.ended_by for item in ended} == {dana.administrator.id}
    assert all(item.revoked_at is not None for item in credentials)
    assert done(service, *held) == [*done(service, *held)[:-3], *["take-role"] * 3]
    [removed] = [entry for entry in entries if entry["action"] == "remove-administrator"]
    assert len(removed["evidence"]) == 2 * len(signed) == 4
    assert told
    assert done(service, change.id)[-1] == "apply-change"
    assert kind_of(lambda: remove(service, walter, fox)) == "not-found", "nobody is removed twice"


def test_of_two_alone_the_one_removes_the_other(service: ServiceRig) -> None:
    fox, dana = team(service, 2)
    assert remove(service, dana, fox).state is ChangeState.APPLIED
    assert propose(service, policy_change(service, ORG, SHORT), fox).change.state is ChangeState.APPLIED


def test_the_last_one_stays(service: ServiceRig) -> None:
    [fox] = team(service, 1)
    assert kind_of(lambda: remove(service, fox, fox)) == "last-security-administrator"
    dana = service.administrator(ORG, NAMES[1], by=fox)
    assert kind_of(lambda: remove(service, fox, fox)) == "own-role", "nobody signs for his own removal, also where others can"
    revoke_all(service, dana)
    assert kind_of(lambda: remove(service, fox, fox)) == "last-security-administrator"


def test_who_lacks_the_right_proposes_and_signs_nothing(service: ServiceRig) -> None:
    fox, dana, walter = team(service, 3)
    rita = service.administrator(ORG, "Rita Reader", Role.CERTIFICATE_ADMINISTRATOR, by=fox)
    assert kind_of(lambda: remove(service, walter, rita)) == "role"
    change = remove(service, walter, fox)
    assert kind_of(lambda: sign(service, change, rita)) == "role"
    assert sign(service, change, dana) is ChangeState.APPLIED


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"decision": "remove"}, "role-change"),
        ({"administrator": "{whom}", "decision": "REMOVE"}, "role-change"),
        ({"administrator": "{whom}", "decision": "remove", "role": "auditor"}, "role-change"),
        ({"administrator": "{whom}", "decision": "remove", "role": "auditor", "department": ""}, "role-change"),
        ({"administrator": ["{whom}"], "decision": "remove"}, "role-change"),
        ({"administrator": "adm-1", "decision": "remove"}, "role-change"),
        ({"administrator": "{other}", "decision": "remove"}, "role-change"),
        ({"administrator": None, "decision": "remove"}, "role-change"),
    ],
)
def test_hostile_contents_are_refused(service: ServiceRig, value: dict[str, object], kind: str) -> None:
    fox, dana, walter = team(service, 3)
    ids = {"{whom}": walter.administrator.id, "{other}": dana.administrator.id}
    filled = {key: ids.get(str(item), [walter.administrator.id] if isinstance(item, list) else item) for key, item in value.items()}
    with service.house.database.read(service.clock()) as tx:
        base = assignments.steps_of(tx, walter.administrator.id)
    content = canonical_bytes(change_content(ChangeKind.ROLE, walter.administrator.id, base, 2, filled))
    assert kind_of(lambda: remove(service, walter, fox, content=content)) == kind
    assert state_of(service, walter) is AdministratorState.ACTIVE


def test_nobody_of_another_organization_is_removed(service: ServiceRig) -> None:
    fox, _ = team(service, 2)
    helen = team(service, 2, "bookstore")[1]
    change_id, content = service.role_decision(Removal(helen.administrator.id), ORG)
    signature = service.sign(service.change_statement(change_id, content, ORG, fox.administrator.id), fox)
    assert kind_of(lambda: perform(service.house, fox.actor, ABOUT, propose_change, ORG, content, signature)) == "not-found"
    assert state_of(service, helen) is AdministratorState.ACTIVE


def test_a_role_given_meanwhile_overtakes_the_removal(service: ServiceRig) -> None:
    fox, dana, walter = team(service, 3)
    change = remove(service, walter, fox)
    service.assign(walter, Role.AUDITOR, by=fox)
    assert kind_of(lambda: sign(service, change, dana)) == "change-overtaken"
    assert state_of(service, walter) is AdministratorState.ACTIVE


def test_of_two_who_remove_each_other_at_once_one_stays(service: ServiceRig) -> None:
    fox, dana = team(service, 2)
    begin, outcomes = threading.Barrier(2), list[str]()

    def run(by: AdministratorRig, whom: AdministratorRig) -> None:
        begin.wait()
        try:
            outcomes.append(remove(service, whom, by).state.value)
        except PrivysealError as error:
            outcomes.append(error.kind)

    threads = [threading.Thread(target=run, args=pair) for pair in ((fox, dana), (dana, fox))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("applied") == 1, outcomes
    assert sorted(state_of(service, person).value for person in (fox, dana)) == ["active", "removed"]


def test_the_provider_removes_its_own_people_in_the_same_way(service: ServiceRig) -> None:
    fox, dana, walter = team(service, 3, "", Role.PROVIDER_SECURITY_OFFICER)
    vera = service.administrator("", "Vera Vetter", Role.PROVIDER_VETTER)
    assert kind_of(lambda: remove(service, walter, vera)) == "role"
    change = remove(service, walter, fox)
    assert (change.state, state_of(service, walter)) == (ChangeState.OPEN, AdministratorState.ACTIVE)
    revoke_all(service, dana)
    assert kind_of(lambda: sign(service, change, dana)) == "credential-unusable"
    assert needed(service, "", walter.administrator.id, ChangeKind.ROLE) == (2, 1)
    # The operator on the machine lets another one in, and the two sign.
    nora = service.administrator("", "Nora New", Role.PROVIDER_SECURITY_OFFICER)
    assert sign(service, change, nora) is ChangeState.APPLIED
    assert state_of(service, walter) is AdministratorState.REMOVED
    assert "remove-administrator" in done(service, walter.administrator.id, log="provider")


# ----------------------------------------------------------------------------------------------------------- who counts


@pytest.mark.parametrize("end", [revoke_all, expire], ids=["revoked", "expired"])
@pytest.mark.parametrize(("size", "alone", "about_the_other"), [(1, (1, 1), None), (2, (2, 1), (1, 1)), (3, (2, 2), (2, 2))])
def test_who_lost_the_card_counts_as_before(
    service: ServiceRig,
    end: Callable[[ServiceRig, AdministratorRig], object],
    size: int,
    alone: tuple[int, int],
    about_the_other: tuple[int, int] | None,
) -> None:
    people = team(service, size)
    if size > 1:
        end(service, people[-1])
    assert needed(service) == alone
    if about_the_other is not None:
        assert needed(service, about=people[-1].administrator.id, kind=ChangeKind.ROLE) == about_the_other
        with service.house.database.read(service.clock()) as tx:
            found = {item.person.id: item.hindrance for item in holders_of(tx, side_of(tx, ORG), ChangeKind.POLICY)}
        wanted = Hindrance.EXPIRED if end is expire else Hindrance.REVOKED
        assert found == {person.administrator.id: wanted if person is people[-1] else None for person in people}


def test_who_was_invited_and_never_came_does_not_count(service: ServiceRig) -> None:
    [fox] = team(service, 1)
    service.invite(ORG, "Never Came", by=fox)
    assert needed(service) == (1, 1)
    assert propose(service, policy_change(service, ORG, SHORT), fox).change.state is ChangeState.APPLIED


def test_two_of_whom_one_is_gone_for_good(service: ServiceRig) -> None:
    """The other removes that person alone, and then decides alone; the corporate contact is told of both."""
    service.listeners[FactKind.CHANGE_CLOSED] = ("notices.change-closed",)
    fox, dana = team(service, 2)
    revoke_all(service, dana)
    assert propose(service, policy_change(service, ORG, SHORT), fox).change.state is ChangeState.OPEN
    change = remove(service, dana, fox)
    assert change.state is ChangeState.APPLIED
    with service.house.database.read(service.clock()) as tx:
        entries = [json.loads(entry) for entry in audit.of_objects(tx, f"o-{ORG}", [change.id])]
    assert [entry["reason"] for entry in entries if entry["action"] == "apply-change"] == [
        "role: signed by 1; 2 are wanted, but fewer hold the right"
    ]
    assert propose(service, policy_change(service, ORG, SHORT), fox).change.state is ChangeState.APPLIED


def test_two_of_whom_one_comes_back(service: ServiceRig) -> None:
    fox, dana = team(service, 2)
    revoke_all(service, dana)
    change = policy_change(service, ORG, SHORT)
    assert propose(service, change, fox).change.state is ChangeState.OPEN
    service.clock.advance(timedelta(seconds=2))
    again = service.administrator(ORG, NAMES[1], by=fox)
    assert answer(service, change, again).change.state is ChangeState.APPLIED


def lost(service: ServiceRig, whom: AdministratorRig, end: LostCardEnd) -> int:
    """The whole way of a lost card: reported, confirmed by the corporate contact, concluded by the provider."""
    pat = service.administrator("", "", Role.PROVIDER_VETTER)
    perform(service.house, OPERATOR, ABOUT, report_lost_card, ORG, whom.administrator.name)
    with service.house.database.read(service.clock()) as tx:
        rows = tx.execute(
            outbox.outbox.select().where(outbox.outbox.c.fact == FactKind.LOST_CARD_REPORTED.value).order_by(outbox.outbox.c.id)
        )
        code = [str(row.payload["code"]) for row in rows][-1]
        ids = [row.id for row in tx.execute(lost_cards.lost_cards.select().order_by(lost_cards.lost_cards.c.id))]
    perform(service.house, OPERATOR, ABOUT, confirm_lost_card, ORG, code)
    return perform(service.house, pat.actor, ABOUT, conclude_lost_card, LostCardId(ids[-1]), end, "Called 555 0100, reached Ann.")


def test_three_of_whom_two_are_gone_for_good(service: ServiceRig) -> None:
    """Nobody there can remove anybody any more: the corporate contact and the provider together remove one, and the last one goes on."""
    service.listeners[FactKind.LOST_CARD_REPORTED] = ("notices.lost-card-code",)
    fox, dana, walter = team(service, 3)
    for person in (dana, walter):
        revoke_all(service, person)
        assert needed(service, about=person.administrator.id, kind=ChangeKind.ROLE)[0] == 2
    assert remove(service, walter, fox).state is ChangeState.OPEN
    assert lost(service, dana, LostCardEnd.LEFT) == 0, "there was nothing to revoke any more"
    assert state_of(service, dana) is AdministratorState.REMOVED
    assert {"take-role", "remove-administrator"} <= {*done(service, dana.administrator.id), *done(service, *held_by(service, dana))}
    assert remove(service, walter, fox).state is ChangeState.APPLIED
    assert propose(service, policy_change(service, ORG, SHORT), fox).change.state is ChangeState.APPLIED


def held_by(service: ServiceRig, whom: AdministratorRig) -> list[str]:
    with service.house.database.read(service.clock()) as tx:
        return [item.id for item in assignments.ever_of(tx, whom.administrator.id)]


def test_the_provider_removes_nobody_whom_enough_others_could(service: ServiceRig) -> None:
    service.listeners[FactKind.LOST_CARD_REPORTED] = ("notices.lost-card-code",)
    _, dana, walter = team(service, 3)
    assert kind_of(lambda: lost(service, walter, LostCardEnd.LEFT)) == "organization-decides"
    assert state_of(service, walter) is AdministratorState.ACTIVE
    revoke_all(service, walter)
    assert kind_of(lambda: lost(service, walter, LostCardEnd.LEFT)) == "organization-decides"
    assert lost(service, dana, LostCardEnd.REVOKED) == 1
    assert state_of(service, dana) is AdministratorState.ACTIVE, "a lost card takes no role, and its holder counts"


def test_the_provider_removes_nobody_while_nobody_else_could_decide(service: ServiceRig) -> None:
    service.listeners[FactKind.LOST_CARD_REPORTED] = ("notices.lost-card-code",)
    [fox] = team(service, 1)
    assert kind_of(lambda: lost(service, fox, LostCardEnd.LEFT)) == "last-security-administrator"
    assert state_of(service, fox) is AdministratorState.ACTIVE


def test_everybody_lost_the_card(service: ServiceRig) -> None:
    """The operator lets one in, who invites one of the others again; the two remove whoever does not come back."""
    fox, dana = team(service, 2)
    for person in (fox, dana):
        revoke_all(service, person)
    assert needed(service) == (2, 0)
    service.integrate()
    signature = recovery_of(service, ORG, NAMES[2])
    new = service.enroll(perform(service.house, OPERATOR, ABOUT, invite_with_signature, ORG, signature), ORG)
    assert needed(service) == (2, 1)
    assert remove(service, dana, new).state is ChangeState.OPEN, "Fox counts as well"
    service.clock.advance(timedelta(seconds=2))
    again = service.administrator(ORG, NAMES[0], by=new)
    assert needed(service) == (2, 2)
    assert remove(service, dana, again).state is ChangeState.OPEN
    service.remove(dana, by=new)
    assert state_of(service, dana) is AdministratorState.REMOVED


# ------------------------------------------------------------------------------------------------- every credential at once


def test_every_credential_at_once_and_a_second_time_is_harmless(service: ServiceRig) -> None:
    fox, dana, _ = team(service, 3)
    assert revoke_all(service, dana) == 1
    assert revoke_all(service, dana) == 0
    assert done(service, dana.administrator.id).count("revoke-credential") == 1
    assert state_of(service, dana) is AdministratorState.ACTIVE
    assert service.renewed(dana).administrator.assignments
    assert kind_of(lambda: remove(service, fox, dana)) == "credential-unusable"


def test_who_may_not_revokes_nothing(service: ServiceRig) -> None:
    fox, dana = team(service, 2)
    helen = team(service, 1, "bookstore")[0]
    pat = service.administrator("", "Pat Provider", Role.PROVIDER_VETTER)
    rita = service.administrator(ORG, "Rita Reader", Role.CERTIFICATE_ADMINISTRATOR, by=fox)
    reason, whom = RevocationReason.UNSPECIFIED, dana.administrator.id
    for by, slug, person, kind in (
        (rita, ORG, whom, "permission"),
        (helen, ORG, whom, "not-found"),
        (helen, "bookstore", whom, "not-found"),
        (pat, ORG, whom, "not-found"),
        (pat, "", pat.administrator.id, "permission"),
    ):

        def work(by: AdministratorRig = by, slug: str = slug, person: AdministratorId = person) -> int:
            return perform(service.house, by.actor, ABOUT, revoke_credentials, slug, person, reason)

        assert kind_of(work) == kind, (by.administrator.name, slug)
    assert needed(service) == (2, 2)
