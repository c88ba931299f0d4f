"""Decision 0024: whoever can write the database, and nothing else, lets no paused CA go on. The issuer process alone refuses.

Each attack leaves in the tables what an honest resumption would have left; entrances believe it, and the issuer is asked.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from privyseal.cli.service_certificate import issue_service_certificate
from privyseal.model.administrator import Role
from privyseal.model.change import ChangeKind
from privyseal.model.errors import Unavailable
from privyseal.model.policy_draft import PolicyDraft
from privyseal.store import audit
from tests.rigs.changes import authority_change, policy_change, propose, set_issuing
from tests.rigs.intruder import Intruder, make_intruder
from tests.rigs.service import AdministratorRig, ServiceRig, make_csr, make_key

ORG = "resource-marketing"
INSERT = (
    "INSERT INTO ca_states (ca_id, version, issues, reason, change_id, at) "
    "SELECT ca_id, version + 1, :issues, :reason, :change, at FROM ca_states WHERE version = (SELECT max(version) FROM ca_states)"
)


@pytest.fixture
def fox(service: ServiceRig) -> AdministratorRig:
    """Who approves for an organization."""
    service.create_organization()
    return service.administrator(ORG, "Fox Mulder")


@pytest.fixture
def staff(service: ServiceRig) -> list[AdministratorRig]:
    """Two who operate the CAs."""
    return [service.administrator("", name, Role.PROVIDER_OPERATOR) for name in ("Olga Operator", "Otto Operator")]


def verdict(service: ServiceRig, fox: AdministratorRig) -> str:
    """What becomes of a certificate: "" when it is issued, else the kind of the issuer's refusal."""
    request = service.submit(ORG, make_csr([f"www.{ORG}.test"], make_key()))
    service.approve(request, fox)
    [result] = service.prepare_and_complete(request.id)
    return "" if result.ok else result.kind


def slip_in(intruder: Intruder, change_id: str, reason: str = "The HSM is exchanged") -> None:
    """Write the next version, which says that the CA goes on."""
    intruder.sql(INSERT, issues=True, reason=reason, change=change_id)


def test_what_two_signed_is_believed(service: ServiceRig, fox: AdministratorRig, staff: list[AdministratorRig]) -> None:
    assert verdict(service, fox) == ""
    for _ in range(2):
        set_issuing(service, staff, issues=False)
        set_issuing(service, staff, issues=True)
        service.integrate()
        assert verdict(service, fox) == ""


def test_a_resumption_that_nobody_signed(service: ServiceRig, fox: AdministratorRig, staff: list[AdministratorRig]) -> None:
    """With the change of the pause, with one of an organization, with one that was only proposed."""
    pause = set_issuing(service, staff, issues=False)
    intruder = make_intruder(service)
    slip_in(intruder, pause.id)
    assert verdict(service, fox) == "authority-unproven"
    policy = policy_change(service, ORG, PolicyDraft(name="other"))
    propose(service, policy, fox)
    intruder.sql("UPDATE ca_states SET change_id = :change WHERE version = 2", change=policy.id)
    assert verdict(service, fox) == "authority-unproven"
    intruder.sql("DELETE FROM ca_states WHERE version = 2")
    wish = authority_change(service, issues=True)
    propose(service, wish, staff[0])
    slip_in(intruder, wish.id)
    assert verdict(service, fox) == "authority-unproven"
    intruder.sql("UPDATE changes SET quorum = 1, state = 'applied' WHERE id = :id", id=wish.id)
    assert verdict(service, fox) == "authority-unproven"


def test_one_signature_in_two_names(service: ServiceRig, fox: AdministratorRig, staff: list[AdministratorRig]) -> None:
    set_issuing(service, staff, issues=False)
    wish = authority_change(service, issues=True)
    propose(service, wish, staff[0])
    intruder = make_intruder(service)
    intruder.sql(
        "INSERT INTO change_signatures SELECT change_id, :other, decision, content, signature, credential_sha256, at "
        "FROM change_signatures WHERE change_id = :change",
        other=staff[1].administrator.id,
        change=wish.id,
    )
    slip_in(intruder, wish.id)
    assert verdict(service, fox) == "authority-unproven"


