"""I19 within an organization: whoever has rights in one department neither sees nor acts on another, even by naming its ids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from privyseal.actions.change.propose_change import propose_change
from privyseal.actions.department.move_certificate import move_certificate
from privyseal.actions.department.move_request import move_request
from privyseal.actions.house import About, perform
from privyseal.actions.request.approve_request import approve_request
from privyseal.actions.request.hold_request import hold_request
from privyseal.model.administrator import Permission, Role
from privyseal.model.certificate import Certificate
from privyseal.model.department import Department
from privyseal.model.errors import Conflict, NotFound, NotPermitted, PrivysealError, Refused
from privyseal.model.identifiers import DepartmentId
from privyseal.model.request import Request, RequestState
from privyseal.store import certificates, requests
from tests.doors.rest.rest_rig import API, ORG, RestRig
from tests.rigs.intruder import Intruder
from tests.rigs.service import AdministratorRig, ServiceRig, make_csr, make_key

ABOUT = About("test", ORG, "department", "new")


@dataclass(frozen=True, slots=True)
class Agencies:
    """An organization with two departments: ``xena`` decides in ``x`` and nowhere else."""

    service: ServiceRig
    fox: AdministratorRig
    xena: AdministratorRig
    x: Department
    y: Department

    def submit(self, department: Department | None, host: str) -> Request:
        csr = make_csr([f"{host}.resource-marketing.test"], make_key())
        return self.service.submit(ORG, csr, department=department.id if department else "")

    def issue(self, department: Department | None, host: str) -> Certificate:
        request = self.submit(department, host)
        self.service.approve(request, self.fox)
        assert [done.ok for done in self.service.prepare_and_complete(request.id)] == [True]
        certificate = self.service.certificate_of(request)
        assert certificate is not None
        return certificate


def make_agencies(service: ServiceRig) -> Agencies:
    """The organization with its two departments and their people."""
    service.create_organization(ORG)
    fox = service.administrator(ORG, "Fox Mulder")
    x, y = service.department(fox, "Agency X"), service.department(fox, "Agency Y")
    xena = service.administrator(ORG, "Xena Prince", Role.READ_ONLY, by=fox)
    service.assign(xena, Role.DEPARTMENT_ADMINISTRATOR, by=fox, department=x.id)
    xena = service.assign(xena, Role.READ_ONLY, by=fox, change="take")
    return Agencies(service, fox, xena, x, y)


@pytest.fixture
def agencies(service: ServiceRig) -> Agencies:
    return make_agencies(service)


def kind_of(work: Callable[[], object]) -> str:
    with pytest.raises(PrivysealError) as caught:
        work()
    return f"{type(caught.value).__name__} {caught.value.kind}"


def test_the_administrator_of_a_department_decides_there(agencies: Agencies) -> None:
    below = agencies.service.department(agencies.fox, "Motor vehicles", agencies.x.id)
    request = agencies.submit(below, "www")
    agencies.service.approve(request, agencies.xena)
    [done] = agencies.service.prepare_and_complete(request.id)
    certificate = agencies.service.certificate_of(request)
    assert done.ok
    assert certificate is not None
    assert certificate.department_id == below.id


def test_nothing_of_another_department_is_seen(agencies: Agencies) -> None:
    service = agencies.service
    mine, other, everybodys = agencies.submit(agencies.x, "x"), agencies.submit(agencies.y, "y"), agencies.submit(None, "z")
    issued, foreign = agencies.issue(agencies.x, "x2"), agencies.issue(agencies.y, "y2")
    rest = RestRig(service)
    client = rest.administrator(agencies.xena)
    listed = client.get(f"{API}/organizations/{ORG}/requests", params={"state": "pending"}).json()["items"]
    assert [item["id"] for item in listed] == [mine.id]
    found = client.get(f"{API}/organizations/{ORG}/certificates").json()["items"]
    assert [item["serial"] for item in found] == [issued.serial_hex]
    nowhere = client.get(f"{API}/organizations/{ORG}/requests/req-{32 * '0'}")
    for request in (other, everybodys):
        for path in ("", "/approval-content"):
            answer = client.get(f"{API}/organizations/{ORG}/requests/{request.id}{path}")
            assert (answer.status_code, answer.json()["detail"]) == (404, nowhere.json()["detail"])
    for path in ("", "/pem", "/pkcs7"):
        assert client.get(f"{API}/organizations/{ORG}/certificates/{foreign.serial_hex}{path}").status_code == 404
    # What belongs to the whole organization is not shown to somebody of one department.
    for path in ("audit", "audit/checkpoint"):
        assert client.get(f"{API}/organizations/{ORG}/{path}").status_code == 403


def test_nothing_of_another_department_is_done(agencies: Agencies) -> None:
    service, xena = agencies.service, agencies.xena
    request, certificate = agencies.submit(agencies.y, "y"), agencies.issue(agencies.y, "y2")
    assert kind_of(lambda: service.approve(request, xena)) == "NotFound not-found"
    assert kind_of(lambda: perform(service.house, xena.actor, ABOUT, hold_request, ORG, request.id, "Why?")) == "NotFound not-found"
    assert kind_of(lambda: perform(service.house, xena.actor, ABOUT, move_request, ORG, request.id, agencies.x.id)) == "NotFound not-found"

    def move(serial: str, department: DepartmentId | None) -> Certificate:
        return perform(service.house, xena.actor, ABOUT, move_certificate, ORG, serial, department)

    assert kind_of(lambda: move(certificate.serial_hex, agencies.x.id)) == "NotFound not-found"
    own = agencies.issue(agencies.x, "x2")
    assert kind_of(lambda: move(own.serial_hex, agencies.y.id)) == "NotFound not-found"
    assert kind_of(lambda: move(own.serial_hex, None)) == "NotPermitted scope"


def test_who_moves_a_request_takes_earlier_approvals_with_it(agencies: Agencies) -> None:
    service = agencies.service
    request = agencies.submit(agencies.x, "www")
    service.approve(request, agencies.xena)
    [done] = service.prepare_and_complete(request.id)
    assert done.ok
    waiting = agencies.submit(agencies.x, "two")
    signed = service.sign(service.approval_content(waiting, agencies.xena), agencies.xena)
    perform(service.house, agencies.fox.actor, ABOUT, move_request, ORG, waiting.id, agencies.y.id)

    assert kind_of(lambda: perform(service.house, agencies.xena.actor, ABOUT, approve_request, ORG, waiting.id, signed)) == (
        "NotFound not-found"
    )


def test_a_role_taken_in_the_middle_of_an_approval_counts(agencies: Agencies) -> None:
    service = agencies.service
    request = agencies.submit(agencies.x, "www")
    service.approve(request, agencies.xena)
    service.assign(agencies.xena, Role.DEPARTMENT_ADMINISTRATOR, by=agencies.fox, department=agencies.x.id, change="take")
    [done] = service.prepare_and_complete(request.id)
    assert (done.ok, done.kind) == (False, "approval-missing")


def test_the_issuer_believes_no_role_that_nobody_signed_for(agencies: Agencies) -> None:
    service, intruder = agencies.service, Intruder(agencies.service, make_key())
    request = agencies.submit(agencies.y, "y")
    add = "INSERT INTO assignments (id, administrator_id, role, department_id, given_at, given_by, ended_at, ended_by) VALUES "
    where = {"person": agencies.xena.administrator.id, "at": 1, "by": agencies.fox.administrator.id}
    intruder.sql(f"{add} ('asg-forged', :person, 'certificate-administrator', NULL, :at, :by, NULL, '')", **where)
    service.approve(request, agencies.xena)
    [done] = service.prepare_and_complete(request.id)
    assert (done.ok, done.kind) == (False, "approval-missing")


def test_the_issuer_believes_no_role_that_was_taken(agencies: Agencies) -> None:
    service, intruder = agencies.service, Intruder(agencies.service, make_key())
    request = agencies.submit(agencies.x, "x")
    service.assign(agencies.xena, Role.DEPARTMENT_ADMINISTRATOR, by=agencies.fox, department=agencies.x.id, change="take")
    intruder.sql("UPDATE assignments SET ended_at = NULL WHERE role = 'department-administrator'")
    service.approve(request, agencies.xena)
    [done] = service.prepare_and_complete(request.id)
    assert (done.ok, done.kind) == (False, "approval-missing")


def test_roles_are_given_by_others_and_somebody_is_always_left(agencies: Agencies) -> None:
    service, fox, xena = agencies.service, agencies.fox, agencies.xena
    assert kind_of(lambda: service.assign(fox, Role.AUDITOR, by=fox)) == "NotPermitted own-role"
    assert kind_of(lambda: service.assign(fox, Role.SECURITY_ADMINISTRATOR, by=fox, change="take")) == (
        "Conflict last-security-administrator"
    )
    assert kind_of(lambda: service.remove(fox, by=fox)) == "Conflict last-security-administrator"
    assert kind_of(lambda: service.assign(fox, Role.AUDITOR, by=xena)) == "NotPermitted role"
    assert kind_of(lambda: service.assign(xena, Role.SECURITY_ADMINISTRATOR, by=fox, department=agencies.x.id)) == "Refused role-scope"
    change_id, content = service.role_change(xena.administrator, Role.AUDITOR, ORG)
    signature = service.sign(service.change_statement(change_id, content, ORG, fox.administrator.id), fox)
    perform(service.house, fox.actor, ABOUT, propose_change, ORG, content, signature)
    with pytest.raises(Conflict, match="already"):
        service.assign(xena, Role.AUDITOR, by=fox)
    service.assign(xena, Role.AUDITOR, by=fox, change="take")
    again = kind_of(lambda: perform(service.house, fox.actor, ABOUT, propose_change, ORG, content, signature))
    assert again == "Conflict change-overtaken", "what gave a role once does not give it again"
    xena = service.assign(xena, Role.SECURITY_ADMINISTRATOR, by=fox)
    assert kind_of(lambda: service.assign(fox, Role.SECURITY_ADMINISTRATOR, by=fox, change="take")) == "NotPermitted own-role"
    service.assign(fox, Role.SECURITY_ADMINISTRATOR, by=xena, change="take")


def test_a_removed_administrator_is_nobody_at_once(agencies: Agencies) -> None:
    service = agencies.service
    request = agencies.submit(agencies.x, "www")
    service.approve(request, agencies.xena)
    client = RestRig(service).administrator(agencies.xena)
    assert client.get(f"{API}/organizations/{ORG}/requests").status_code == 200
    service.remove(agencies.xena, by=agencies.fox)
    assert client.get(f"{API}/organizations/{ORG}/requests").status_code == 401
    [done] = service.prepare_and_complete(request.id)
    assert (done.ok, done.kind) == (False, "approval-missing")
    with pytest.raises((NotFound, NotPermitted, Refused)):
        service.approve(agencies.submit(agencies.x, "two"), agencies.xena)


def test_counts_and_searches_stay_within(agencies: Agencies) -> None:

    for number in range(3):
        agencies.submit(agencies.y, f"shop{number}")
    mine = agencies.submit(agencies.x, "shop9")
    issued = agencies.issue(agencies.x, "store1")
    agencies.issue(agencies.y, "store2")
    scope = agencies.xena.actor.scope(Permission.READ)
    organization_id = mine.organization_id
    with agencies.service.house.database.read(agencies.service.clock()) as tx:
        assert requests.count_in(tx, organization_id, [RequestState.PENDING], scope) == {RequestState.PENDING: 1}
        assert [row.id for row in requests.newest(tx, organization_id, text="shop", scope=scope)] == [mine.id]
        oldest = requests.oldest_in(tx, organization_id, RequestState.PENDING, scope)
        assert oldest is not None
        assert oldest.id == mine.id
        wanted = certificates.Search(text="store")
        assert [row.id for row in certificates.search(tx, organization_id, wanted, scope=scope)] == [issued.id]
        assert certificates.count(tx, organization_id, certificates.Standing.VALID, scope) == 1
