"""I13, I14: whoever can write the database, and nothing else, slips no policy in. The issuer process alone refuses.

Each attack leaves in the tables what an honest change or set-up would have left, and then has a certificate issued.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.change.propose_change import propose_change
from privyseal.actions.house import About, perform, record
from privyseal.actions.request.approve_request import approve_request
from privyseal.model.actor import SYSTEM
from privyseal.model.administrator import Role
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.change import ChangeKind
from privyseal.model.errors import NotPermitted
from privyseal.model.policy import Policy, policy_content
from privyseal.model.policy_draft import PolicyDraft
from privyseal.store import audit, organizations, policies
from privyseal_wire.canonical import canonical_bytes
from tests.rigs.authenticator import Authenticator
from tests.rigs.changes import change_policy, policy_change, propose
from tests.rigs.intruder import make_intruder
from tests.rigs.passkeys import enroll, invite
from tests.rigs.service import OPERATOR, AdministratorRig, ServiceRig, hashes_hex, make_csr, make_key

ORG = "resource-marketing"
NAMES = ["webtrust.resource-marketing.test"]
WIDE = PolicyDraft(lifetimes_days=(365, 800), approvals=1)


@pytest.fixture
def people(service: ServiceRig) -> tuple[AdministratorRig, AdministratorRig]:
    """Two security administrators; the set-up asks for two approvals."""
    service.create_organization(policy=PolicyDraft(approvals=2))
    first = service.administrator(ORG, "Fox Mulder")
    second = service.administrator(ORG, "Dana Scully", by=first)
    service.integrate()
    return first, second


def verdict(service: ServiceRig, *approvers: AdministratorRig) -> str:
    """What becomes of a certificate under the newest version: "" when it is issued, else the kind of refusal."""
    request = service.submit(ORG, make_csr(NAMES, make_key()))
    for approver in approvers:
        service.approve(request, approver)
    [result] = service.prepare_and_complete(request.id)
    return "" if result.ok else result.kind


def slip_in(service: ServiceRig, draft: PolicyDraft = WIDE, change_id: str | None = None) -> Policy:
    """Write the next version of a policy as an action would have."""
    house = service.house
    with house.database.write(service.clock()) as tx:
        organization = organizations.require(tx, ORG)
        previous = policies.newest(tx, organization.id, draft.name)
        assert previous is not None
        policy = draft.version_after(previous, previous.id, organization.id, tx.now)
        content = canonical_bytes(policy_content(policy))
        stored = replace(policy, sha256=hashes_hex(content))
        policies.insert(tx, stored, content)
    if change_id is not None:
        make_intruder(service).sql(
            "UPDATE policies SET change_id = :change WHERE version = :version", change=change_id, version=policy.version
        )
    return stored


def test_what_the_provider_set_up_and_what_two_signed_is_issued(
    service: ServiceRig, people: tuple[AdministratorRig, AdministratorRig]
) -> None:
    assert verdict(service, *people) == ""
    service.integrate()
    assert verdict(service, *people) == ""
    change_policy(service, ORG, WIDE, *people)
    assert verdict(service, people[0]) == ""


def test_a_version_that_nobody_signed(service: ServiceRig, people: tuple[AdministratorRig, AdministratorRig]) -> None:
    slip_in(service)
    assert verdict(service, people[0]) == "policy-unproven"


def test_an_entry_that_comes_too_late(service: ServiceRig, people: tuple[AdministratorRig, AdministratorRig]) -> None:
    policy = slip_in(service)
    with service.house.database.write(service.clock()) as tx:
        record(service.house, tx, OPERATOR, ORG, AuditEvent("add-policy", Outcome.DONE, "policy", policy.id, policy.sha256, "version 2"))
    assert verdict(service, people[0]) == "policy-unproven"
    service.integrate()
    assert verdict(service, people[0]) == "policy-unproven"


def test_an_entry_that_is_put_before_the_others(service: ServiceRig, people: tuple[AdministratorRig, AdministratorRig]) -> None:
    policy, log = slip_in(service), f"o-{ORG}"
    with service.house.database.read(service.clock()) as tx:
        honest = [json.loads(entry) for _, entry in audit.every_entry(tx, log)]
    [first] = [entry for entry in honest if entry["action"] == "add-policy"]
    forged = first | {"object": {"kind": "policy", "id": policy.id, "sha256": policy.sha256}}
    make_intruder(service).sql("UPDATE audit_entries SET entry = :entry WHERE id = :id", entry=canonical_bytes(forged), id=first["id"])
    request = service.submit(ORG, make_csr(NAMES, make_key()))
    service.approve(request, people[0])
    [result] = service.prepare_and_complete(request.id)
    assert (result.ok, result.kind) == (False, "evidence-differs")


def test_a_version_with_the_change_of_another_one(service: ServiceRig, people: tuple[AdministratorRig, AdministratorRig]) -> None:
    change = policy_change(service, ORG, PolicyDraft(approvals=2, max_endpoints=3))
    propose(service, change, people[0])
    slip_in(service, change_id=change.id)
    assert verdict(service, people[0]) == "policy-unproven"


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param("UPDATE changes SET quorum = 1, state = 'applied'", id="a quorum that was lowered"),
        pytest.param(
            "INSERT INTO change_signatures SELECT change_id, (SELECT id FROM administrators WHERE name = 'Dana Scully'), decision, "
            "content, signature, credential_sha256, at FROM change_signatures",
            id="one signature in two names",
        ),
    ],
)
def test_one_signature_where_two_are_wanted(service: ServiceRig, people: tuple[AdministratorRig, AdministratorRig], forge: str) -> None:
    change = policy_change(service, ORG, WIDE)
    propose(service, change, people[0])
    make_intruder(service).sql(forge)
    slip_in(service, change_id=change.id)
    assert verdict(service, people[0]) == "policy-unproven"


def test_a_content_that_says_one_is_enough(service: ServiceRig, people: tuple[AdministratorRig, AdministratorRig]) -> None:
    """Somebody at the database and one administrator together: the change says 1, while two could have signed for long."""
    service.clock.advance(timedelta(days=8))
    service.integrate()
    with pytest.raises(Exception, match="2 have to sign"):
        propose(service, policy_change(service, ORG, WIDE, quorum=1), people[0])
    honest = service.house
    service.house = replace(honest, quorums={ChangeKind.POLICY: 1})
    change_policy(service, ORG, WIDE, people[0])
    service.house = honest
    assert verdict(service, people[0]) == "policy-unproven"


def test_a_role_that_was_raised_in_the_register(service: ServiceRig, people: tuple[AdministratorRig, AdministratorRig]) -> None:
    reader = service.administrator(ORG, "Monica Reader", Role.READ_ONLY, by=people[0])
    change = policy_change(service, ORG, WIDE)
    propose(service, change, people[0])
    content = json.loads(change.content)
    assert content["quorum"] == 2
    make_intruder(service).sql("UPDATE administrators SET role = 'security-administrator'")
    with pytest.raises(Exception, match="not an Administrator ID of this person") as error:
        perform(
            service.house,
            reader.actor,
            About("propose-change", ORG, "change", "new"),
            propose_change,
            ORG,
            change.content,
            service.sign(b"x", reader),
        )
    assert getattr(error.value, "kind", "") == "credential-forged"


def test_a_change_goes_on_after_its_signers_left(service: ServiceRig, people: tuple[AdministratorRig, AdministratorRig]) -> None:
    change_policy(service, ORG, WIDE, *people)
    third = service.administrator(ORG, "Walter Skinner", by=people[0])
    service.clock.advance(timedelta(days=30))
    service.integrate()
    make_intruder(service).sql(
        "UPDATE administrator_credentials SET revoked_at = :now WHERE administrator_id <> :id",
        now=int(service.clock().timestamp() * 1_000_000),
        id=third.administrator.id,
    )
    assert verdict(service, third) == ""


def test_a_checksum_that_is_not_of_the_content(service: ServiceRig, people: tuple[AdministratorRig, AdministratorRig]) -> None:
    request = service.submit(ORG, make_csr(NAMES, make_key()))
    for person in people:
        service.approve(request, person)
    with service.house.database.read(service.clock()) as tx:
        _, content = policies.get(tx, request.policy_id, request.policy_version)
    lighter = content.replace(b'"approvals":2', b'"approvals":1')
    intruder = make_intruder(service)
    intruder.sql("UPDATE policies SET content = :content", content=lighter)
    about = About("prepare-certificate", "", "request", "batch")
    prepared = perform(service.house, SYSTEM, about, prepare_certificates, [request.id])
    assert [refusal.kind for _, refusal in prepared.failures] == ["policy-changed"]


CAREFUL = PolicyDraft(cms_only=True, approvals=2)


def test_a_high_value_policy_takes_two_administrator_ids(service: ServiceRig) -> None:
    service.create_organization(policy=CAREFUL)
    mulder = service.administrator(ORG, "Fox Mulder")
    scully = service.administrator(ORG, "Dana Scully", by=mulder)
    request = service.submit(ORG, make_csr(NAMES, make_key()))
    assert not service.approve(request, mulder).is_complete
    service.clock.advance(timedelta(seconds=2))
    with pytest.raises(Exception, match="has approved this request already"):
        service.approve(request, mulder)
    assert service.approve(request, scully).is_complete
    [result] = service.prepare_and_complete(request.id)
    assert result.ok, result


def test_a_passkey_approves_nothing_under_it(service: ServiceRig) -> None:
    """The entrance refuses it, and the issuer does not count it where somebody wrote it into the table."""
    service.create_organization(policy=PolicyDraft(cms_only=True))
    mulder = service.administrator(ORG, "Fox Mulder")
    scully = enroll(service, ORG, invite(service, ORG, "Dana Scully", by=mulder), Authenticator())
    request = service.submit(ORG, make_csr(NAMES, make_key()))
    signed = scully.sign(scully.approval(request))
    about = About("approve-request", ORG, "request", request.id)
    with pytest.raises(NotPermitted, match="Administrator ID only") as error:
        perform(service.house, scully.actor, about, approve_request, ORG, request.id, signed)
    assert error.value.kind == "cms-only"
    assert service.approve(request, mulder).is_complete
    make_intruder(service).sql(
        "UPDATE approvals SET administrator_id = :who, content = :content, signature = :signature, credential_sha256 = :sha256",
        who=scully.administrator.id,
        content=signed.content,
        signature=signed.assertion,
        sha256=scully.certificate_sha256,
    )
    [result] = service.prepare_and_complete(request.id)
    assert (result.ok, result.kind) == (False, "approval-missing")


def test_a_role_that_a_policy_demands_of_its_approvers(service: ServiceRig) -> None:
    service.create_organization(policy=PolicyDraft(approvers=Role.SECURITY_ADMINISTRATOR))
    mulder = service.administrator(ORG, "Fox Mulder")
    other = service.administrator(ORG, "Dana Scully", Role.CERTIFICATE_ADMINISTRATOR, by=mulder)
    request = service.submit(ORG, make_csr(NAMES, make_key()))
    with pytest.raises(NotPermitted) as error:
        service.approve(request, other)
    assert error.value.kind == "approver-role"
    assert service.approve(request, mulder).is_complete
