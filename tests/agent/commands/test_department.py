"""``seal department`` at a whole service: the tree is changed, and things find their places in it."""

from __future__ import annotations

import pytest

from privyseal.model.department import Department, DepartmentState
from privyseal.model.identifiers import DepartmentId
from privyseal.store import administrators, certificates, departments
from tests.agent.commands.conftest import Office
from tests.rigs.service import AdministratorRig, make_csr, make_key

ORG, NAMES = "resource-marketing", ["www.resource-marketing.test"]
UNKNOWN = f"dep-{'0' * 32}"


def place_of(office: Office, serial: str) -> str | None:
    """The department of a certificate."""
    found = office.look(lambda tx, organization: certificates.by_serial(tx, organization, serial))
    assert found is not None
    return found.department_id


def where_is(office: Office, person: AdministratorRig) -> str | None:
    """The department of a person."""
    found = office.look(lambda tx, _: administrators.get(tx, person.administrator.id))
    assert found is not None
    return found.department_id


def stored(office: Office, department_id: str) -> Department:
    found = office.look(lambda tx, organization: departments.get(tx, organization, DepartmentId(department_id)))
    assert found is not None
    return found


@pytest.fixture
def sales(office: Office, fox: AdministratorRig) -> Department:
    """A department that is charged."""
    return office.service.department(fox, "Sales", cost_center="4711")


def test_a_tree_is_made_and_listed(office: Office, fox: AdministratorRig) -> None:
    shell = office.shell(fox)
    told = shell.document("department", "create", "Sales", "--cost-center", "4711")
    below = shell.document("department", "create", "Europe", "--below", told["id"])
    assert (stored(office, below["id"]).parent_id, stored(office, told["id"]).cost_center) == (told["id"], "4711")
    listed = [line.split() for line in shell.done("department", "list").splitlines()[1:]]
    assert listed == [[told["id"], "Sales", "4711", "open"], [below["id"], "Europe", "open"]]
    assert "There is a department Sales at this place already" in shell.refused("department", "create", "Sales")


def test_a_name_changes_and_the_cost_center_stays(office: Office, fox: AdministratorRig, sales: Department) -> None:
    shell = office.shell(fox)
    assert shell.done("department", "rename", sales.id, "Distribution") == f"The department {sales.id} is called Distribution.\n"
    renamed = stored(office, sales.id)
    assert (renamed.name, renamed.cost_center) == ("Distribution", "4711")
    shell.done("department", "rename", sales.id, "Distribution", "--cost-center", "")
    assert stored(office, sales.id).cost_center == ""
    assert office.logged("change-department") == [("done", "Sales -> Distribution"), ("done", "4711 -> ")]


def test_a_name_is_not_changed_to_a_neighbor_s_or_where_nothing_is(office: Office, fox: AdministratorRig, sales: Department) -> None:
    other = office.service.department(fox, "Research")
    shell = office.shell(fox)
    assert "There is a department Sales at this place already" in shell.refused("department", "rename", other.id, "Sales")
    assert f"There is no department {UNKNOWN} that you may see." in shell.refused("department", "rename", UNKNOWN, "Marketing")
    assert (stored(office, other.id), stored(office, sales.id)) == (other, sales)


def test_a_department_moves_with_everything_below_it(office: Office, fox: AdministratorRig, sales: Department) -> None:
    europe = office.service.department(fox, "Europe", sales.id)
    world = office.service.department(fox, "World")
    shell = office.shell(fox)
    assert shell.done("department", "move", sales.id, "--below", world.id) == f"The department Sales lies below {world.id} now.\n"
    assert stored(office, europe.id).path == f"{world.id}/{sales.id}/{europe.id}/"
    assert "lies below World, so it cannot be above it" in shell.refused("department", "move", world.id, "--below", europe.id)
    assert stored(office, world.id) == world
    assert shell.done("department", "move", sales.id) == "The department Sales lies right below the organization now.\n"
    assert stored(office, sales.id).parent_id is None


