"""I13: one rogue administrator who takes the cards of all the others away, or would remove them, decides nothing alone.

The others may be away for the whole of it. What he may do by himself is to revoke, which is loud and takes rights from nobody.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from privyseal.actions.administrator.invite_with_signature import invite_with_signature
from privyseal.actions.administrator.revoke_credential import revoke_credential
from privyseal.actions.administrator.revoke_credentials import revoke_credentials
from privyseal.actions.change.answer_change import answer_change
from privyseal.actions.change.propose_change import propose_change
from privyseal.actions.house import About, perform
from privyseal.model.administrator import AdministratorState, Role
from privyseal.model.change import ChangeKind, ChangeState
from privyseal.model.errors import PrivysealError
from privyseal.model.identifiers import ChangeId
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.revocation import RevocationReason
from privyseal.model.role_change import Removal, RoleChange
from privyseal.store import audit, organizations, policies
from privyseal_wire.statements import Invitation
from tests.rigs.changes import answer, policy_change, propose, standing
from tests.rigs.intruder import make_intruder
from tests.rigs.service import AdministratorRig, ServiceRig, make_csr, make_key

ORG = "resource-marketing"
ABOUT = About("test", ORG, "administrator", "all")
WIDE = PolicyDraft(lifetimes_days=(365, 800), approvals=1)


@dataclass(frozen=True, slots=True)
class Crew:
    """Krycek is the rogue."""

    service: ServiceRig
    krycek: AdministratorRig
    dana: AdministratorRig
    walter: AdministratorRig
    reader: AdministratorRig

    def state(self, whom: AdministratorRig) -> AdministratorState:
        return self.service.renewed(whom).administrator.state

    def decide(self, decision: RoleChange | Removal, by: AdministratorRig) -> tuple[ChangeState, str, bytes]:
        """Propose what becomes of somebody; returns where the change stands, its id and its content."""
        change_id, content = self.service.role_decision(decision, ORG)
        statement = self.service.change_statement(change_id, content, ORG, by.administrator.id)
        answered = perform(self.service.house, by.actor, ABOUT, propose_change, ORG, content, self.service.sign(statement, by))
        return answered.change.state, change_id, content

    def sign(self, change_id: str, content: bytes, by: AdministratorRig) -> ChangeState:
        statement = self.service.change_statement(change_id, content, ORG, by.administrator.id)
        signature = self.service.sign(statement, by)
        return perform(self.service.house, by.actor, ABOUT, answer_change, ORG, ChangeId(change_id), signature).change.state

    def revoke_all(self, whom: AdministratorRig, by: AdministratorRig) -> int:
        reason = RevocationReason.UNSPECIFIED
        return perform(self.service.house, by.actor, ABOUT, revoke_credentials, ORG, whom.administrator.id, reason)

    def newest(self) -> int:
        with self.service.house.database.read(self.service.clock()) as tx:
            found = policies.newest(tx, organizations.require(tx, ORG).id, "tls-server")
        assert found is not None
        return found.version


@pytest.fixture
def crew(service: ServiceRig) -> Crew:
    service.create_organization()
    krycek = service.administrator(ORG, "Alex Krycek")
    dana, walter = (service.administrator(ORG, name, by=krycek) for name in ("Dana Scully", "Walter Skinner"))
    reader = service.administrator(ORG, "Rita Reader", Role.READ_ONLY, by=krycek)
    return Crew(service, krycek, dana, walter, reader)


def kind_of(work: Callable[[], object]) -> str:
    with pytest.raises(PrivysealError) as caught:
        work()
    return caught.value.kind


@pytest.mark.parametrize("one_by_one", [True, False], ids=["one card after the other", "all of a person at once"])
def test_a_rogue_takes_every_card_and_decides_nothing_alone(crew: Crew, one_by_one: bool) -> None:  # noqa: FBT001 - a parameter of the test
    service, krycek = crew.service, crew.krycek
    for colleague in (crew.dana, crew.walter):
        if one_by_one:
            sha256 = colleague.actor.credential_sha256
            perform(service.house, krycek.actor, ABOUT, revoke_credential, ORG, sha256, RevocationReason.KEY_COMPROMISE)
        else:
            assert crew.revoke_all(colleague, krycek) == 1
    # A policy, a role for an accomplice, a role taken, a removal: each waits for somebody else.
    change = policy_change(service, ORG, WIDE)
    assert propose(service, change, krycek).change.state is ChangeState.OPEN
    assert kind_of(lambda: answer(service, change, krycek)) == "already-signed"
    assert kind_of(lambda: propose(service, policy_change(service, ORG, WIDE, quorum=1), krycek)) == "change-quorum"
    accomplice = RoleChange(crew.reader.administrator.id, Role.SECURITY_ADMINISTRATOR, None, gives=True)
    taken = RoleChange(crew.dana.administrator.id, Role.SECURITY_ADMINISTRATOR, None, gives=False)
    for decision in (accomplice, taken, Removal(crew.dana.administrator.id), Removal(crew.walter.administrator.id)):
        state, change_id, content = crew.decide(decision, krycek)
        assert state is ChangeState.OPEN, decision
        assert kind_of(lambda of=change_id, what=content: crew.sign(of, what, krycek)) == "already-signed"  # type: ignore[misc] # bound now
    assert (standing(service, change).state, crew.newest()) == (ChangeState.OPEN, 1)
    assert {crew.state(whom) for whom in (crew.dana, crew.walter)} == {AdministratorState.ACTIVE}
    assert crew.service.renewed(crew.reader).administrator.assignments[0].role is Role.READ_ONLY


def test_a_rogue_gets_no_card_of_a_colleague(crew: Crew) -> None:
    """Invited again the colleague may be, and the code goes to the colleague's own address."""
    service, krycek = crew.service, crew.krycek
    crew.revoke_all(crew.dana, krycek)
    signed = json.loads(service.invitation_content(krycek, "Dana Scully", Role.READ_ONLY))
    for email, kind in ((krycek.administrator.email, "name-taken"), ("dana@evil.test", "name-taken")):
        fields = {key: value for key, value in signed.items() if key != "type"} | {"email": email}
        signature = service.sign(Invitation(**fields).to_bytes(), krycek)
        assert kind_of(lambda of=signature: perform(service.house, krycek.actor, ABOUT, invite_with_signature, ORG, of)) == kind  # type: ignore[misc] # bound now


