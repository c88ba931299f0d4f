"""The servers of an issued certificate are changed: from one to another one, never what the approval signed. Both databases."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from privyseal.actions.certificate.assign_servers import NAMED, assign_servers
from privyseal.actions.certificate.revoke_certificate import BySystem, revoke_certificate
from privyseal.actions.department.move_certificate import move_certificate
from privyseal.actions.house import About, House, perform
from privyseal.look.audit_words import reason_words
from privyseal.model.actor import SYSTEM, Actor
from privyseal.model.administrator import Role
from privyseal.model.audit import organization_log
from privyseal.model.certificate import Certificate
from privyseal.model.department import Department
from privyseal.model.errors import Conflict, NotFound, PrivysealError, Refused
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.revocation import RevocationReason
from privyseal.store import audit, certificate_servers
from privyseal.store.certificate_servers import ServerChange, Servers
from privyseal.store.certificate_servers import certificate_servers as table
from tests.rigs.service import AdministratorRig, ServiceRig, make_csr, make_key

ORG = "resource-marketing"
ONE, TWO = "one.resource-marketing.test", "two.resource-marketing.test"
ROUNDS = 4


def issue(service: ServiceRig, admin: AdministratorRig, name: str, endpoints: tuple[str, ...], department: str = "") -> Certificate:
    """A certificate whose request names these servers."""
    request = service.submit(ORG, make_csr([name], make_key()), endpoints=endpoints, department=department)
    service.approve(request, admin)
    assert [done.ok for done in service.prepare_and_complete(request.id)] == [True]
    certificate = service.certificate_of(request)
    assert certificate is not None
    return certificate


def assign(
    service: ServiceRig, actor: Actor, certificate: Certificate, *endpoints: str, known: int = 0, house: House | None = None
) -> Servers:
    """Let these servers use it."""
    about = About("assign-servers", ORG, "certificate", certificate.serial_hex)
    return perform(house or service.house, actor, about, assign_servers, ORG, certificate.serial_hex, endpoints, known)


def servers_of(service: ServiceRig, certificate: Certificate) -> list[str]:
    """What uses it now."""
    with service.house.database.read(service.clock()) as tx:
        return [endpoint.text() for endpoint in certificate_servers.current(tx, certificate).endpoints]


def changes_of(service: ServiceRig, certificate: Certificate) -> list[ServerChange]:
    """Every change of it."""
    with service.house.database.read(service.clock()) as tx:
        return certificate_servers.history(tx, certificate.id)


def told(service: ServiceRig, certificate: Certificate, outcome: str = "done") -> list[str]:
    """The reasons of the log about its servers."""
    service.integrate()
    with service.house.database.read(service.clock()) as tx:
        entries = [json.loads(entry) for entry in audit.of_objects(tx, organization_log(ORG), [certificate.serial_hex], 200)]
    return [entry["reason"] for entry in entries if (entry["action"], entry["outcome"]) == ("assign-servers", outcome)]


def kind_of(service: ServiceRig, actor: Actor, certificate: Certificate, *endpoints: str, known: int = 0) -> str:
    """How it is refused."""
    with pytest.raises(PrivysealError) as caught:
        assign(service, actor, certificate, *endpoints, known=known)
    return f"{type(caught.value).__name__} {caught.value.kind}"


def test_a_server_goes_from_one_certificate_to_one_of_another_department(service: ServiceRig, fox: AdministratorRig) -> None:
    here, there = service.department(fox, "Here"), service.department(fox, "There")
    one = issue(service, fox, ONE, ("web-server:a.test", "load-balancer:b.test:8443"), here.id)
    two = issue(service, fox, TWO, ("web-server:c.test",), there.id)
    service.clock.advance(timedelta(hours=1))
    service.integrate()
    assert assign(service, fox.actor, one, "a.test").changes == 1
    assert assign(service, fox.actor, two, "c.test", "load-balancer:b.test:8443").changes == 1
    assert servers_of(service, one) == ["web-server:a.test"]
    assert servers_of(service, two) == ["web-server:c.test", "load-balancer:b.test:8443"]
    [change] = changes_of(service, one)
    assert (change.number, change.actor_id) == (1, fox.administrator.id)
    assert timedelta(0) <= service.clock() - change.at < timedelta(minutes=5)
    assert (told(service, one), told(service, two)) == (["removed: b.test:8443"], ["added: b.test:8443"])
    assert assign(service, fox.actor, one, "mail-server:a.test", "d.test", known=1).changes == 2
    assert told(service, one)[1:] == ["added: d.test; changed: a.test"]
    assert [len(item.endpoints) for item in changes_of(service, one)] == [1, 2]
    with service.house.database.read(service.clock()) as tx:
        newest = certificate_servers.newest_of(tx, [one.id, two.id])
        assert {key: change.number for key, change in newest.items()} == {one.id: 2, two.id: 1}


def test_what_the_approval_signed_stays_and_a_reissue_asks_for_what_is_there_now(service: ServiceRig, fox: AdministratorRig) -> None:
    request = service.submit(ORG, make_csr([ONE], make_key()), endpoints=("web-server:a.test",))
    service.approve(request, fox)
    service.prepare_and_complete(request.id)
    certificate = service.certificate_of(request)
    assert certificate is not None
    assert servers_of(service, certificate) == ["web-server:a.test"], "of the request, until they are changed"
    assign(service, fox.actor, certificate, "other:b.test")
    assert [endpoint.text() for endpoint in service.request(request).endpoints] == ["web-server:a.test"]
    again = service.reissue(ORG, certificate.serial_hex, make_csr([ONE], make_key()))
    assert [endpoint.text() for endpoint in again.endpoints] == ["other:b.test"]
    service.approve(again, fox)
    assert [done.ok for done in service.prepare_and_complete(again.id)] == [True], "the issuer believes what was signed"


def test_the_same_servers_again_are_harmless(service: ServiceRig, fox: AdministratorRig) -> None:
    certificate = issue(service, fox, ONE, ("web-server:a.test", "other:b.test"))
    for known in (0, 7):
        assert assign(service, fox.actor, certificate, "other:b.test", "A.test", known=known).changes == 0
    assert (changes_of(service, certificate), told(service, certificate)) == ([], [])
    assign(service, fox.actor, certificate, "c.test")
    # Pressed twice: what was sent again is what holds.
    assert assign(service, fox.actor, certificate, "c.test").changes == 1
    assert told(service, certificate) == ["added: c.test; removed: a.test, b.test"]


def test_who_has_not_seen_the_last_change_is_told(service: ServiceRig, fox: AdministratorRig) -> None:
    certificate = issue(service, fox, ONE, ("a.test",))
    for known in (-1, 1, 999_999_999):
        assert kind_of(service, fox.actor, certificate, "b.test", known=known) == "Conflict servers-changed"
    assign(service, fox.actor, certificate, "b.test")
    assert kind_of(service, fox.actor, certificate, "c.test") == "Conflict servers-changed"
    assert servers_of(service, certificate) == ["web-server:b.test"]
    assert assign(service, fox.actor, certificate, "c.test", known=1).changes == 2
    assert told(service, certificate, "refused") == ["servers-changed"] * 4


def test_two_at_once_leave_one_way(service: ServiceRig, fox: AdministratorRig) -> None:
    certificate = issue(service, fox, ONE, ("a.test",))
    houses = [service.open_house(), service.open_house()]
    for number in range(ROUNDS):
        go = Barrier(2)
        wanted = [f"x{number}.test", f"y{number}.test"]
        with ThreadPoolExecutor(2) as pool:
            ends = list(
                pool.map(
                    lambda pair, go=go, known=number: _try(service, fox, certificate, go, known, *pair), zip(houses, wanted, strict=True)
                )
            )
        assert sorted(ends) == ["Conflict", "done"]
        assert servers_of(service, certificate) == [f"web-server:{wanted[ends.index('done')]}"]
    assert [change.number for change in changes_of(service, certificate)] == list(range(1, ROUNDS + 1))
    assert len(told(service, certificate)) == ROUNDS
    for house in houses:
        house.database.close()


def _try(service: ServiceRig, fox: AdministratorRig, certificate: Certificate, go: Barrier, known: int, house: House, endpoint: str) -> str:
    go.wait()
    try:
        assign(service, fox.actor, certificate, endpoint, known=known, house=house)
    except Conflict as conflict:
        assert conflict.kind == "servers-changed"
        return "Conflict"
    return "done"


def test_the_row_decides_who_was_first(service: ServiceRig, fox: AdministratorRig) -> None:
    certificate = issue(service, fox, ONE, ("a.test",))
    with service.house.database.write(service.clock()) as tx:
        change = ServerChange(certificate.id, 1, (), tx.now, fox.administrator.id)
        assert [certificate_servers.insert(tx, change) for _ in range(2)] == [True, False]
        assert tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 1


def test_what_no_server_uses_any_more_is_left_alone(service: ServiceRig, fox: AdministratorRig) -> None:
    revoked, expired = issue(service, fox, ONE, ("a.test",)), issue(service, fox, TWO, ("a.test",))
    by_rule = BySystem(RevocationReason.SUPERSEDED)
    about = About("revoke-certificate", ORG, "certificate", revoked.serial_hex)
    perform(service.house, SYSTEM, about, revoke_certificate, ORG, revoked.serial_hex, by_rule)
    assert kind_of(service, fox.actor, revoked, "b.test") == "Conflict certificate-ended"
    service.clock.advance(expired.not_after - service.clock() - timedelta(hours=1))
    service.integrate()
    assert assign(service, fox.actor, expired, "b.test").changes == 1
    service.clock.advance(timedelta(hours=1))
    service.integrate()
    assert kind_of(service, fox.actor, expired, "c.test", known=1) == "Conflict certificate-ended"
    assert servers_of(service, revoked) == ["web-server:a.test"]


def test_servers_that_are_none_too_many_or_twice(service: ServiceRig) -> None:
    service.create_organization(ORG, policy=PolicyDraft(max_endpoints=2))
    fox = service.administrator(ORG, "Fox Mulder")
    certificate = issue(service, fox, ONE, ("a.test",))
    for wrong in (
        ("",),
        ("a b.test",),
        ("x:y:z",),
        ("a.test:0",),
        ("a.test:70000",),
        ("<script>.test",),
        ("a.test", "A.TEST"),
        (),
        ("999.1.1.1:x",),
        (f"{'a' * 64}.test",),
    ):
        assert kind_of(service, fox.actor, certificate, *wrong) == "Refused endpoint", wrong
    assert kind_of(service, fox.actor, certificate, *(f"s{number}.test" for number in range(21))) == "Refused too-many-endpoints"
    with pytest.raises(Refused, match=r"The policy tls-server allows 2 servers on one certificate; 3 were named\.") as caught:
        assign(service, fox.actor, certificate, "a.test", "b.test", "c.test")
    assert (caught.value.kind, caught.value.field) == ("too-many-endpoints", "endpoints")
    assert assign(service, fox.actor, certificate, "[2001:db8::1]:8443", "b.test").changes == 1
    assert len(changes_of(service, certificate)) == 1


def test_the_log_names_as_many_as_fit(service: ServiceRig, fox: AdministratorRig) -> None:
    certificate = issue(service, fox, ONE, ("a.test",))
    hosts = [f"{number:02}-{'x' * 50}.test" for number in range(20)]
    assign(service, fox.actor, certificate, *hosts)
    assign(service, fox.actor, certificate, f"{'.'.join(['y' * 60] * 4)}.test", "a.test", known=1)
    first, second = told(service, certificate)
    assert first == f"added: {', '.join(hosts[:3])}, 17 more; removed: a.test"
    assert len(", ".join(hosts[:3])) <= NAMED < len(", ".join(hosts[:4]))
    assert second == f"added: {'.'.join(['y' * 60] * 4)}.test, 1 more; removed: {', '.join(hosts[:3])}, 17 more"
    entry = {"action": "assign-servers", "outcome": "done", "reason": second}
    assert reason_words(entry) == second


def test_it_takes_the_right_to_move_where_the_certificate_lies(service: ServiceRig, fox: AdministratorRig) -> None:
    here, there = service.department(fox, "Here"), service.department(fox, "There")
    own, other, common = (issue(service, fox, ONE, ("a.test",), place) for place in (here.id, there.id, ""))
    dora = _head_of(service, fox, here)
    assert assign(service, dora.actor, own, "b.test").changes == 1
    assert kind_of(service, dora.actor, other, "b.test") == "NotPermitted scope", "she reads all of it, and moves what is hers"
    assert kind_of(service, dora.actor, common, "b.test") == "NotPermitted scope"
    alone = service.assign(dora, Role.READ_ONLY, by=fox, change="take")
    for hidden in (other, common):
        assert kind_of(service, alone.actor, hidden, "b.test") == "NotFound not-found"
    about = About("move-certificate", ORG, "certificate", own.serial_hex)
    perform(service.house, fox.actor, about, move_certificate, ORG, own.serial_hex, there.id)
    assert kind_of(service, alone.actor, own, "c.test", known=1) == "NotFound not-found", "it is not hers any more"
    for role in (Role.READ_ONLY, Role.CERTIFICATE_ADMINISTRATOR):
        person = service.administrator(ORG, f"Somebody {role.value}", role, by=fox)
        assert kind_of(service, person.actor, own, "c.test", known=1) == "NotPermitted permission"
    assert kind_of(service, service.machine(ORG), own, "c.test", known=1) == "NotPermitted permission"
    assert servers_of(service, own) == ["web-server:b.test"]


def _head_of(service: ServiceRig, fox: AdministratorRig, department: Department) -> AdministratorRig:
    person = service.administrator(ORG, "Dora Department", Role.READ_ONLY, by=fox)
    return service.assign(person, Role.DEPARTMENT_ADMINISTRATOR, by=fox, department=department.id)


def test_nobody_changes_what_another_organization_has(service: ServiceRig, fox: AdministratorRig) -> None:
    service.create_organization("hoffman-brandt")
    helen = service.administrator("hoffman-brandt", "Helen Hoffman")
    certificate = issue(service, fox, ONE, ("a.test",))
    with pytest.raises(NotFound):
        assign(service, helen.actor, certificate, "b.test")
    about = About("assign-servers", "hoffman-brandt", "certificate", certificate.serial_hex)
    with pytest.raises(NotFound):
        perform(service.house, helen.actor, about, assign_servers, "hoffman-brandt", certificate.serial_hex, ["b.test"], 0)
    assert servers_of(service, certificate) == ["web-server:a.test"]
