"""What a person approved: each certificate once, the newest approval first, within a scope, in the order of an index."""

from __future__ import annotations

import pytest

from privyseal.model.administrator import Role
from privyseal.model.certificate import Certificate
from privyseal.model.identifiers import ApprovalId
from privyseal.model.scope import EVERYTHING, Scope
from privyseal.store import certificates, certificates_approved, organizations, requests
from privyseal.store.certificates import Search, Standing
from privyseal.store.certificates_approved import Approved
from privyseal.store.departments import MANY
from tests.rigs.plans import plans
from tests.rigs.service import AdministratorRig, ServiceRig

ORG = "resource-marketing"
sqlite = pytest.mark.parametrize("service", ["sqlite"], indirect=True)


@pytest.fixture
def fox(service: ServiceRig) -> AdministratorRig:
    service.create_organization()
    return service.administrator(ORG, "Fox Mulder")


def listed(
    service: ServiceRig, person: AdministratorRig, *, scope: Scope = EVERYTHING, before: str = "", limit: int = 50
) -> list[Approved]:
    with service.house.database.read(service.clock()) as tx:
        organization = organizations.require(tx, ORG)
        return certificates_approved.by_person(tx, organization.id, person.administrator.id, scope=scope, before=before, limit=limit)


def made(service: ServiceRig, fox: AdministratorRig, count: int) -> list[Certificate]:
    return [service.issue(ORG, fox, [f"host-{number}.resource-marketing.test"]) for number in range(count)]


def test_pages_of_what_was_approved(service: ServiceRig, fox: AdministratorRig) -> None:
    dana = service.administrator(ORG, "Dana Scully", Role.SECURITY_ADMINISTRATOR, by=fox)
    issued = made(service, fox, 5)
    serials = [item.serial_hex for item in reversed(issued)]
    first = listed(service, fox, limit=3)
    rest = listed(service, fox, before=first[-1].approval_id, limit=3)
    assert [item.serial_hex for item in [*first, *rest]] == serials
    assert listed(service, fox, before=rest[-1].approval_id) == []
    assert listed(service, dana) == []
    assert listed(service, fox, scope=Scope(everything=False, paths=("nowhere/",))) == []


def test_who_approved_again_after_a_failure_is_listed_once(service: ServiceRig, fox: AdministratorRig) -> None:
    [certificate] = made(service, fox, 1)
    with service.house.database.write(service.clock()) as tx:
        row = tx.execute(requests.approvals.select()).one()
        earlier = {**row._mapping, "id": ApprovalId("apr-" + "0" * 32), "content_sha256": "0" * 64}
        tx.execute(requests.approvals.insert().values(**earlier))
    assert [item.serial_hex for item in listed(service, fox)] == [certificate.serial_hex]


@sqlite
def test_the_index_leads_to_a_page(service: ServiceRig, fox: AdministratorRig) -> None:
    made(service, fox, 1)
    with service.house.database.read(service.clock()) as tx:
        organization = organizations.require(tx, ORG)
    person = fox.administrator.id
    scope = Scope(everything=False, paths=("nowhere/",))
    for seen in (EVERYTHING, scope):
        [plan] = plans(
            service.house.database,
            service.clock(),
            lambda tx, seen=seen: certificates_approved.by_person(tx, organization.id, person, scope=seen),  # type: ignore[misc]
        )
        assert "ix_approvals_person" in plan
        assert "TEMP B-TREE" not in plan, "nothing is sorted"


@sqlite
def test_the_newest_of_many_departments_are_met_and_those_of_few_are_looked_for(service: ServiceRig, fox: AdministratorRig) -> None:
    top = service.department(fox, "Web")
    for number in range(MANY):
        service.department(fox, f"Web {number}", top.id)
    alone = service.department(fox, "Alone")
    with service.house.database.read(service.clock()) as tx:
        organization = organizations.require(tx, ORG)
    found = {}
    for department in (top, alone):
        scope = Scope(everything=False, paths=(department.path,))
        asked = plans(
            service.house.database,
            service.clock(),
            lambda tx, scope=scope: certificates.search(tx, organization.id, Search(standing=Standing.VALID), scope=scope),  # type: ignore[misc]
        )
        found[department.name] = asked[-1]
    assert "ix_certificates_newest" in found["Web"]
    assert "ix_certificates_department" in found["Alone"]