def test_a_department_closes_after_a_yes_and_after_those_below_it(office: Office, fox: AdministratorRig, sales: Department) -> None:
    europe = office.service.department(fox, "Europe", sales.id)
    shell = office.shell(fox)
    words = ("--reason", "Sold")
    assert "open departments below Sales" in shell.refused("department", "close", sales.id, *words, "--yes")
    assert "Nobody answered the question" in shell.refused("department", "close", europe.id, *words, status=2)
    told = shell.seal("department", "close", europe.id, *words, stdin="n\n")
    assert (told.status, told.out) == (1, "")
    assert told.err.endswith("Nothing was closed.\n")
    assert stored(office, europe.id).state is DepartmentState.OPEN
    assert shell.done("department", "close", europe.id, *words, stdin="y\n") == "The department Europe is closed.\n"
    assert shell.done("department", "close", sales.id, *words, "--yes") == "The department Sales is closed.\n"
    assert {stored(office, item.id).state for item in (sales, europe)} == {DepartmentState.CLOSED}
    assert [entry for entry in office.logged("close-department") if entry[0] == "done"] == [("done", "Sold")] * 2


def test_a_request_finds_its_place(office: Office, fox: AdministratorRig, sales: Department) -> None:
    service, shell = office.service, office.shell(fox)
    request = service.submit(ORG, make_csr(NAMES, make_key()))
    told = shell.done("department", "place-request", request.id, "--department", sales.id)
    assert told == f"{request.id} belongs to the department {sales.id} now.\n"
    assert service.request(request).department_id == sales.id
    assert "no such department" in shell.refused("department", "place-request", request.id, "--department", UNKNOWN)
    assert service.request(request).department_id == sales.id
    assert shell.done("department", "place-request", request.id) == f"{request.id} belongs to the organization itself now.\n"
    assert service.request(request).department_id is None


def test_what_is_decided_is_not_moved_as_a_request(office: Office, fox: AdministratorRig, sales: Department) -> None:
    certificate = office.service.issue(ORG, fox, NAMES)
    shell = office.shell(fox)
    assert "Move its certificate instead" in shell.refused(
        "department", "place-request", str(certificate.request_id), "--department", sales.id
    )
    serial = certificate.serial_hex
    told = shell.done("department", "place-certificate", serial.upper(), "--department", sales.id)
    assert told == f"{serial} belongs to the department {sales.id} now.\n"
    assert place_of(office, serial) == sales.id
    shell.done("department", "close", sales.id, "--reason", "Sold", "--yes")
    shell.done("department", "place-certificate", serial)
    assert "The department Sales is closed" in shell.refused("department", "place-certificate", serial, "--department", sales.id)
    assert place_of(office, serial) is None


def test_a_person_finds_a_place(office: Office, fox: AdministratorRig, sales: Department) -> None:
    person, shell = fox.administrator.id, office.shell(fox)
    told = shell.done("department", "place-administrator", person, "--department", sales.id)
    assert told == f"{person} belongs to the department {sales.id} now.\n"
    assert where_is(office, fox) == sales.id
    nobody = f"adm-{'0' * 32}"
    assert "no such person" in shell.refused("department", "place-administrator", nobody, "--department", sales.id)
    shell.done("department", "place-administrator", person)
    assert where_is(office, fox) is None


def test_a_stranger_changes_nothing_of_the_tree(office: Office, fox: AdministratorRig, sales: Department, vera: AdministratorRig) -> None:
    """Neither somebody without a credential nor the provider."""
    world = office.service.department(fox, "World")
    for shell, sentence in (
        (office.shell(), "This needs an Administrator ID"),
        (office.shell(vera), "There is no such organization, or it is not yours."),
    ):
        for words in (
            ("rename", sales.id, "Distribution", "--cost-center", ""),
            ("move", sales.id, "--below", world.id),
            ("close", sales.id, "--reason", "Sold", "--yes"),
            ("place-administrator", fox.administrator.id, "--department", sales.id),
        ):
            assert sentence in shell.refused("department", *words)
    assert stored(office, sales.id) == sales
    assert where_is(office, fox) is None
