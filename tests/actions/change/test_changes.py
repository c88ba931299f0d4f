"""Changes under dual control, as the people who sign see them and as somebody who wants to get around them."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from privyseal.actions.administrator.revoke_credential import revoke_credential
from privyseal.actions.change.expire_changes import expire_changes
from privyseal.actions.house import About, perform
from privyseal.actions.organization.add_policy import add_policy
from privyseal.model.actor import SYSTEM
from privyseal.model.administrator import AdministratorState, Role
from privyseal.model.change import ChangeKind, ChangeState
from privyseal.model.errors import Conflict, NotFound, NotPermitted, PrivysealError, Refused
from privyseal.model.policy import Policy
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.price import price_content
from privyseal.model.revocation import RevocationReason
from privyseal.model.rules import Tier
from privyseal.model.unit import UnitTier
from privyseal.store import administrators, audit, organizations, policies, prices
from tests.rigs.changes import Proposed, answer, change_policy, policy_change, propose, proposed, standing
from tests.rigs.service import OPERATOR, AdministratorRig, Beginning, ServiceRig

ORG, OTHER = "resource-marketing", "bookstore"
SHORT = PolicyDraft(lifetimes_days=(30, 90))


def three_administrators(service: ServiceRig) -> tuple[AdministratorRig, AdministratorRig, AdministratorRig]:
    service.create_organization()
    first = service.administrator(ORG, "Fox Mulder")
    return first, service.administrator(ORG, "Dana Scully", by=first), service.administrator(ORG, "Walter Skinner", by=first)


@pytest.fixture
def beginning(request: pytest.FixtureRequest) -> tuple[tuple[str, ...], Beginning] | None:
    return (("three administrators",), three_administrators) if "people" in request.fixturenames else None


@pytest.fixture
def people(service: ServiceRig) -> tuple[AdministratorRig, AdministratorRig, AdministratorRig]:
    """Three security administrators of one organization."""
    begun: tuple[AdministratorRig, AdministratorRig, AdministratorRig] = service.begun
    return begun


def newest(service: ServiceRig, slug: str = ORG, name: str = "tls-server") -> Policy:
    with service.house.database.read(service.clock()) as tx:
        policy = policies.newest(tx, organizations.require(tx, slug).id, name)
    assert policy is not None
    return policy


def entries(service: ServiceRig, change: Proposed, slug: str = ORG) -> list[tuple[str, str]]:
    """Action and reason of everything that the log has as done about a change."""
    log = f"o-{slug}" if slug else "provider"
    with service.house.database.read(service.clock()) as tx:
        read = [json.loads(entry) for entry in audit.of_objects(tx, log, [change.id])]
    return [(entry["action"], entry["reason"]) for entry in read if entry["outcome"] == "done"]


def test_two_people_make_a_version(service: ServiceRig, people: tuple[AdministratorRig, ...]) -> None:
    mulder, scully, _ = people
    change = policy_change(service, ORG, SHORT)
    first = propose(service, change, mulder)
    assert (first.change.state, first.signed, first.needed) == (ChangeState.OPEN, 1, 2)
    assert newest(service).version == 1
    last = answer(service, change, scully)
    assert (last.change.state, last.signed, last.needed) == (ChangeState.APPLIED, 2, 2)
    assert (newest(service).version, newest(service).lifetimes_days) == (2, (30, 90))
    said = entries(service, change)
    assert [action for action, _ in said] == ["propose-change", "sign-change", "sign-change", "apply-change"]
    assert said[-1][1] == "policy: signed by 2"
    with pytest.raises(Conflict, match="holds already") as error:
        answer(service, change, people[2])
    assert error.value.kind == "change-closed"


def test_nobody_counts_twice(service: ServiceRig, people: tuple[AdministratorRig, ...]) -> None:
    mulder = people[0]
    change = policy_change(service, ORG, SHORT)
    propose(service, change, mulder)
    with pytest.raises(Conflict, match="Fox Mulder has signed") as error:
        answer(service, change, mulder)
    assert error.value.kind == "already-signed"
    assert (standing(service, change).state, newest(service).version) == (ChangeState.OPEN, 1)


def test_nobody_counts_twice_with_another_credential(service: ServiceRig, people: tuple[AdministratorRig, ...]) -> None:
    mulder, scully, _ = people
    change = policy_change(service, ORG, SHORT)
    propose(service, change, mulder)
    with service.house.database.write(service.clock()) as tx:
        administrators.revoke_credential(tx, administrators.credentials_of(tx, mulder.administrator.id)[0].certificate_sha256)
    again = service.administrator(ORG, "Fox Mulder", by=scully)
    assert again.administrator.id == mulder.administrator.id
    with pytest.raises(Conflict) as error:
        answer(service, change, again)
    assert error.value.kind == "already-signed"
    assert newest(service).version == 1


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("organization", OTHER, "change-statement"),
        ("service", "other.localhost", "change-statement"),
        ("kind", "role", "change-statement"),
        ("kind", "price", "change-kind"),
        ("content_sha256", "00" * 32, "change-statement"),
        ("change", "chg-" + "0" * 32, "change-statement"),
        ("signer", "adm-" + "0" * 32, "change-statement"),
    ],
)
def test_what_was_signed_for_something_else_counts_nowhere(
    service: ServiceRig, people: tuple[AdministratorRig, ...], field: str, value: str, kind: str
) -> None:
    change = policy_change(service, ORG, SHORT)
    propose(service, change, people[0])
    with pytest.raises(Refused) as error:
        answer(service, change, people[1], **{field: value})
    assert error.value.kind == kind
    assert (standing(service, change).state, newest(service).version) == (ChangeState.OPEN, 1)


def test_another_organization_finds_nothing(service: ServiceRig, people: tuple[AdministratorRig, ...]) -> None:
    service.create_organization(OTHER, name="The Bookstore", domains=("bookstore.test",))
    foreign = service.administrator(OTHER, "Fox Mulder")
    change = policy_change(service, ORG, SHORT)
    propose(service, change, people[0])
    with pytest.raises(NotFound):
        answer(service, change, foreign)
    with pytest.raises(Refused) as error:
        answer(service, change, foreign, slug=ORG, organization=ORG)
    assert error.value.kind == "signer-unknown"


def test_the_provider_signs_nothing_of_an_organization(service: ServiceRig, people: tuple[AdministratorRig, ...]) -> None:
    provider = service.administrator("", "Pat Provider", Role.PROVIDER_ADMINISTRATOR)
    change = policy_change(service, ORG, SHORT)
    propose(service, change, people[0])
    with pytest.raises(Refused) as error:
        answer(service, change, provider, slug=ORG, organization=ORG)
    assert error.value.kind == "signer-unknown"
    with pytest.raises(NotPermitted) as late:
        perform(service.house, OPERATOR, About("add-policy", ORG, "policy", "new"), add_policy, ORG, SHORT)
    assert (late.value.kind, newest(service).version) == ("organization-decides", 1)


def test_who_lacks_the_right_signs_nothing(service: ServiceRig, people: tuple[AdministratorRig, ...]) -> None:
    change = policy_change(service, ORG, SHORT)
    propose(service, change, people[0])
    for role in (Role.CERTIFICATE_ADMINISTRATOR, Role.AUDITOR, Role.READ_ONLY):
        with pytest.raises(NotPermitted) as error:
            answer(service, change, service.administrator(ORG, f"Reader {role.value}", role, by=people[0]))
        assert error.value.kind == "role"
    assert newest(service).version == 1


def test_who_was_removed_in_the_middle_counts_no_more(service: ServiceRig, people: tuple[AdministratorRig, ...]) -> None:
    mulder, scully, skinner = people
    change = policy_change(service, ORG, SHORT)
    propose(service, change, mulder)
    with service.house.database.write(service.clock()) as tx:
        assert administrators.change_state(tx, mulder.administrator.id, AdministratorState.ACTIVE, AdministratorState.REMOVED)
    answered = answer(service, change, scully)
    assert (answered.change.state, answered.signed, newest(service).version) == (ChangeState.OPEN, 1, 1)
    assert answer(service, change, skinner).change.state is ChangeState.APPLIED


def test_a_credential_that_was_revoked_in_the_middle_counts_no_more(service: ServiceRig, people: tuple[AdministratorRig, ...]) -> None:
    mulder, scully, skinner = people
    change = policy_change(service, ORG, SHORT)
    propose(service, change, mulder)
    sha256 = mulder.actor.credential_sha256
    about = About("revoke-credential", ORG, "administrator", mulder.administrator.id)
    perform(service.house, scully.actor, about, revoke_credential, ORG, sha256, RevocationReason.KEY_COMPROMISE)
    assert answer(service, change, scully).signed == 1
    assert answer(service, change, skinner).signed == 2


def test_a_policy_edited_between_two_approvals(service: ServiceRig, people: tuple[AdministratorRig, ...]) -> None:
    mulder, scully, skinner = people
    slow, fast = policy_change(service, ORG, SHORT), policy_change(service, ORG, PolicyDraft(approvals=2))
    propose(service, slow, mulder)
    propose(service, fast, scully)
    answer(service, fast, skinner)
    assert (standing(service, slow).state, newest(service).approvals) == (ChangeState.OVERTAKEN, 2)
    with pytest.raises(Conflict, match="another change was faster") as error:
        answer(service, slow, skinner)
    assert error.value.kind == "change-overtaken"
    assert ("overtake-change", fast.id) in entries(service, slow)
    with pytest.raises(Conflict, match="has version 2 now") as stale:
        propose(service, slow, mulder)
    assert stale.value.kind == "change-overtaken"


def test_of_two_at_once_one_wins(service: ServiceRig, people: tuple[AdministratorRig, ...]) -> None:
    mulder, scully, skinner = people
    pair = [policy_change(service, ORG, replace(SHORT, max_endpoints=number)) for number in (3, 4)]
    for change in pair:
        propose(service, change, mulder)
    outcomes: dict[str, str] = {}
    begin = threading.Barrier(2)

    def sign(change: Proposed, by: AdministratorRig) -> None:
        begin.wait()
        try:
            outcomes[change.id] = answer(service, change, by).change.state.value
        except PrivysealError as error:
            outcomes[change.id] = error.kind

    threads = [threading.Thread(target=sign, args=pair_of) for pair_of in zip(pair, (scully, skinner), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes.values()) == ["applied", "change-overtaken"]
    assert newest(service).version == 2


def test_one_change_signed_by_two_at_once_is_applied_once(service: ServiceRig, people: tuple[AdministratorRig, ...]) -> None:
    change = policy_change(service, ORG, SHORT)
    propose(service, change, people[0])
    begin, outcomes = threading.Barrier(2), list[str]()

    def sign(by: AdministratorRig) -> None:
        begin.wait()
        try:
            outcomes.append(answer(service, change, by).change.state.value)
        except PrivysealError as error:
            outcomes.append(error.kind)

    threads = [threading.Thread(target=sign, args=(by,)) for by in people[1:]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["applied", "change-closed"]
    assert newest(service).version == 2


def test_a_change_is_refused_with_a_reason(service: ServiceRig, people: tuple[AdministratorRig, ...]) -> None:
    mulder, scully, skinner = people
    change = policy_change(service, ORG, SHORT)
    propose(service, change, mulder)
    ended = answer(service, change, scully, decision="refuse", reason="90 days are too short for the load balancers").change
    assert (ended.state, ended.reason) == (ChangeState.REFUSED, "90 days are too short for the load balancers")
    with pytest.raises(Conflict, match="was refused"):
        answer(service, change, skinner)
    assert newest(service).version == 1


def test_only_the_proposer_withdraws(service: ServiceRig, people: tuple[AdministratorRig, ...]) -> None:
    change = policy_change(service, ORG, SHORT)
    propose(service, change, people[0])
    with pytest.raises(NotPermitted) as error:
        answer(service, change, people[1], decision="withdraw", reason="not mine")
    assert error.value.kind == "not-proposer"
    assert answer(service, change, people[0], decision="withdraw", reason="by mistake").change.state is ChangeState.WITHDRAWN


def test_after_seven_days_it_is_over(service: ServiceRig, people: tuple[AdministratorRig, ...]) -> None:
    change = policy_change(service, ORG, SHORT)
    propose(service, change, people[0])
    service.clock.advance(timedelta(days=7))
    with pytest.raises(Conflict, match="did not get its signatures in time"):
        answer(service, change, people[1])
    with service.house.database.write(service.clock()) as tx:
        assert expire_changes(service.house, tx, SYSTEM) == 1
        assert expire_changes(service.house, tx, SYSTEM) == 0
    assert standing(service, change).state is ChangeState.EXPIRED
    assert newest(service).version == 1


def test_a_proposal_is_not_replayed(service: ServiceRig, people: tuple[AdministratorRig, ...]) -> None:
    change = policy_change(service, ORG, SHORT)
    propose(service, change, people[0])
    with pytest.raises(Refused) as error:
        propose(service, change, people[0])
    assert error.value.kind == "change-replayed"
    with pytest.raises(Refused) as life:
        propose(service, policy_change(service, ORG, SHORT), people[0], expires="2099-01-01T00:00:00Z")
    assert life.value.kind == "statement-life"


def test_nobody_asks_for_fewer_signatures(service: ServiceRig, people: tuple[AdministratorRig, ...]) -> None:
    with pytest.raises(Refused, match="2 have to sign") as error:
        propose(service, policy_change(service, ORG, SHORT, quorum=1), people[0])
    assert error.value.kind == "change-quorum"


def test_where_one_alone_holds_the_right_one_signs(service: ServiceRig) -> None:
    service.create_organization()
    alone = service.administrator(ORG, "Fox Mulder")
    change = policy_change(service, ORG, SHORT)
    assert propose(service, change, alone).change.state is ChangeState.APPLIED
    assert entries(service, change)[-1] == ("apply-change", "policy: signed by 1; 2 are wanted, but fewer hold the right")
    assert newest(service).version == 2


def test_a_quorum_of_three_by_configuration(service: ServiceRig, people: tuple[AdministratorRig, ...]) -> None:
    service.house = replace(service.house, quorums={ChangeKind.POLICY: 3})
    change = policy_change(service, ORG, SHORT)
    propose(service, change, people[0])
    assert answer(service, change, people[1]).change.state is ChangeState.OPEN
    assert answer(service, change, people[2]).change.state is ChangeState.APPLIED


def test_the_public_tier_is_not_left(service: ServiceRig) -> None:
    service.create_organization(policy=PolicyDraft(tier=Tier.PUBLIC))
    alone = service.administrator(ORG, "Fox Mulder")
    with pytest.raises(Refused, match="does not go back"):
        propose(service, policy_change(service, ORG, PolicyDraft()), alone)


def test_a_policy_of_the_organizations_own_name(service: ServiceRig, people: tuple[AdministratorRig, ...]) -> None:
    made = change_policy(service, ORG, PolicyDraft(name="inside", approvals=2), people[0], people[1])
    assert (made.version, made.approvals) == (1, 2)
    stolen = policy_change(service, ORG, PolicyDraft(name="other"))
    value = json.loads(stolen.content)["value"] | {"id": made.id}
    with pytest.raises(Refused, match="Another policy has this id"):
        propose(service, proposed(ChangeKind.POLICY, "other", 0, 2, value), people[0])


def test_the_price_list_is_changed_by_two_of_the_provider(service: ServiceRig) -> None:
    first = service.administrator("", "Pat Provider", Role.PROVIDER_ADMINISTRATOR)
    second = service.administrator("", "Kim Provider", Role.PROVIDER_ADMINISTRATOR)
    pair = [proposed(ChangeKind.PRICE, "standard", 0, 2, price_content(UnitTier.STANDARD, 1, cents, "EUR")) for cents in (4900, 100)]
    for change in pair:
        propose(service, change, first)
    with pytest.raises(Conflict):
        answer(service, pair[0], first)
    assert answer(service, pair[0], second).change.state is ChangeState.APPLIED
    assert standing(service, pair[1]).state is ChangeState.OVERTAKEN
    with service.house.database.read(service.clock()) as tx:
        price = prices.newest(tx, UnitTier.STANDARD)
    assert price is not None
    assert (price.cents, price.currency, price.version) == (4900, "EUR", 1)
    assert [action for action, _ in entries(service, pair[0], "")] == ["propose-change", "sign-change", "sign-change", "apply-change"]