def test_the_others_come_back_and_remove_the_rogue(crew: Crew) -> None:
    """The way out: whoever still can invites the colleague again, and two of them remove the rogue."""
    service, krycek = crew.service, crew.krycek
    crew.revoke_all(crew.dana, krycek)
    service.clock.advance(timedelta(seconds=2))
    dana = service.administrator(ORG, "Dana Scully", by=crew.walter)
    assert dana.administrator.id == crew.dana.administrator.id
    assert crew.revoke_all(krycek, crew.walter) == 1
    assert kind_of(lambda: propose(service, policy_change(service, ORG, WIDE), krycek)) == "credential-unusable"
    state, change_id, content = crew.decide(Removal(krycek.administrator.id), crew.walter)
    assert state is ChangeState.OPEN
    assert crew.sign(change_id, content, dana) is ChangeState.APPLIED
    assert crew.state(krycek) is AdministratorState.REMOVED


def test_what_he_revokes_stands_in_the_log_with_his_name(crew: Crew) -> None:
    crew.revoke_all(crew.dana, crew.krycek)
    with crew.service.house.database.read(crew.service.clock()) as tx:
        read = [json.loads(entry) for entry in audit.of_objects(tx, f"o-{ORG}", [crew.dana.administrator.id])]
    [entry] = [item for item in read if item["action"] == "revoke-credential"]
    assert (entry["outcome"], entry["actor"]["id"]) == ("done", crew.krycek.administrator.id)


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param("UPDATE administrator_credentials SET revoked_at = :before WHERE administrator_id <> :rogue", id="revoked for long"),
        pytest.param("UPDATE administrator_credentials SET not_after = :before WHERE administrator_id <> :rogue", id="expired for long"),
    ],
)
def test_the_issuer_counts_them_too(crew: Crew, forge: str) -> None:
    """Somebody at the database and the rogue together: the rows say that no colleague could sign, and one signature was enough."""
    service = crew.service
    service.clock.advance(timedelta(days=8))
    service.integrate()
    before = int((service.clock() - timedelta(days=8)).timestamp() * 1_000_000)
    make_intruder(service).sql(forge, before=before, rogue=crew.krycek.administrator.id)
    honest = service.house
    service.house = replace(honest, quorums={ChangeKind.POLICY: 1})
    assert propose(service, policy_change(service, ORG, WIDE), crew.krycek).change.state is ChangeState.APPLIED
    service.house = honest
    request = service.submit(ORG, make_csr(["webtrust.resource-marketing.test"], make_key()))
    service.approve(request, crew.krycek)
    [result] = service.prepare_and_complete(request.id)
    assert (result.ok, result.kind) == (False, "policy-unproven")


def test_what_one_decided_after_the_others_were_removed_is_issued(crew: Crew) -> None:
    """The honest way of the same: two were removed under enough signatures, and then one alone holds the right."""
    service, fox = crew.service, crew.krycek
    service.remove(crew.dana, by=fox)
    service.remove(crew.walter, by=fox)
    service.integrate()
    assert propose(service, policy_change(service, ORG, WIDE), fox).change.state is ChangeState.APPLIED
    request = service.submit(ORG, make_csr(["webtrust.resource-marketing.test"], make_key()))
    service.approve(request, fox)
    [result] = service.prepare_and_complete(request.id)
    assert result.ok, result