def test_a_content_that_says_one_is_enough(service: ServiceRig, fox: AdministratorRig, staff: list[AdministratorRig]) -> None:
    """Somebody at the database and one operator together: the change says 1, while two could have signed for long."""
    set_issuing(service, staff, issues=False)
    service.integrate()
    service.clock.advance(timedelta(days=8))
    service.integrate()
    honest = service.house
    service.house = replace(honest, quorums={ChangeKind.AUTHORITY: 1})
    set_issuing(service, staff[:1], issues=True)
    service.house = honest
    assert verdict(service, fox) == "authority-unproven"


def test_an_earlier_resumption_does_not_hold_again(service: ServiceRig, fox: AdministratorRig, staff: list[AdministratorRig]) -> None:
    """Neither under the next number, nor with the pause that followed it deleted: the log tells of that one."""
    set_issuing(service, staff, issues=False)
    earlier = set_issuing(service, staff, issues=True)
    set_issuing(service, staff, issues=False)
    intruder = make_intruder(service)
    slip_in(intruder, earlier.id)
    assert verdict(service, fox) == "authority-unproven"
    intruder.sql("DELETE FROM ca_states WHERE version > 2")
    assert verdict(service, fox) == "authority-unproven"
    intruder.sql("DELETE FROM ca_states")
    assert verdict(service, fox) == "authority-unproven"
    service.integrate()
    assert verdict(service, fox) == "authority-unproven"


def test_an_operator_whose_right_is_only_a_row(service: ServiceRig, fox: AdministratorRig, staff: list[AdministratorRig]) -> None:
    set_issuing(service, staff, issues=False)
    auditor = service.administrator("", "Aud Auditor", Role.PROVIDER_AUDITOR)
    make_intruder(service).sql(
        "UPDATE assignments SET role = 'provider-operator' WHERE administrator_id = :id", id=auditor.administrator.id
    )
    set_issuing(service, [staff[0], auditor], issues=True)
    assert verdict(service, fox) == "authority-unproven"


def test_a_row_that_pauses_is_believed_whoever_wrote_it(service: ServiceRig, fox: AdministratorRig, staff: list[AdministratorRig]) -> None:
    set_issuing(service, staff, issues=False)
    resumption = set_issuing(service, staff, issues=True)
    request = service.submit(ORG, make_csr([f"www.{ORG}.test"], make_key()))
    service.approve(request, fox)
    make_intruder(service).sql(INSERT, issues=False, reason="Because", change=resumption.id)
    assert service.prepare_and_complete(request.id) == []
    with pytest.raises(Unavailable, match="paused"):
        verdict(service, fox)


def test_it_goes_on_after_those_who_signed_left(service: ServiceRig, fox: AdministratorRig, staff: list[AdministratorRig]) -> None:
    set_issuing(service, staff, issues=False)
    set_issuing(service, staff, issues=True)
    service.integrate()
    service.clock.advance(timedelta(days=30))
    service.integrate()
    make_intruder(service).sql(
        "UPDATE administrator_credentials SET revoked_at = :now WHERE administrator_id IN (:one, :two)",
        now=int(service.clock().timestamp() * 1_000_000),
        one=staff[0].administrator.id,
        two=staff[1].administrator.id,
    )
    assert verdict(service, fox) == ""


def test_the_operator_on_the_machine_does_not_use_a_paused_ca(service: ServiceRig, staff: list[AdministratorRig]) -> None:
    set_issuing(service, staff, issues=False)
    with pytest.raises(Unavailable, match="paused"):
        issue_service_certificate(service.house, service.settings, ["pki.example.test"])
    set_issuing(service, staff, issues=True)
    issue_service_certificate(service.house, service.settings, ["pki.example.test"])


def test_the_refusal_stands_in_the_log(service: ServiceRig, fox: AdministratorRig, staff: list[AdministratorRig]) -> None:
    pause = set_issuing(service, staff, issues=False)
    slip_in(make_intruder(service), pause.id)
    assert verdict(service, fox) == "authority-unproven"
    with service.house.database.read(service.clock()) as tx:
        entries = [json.loads(entry) for _, entry in audit.every_entry(tx, "provider")]
    refused = [entry["reason"] for entry in entries if (entry["action"], entry["outcome"]) == ("complete-certificate", "refused")]
    assert refused == ["authority-unproven"]
