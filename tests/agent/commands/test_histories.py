"""``seal organization history`` and ``seal administrator roles`` at a whole service: what happened to somebody so far."""

from __future__ import annotations

from privyseal.model.administrator import Role
from privyseal.model.identifiers import AdministratorId
from privyseal.store import assignments, organization_events
from tests.agent.commands.conftest import Office
from tests.rigs.service import AdministratorRig

ORG = "resource-marketing"


def test_the_history_of_an_organization_grows_with_each_step(office: Office, vera: AdministratorRig, fox: AdministratorRig) -> None:
    shell = office.shell(vera, "")
    office.service.issue(ORG, fox, ["www.resource-marketing.test"])
    shell.done("organization", "suspend", ORG, "--reason", "Did not pay")
    shell.done("organization", "resume", ORG, "--reason", "Paid")
    told = shell.done("organization", "history", ORG)
    head, _, table = told.partition("\n\n")
    facts = {words[0]: words[1] for line in head.splitlines() if (words := line.split("  ", 1))}
    assert facts["Organization"].strip() == f"{ORG} (active)"
    assert facts["Valid certificates"].strip() == "1"
    kept = office.look(organization_events.of_organization)
    assert [(item.event.value, item.by, item.reason) for item in kept[-2:]] == [
        ("suspend", vera.administrator.id, "Did not pay"),
        ("resume", vera.administrator.id, "Paid"),
    ]
    rows = [[part.strip() for part in line.split("  ") if part][1:] for line in table.splitlines()[1:]]
    assert rows == [[word for word in (item.event.value, item.by, item.reason) if word] for item in kept]


def test_a_history_is_the_provider_s(office: Office, vera: AdministratorRig, fox: AdministratorRig) -> None:
    assert "does not include the right to read" in office.shell(fox).refused("organization", "history", ORG)
    assert "This needs an Administrator ID" in office.shell().refused("organization", "history", ORG)
    assert "There is no such organization" in office.shell(vera, "").refused("organization", "history", "nobody")
    assert "There is nothing at this address." in office.shell(vera, "").refused("organization", "history", "../../service")


def ever(office: Office, person: AdministratorRig) -> list[tuple[Role, bool]]:
    found = office.look(lambda tx, _: assignments.ever_of(tx, AdministratorId(person.administrator.id)))
    return sorted(((item.role, item.ended_at is not None) for item in found), key=lambda pair: pair[0].value)


def test_every_role_that_somebody_ever_had(office: Office, fox: AdministratorRig) -> None:
    service = office.service
    sales = service.department(fox, "Sales")
    dana = service.administrator(ORG, "Dana Scully", Role.AUDITOR, by=fox)
    service.assign(dana, Role.CERTIFICATE_ADMINISTRATOR, by=fox, department=sales.id)
    service.assign(dana, Role.AUDITOR, by=fox, change="take")
    shell = office.shell(fox)
    listed = [line.split() for line in shell.done("administrator", "roles", dana.administrator.id).splitlines()[1:]]
    kept = ever(office, dana)
    assert sorted((line[0], len(line) > 5) for line in listed) == [(role.value, ended) for role, ended in kept]
    assert (Role.AUDITOR, True) in kept
    [charged] = [line for line in listed if line[0] == "certificate-administrator"]
    assert charged[1] == sales.id
    assert {line[1] for line in listed if line is not charged} == {"everything"}


def test_roles_of_the_provider_s_own_and_of_strangers(office: Office, vera: AdministratorRig, fox: AdministratorRig) -> None:
    own = office.shell(vera, "").done("administrator", "roles", vera.administrator.id).splitlines()
    assert [line.split()[:2] for line in own[1:]] == [["provider-administrator", "everything"]]
    assert "There is no such person of the provider." in office.shell(vera, "").refused("administrator", "roles", fox.administrator.id)
    assert "There is no such administrator" in office.shell(fox).refused("administrator", "roles", vera.administrator.id)
    assert "This needs an Administrator ID" in office.shell().refused("administrator", "roles", fox.administrator.id)
