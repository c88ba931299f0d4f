"""``seal vetting`` at a whole service: one person of the provider fills the checklist in, another one concludes it or returns it."""

from __future__ import annotations

from pathlib import Path

import pytest

from privyseal.model.administrator import Role
from privyseal.model.organization import OrganizationState
from privyseal.model.vetting import WITH_FILE, Vetting, VettingItem, VettingState
from privyseal.store import organizations, vettings
from tests.agent.commands.conftest import Office, Shell
from tests.rigs.service import AdministratorRig, Beginning, ServiceRig
from tests.rigs.vetting import EVIDENCE

ORG = "resource-marketing"


def applicant(rig: ServiceRig) -> tuple[AdministratorRig, AdministratorRig]:
    """An organization that nobody has vetted yet, and two people of the provider."""
    rig.create_organization(vet=False, units=0)
    role = Role.PROVIDER_ADMINISTRATOR
    return rig.administrator("", "Vera Vetter", role), rig.administrator("", "Carl Concluder", role)


@pytest.fixture
def beginning() -> tuple[tuple[str, ...], Beginning]:
    return ("applicant", "two vetters"), applicant


@pytest.fixture
def vera(office: Office) -> Shell:
    """Who fills it in."""
    return office.shell(office.service.begun[0], "")


@pytest.fixture
def carl(office: Office) -> Shell:
    """Who concludes it."""
    return office.shell(office.service.begun[1], "")


@pytest.fixture
def excerpt(tmp_path: Path) -> Path:
    """What a register says."""
    file = tmp_path / "excerpt.txt"
    file.write_bytes(EVIDENCE)
    return file


def newest(office: Office) -> Vetting:
    found = office.look(vettings.newest)
    assert found is not None
    return found


def state(office: Office) -> OrganizationState:
    return office.look(lambda tx, organization: organizations.get(tx, organization).state)


def record(office: Office, shell: Shell, item: VettingItem, *words: str) -> str:
    number = ("--telephone", "+1 859 555 0100") if item is VettingItem.TELEPHONE else ()
    day = office.service.clock().date().isoformat()
    return shell.done("vetting", "record", ORG, item.value, "--source", "Register of companies", "--seen-on", day, *number, *words)


def fill(office: Office, shell: Shell, excerpt: Path) -> None:
    shell.done("vetting", "begin", ORG)
    for item in VettingItem:
        assert record(office, shell, item) == f"{item.value} is recorded as met.\n"
    for item in WITH_FILE:
        assert shell.done("vetting", "attach", ORG, item.value, str(excerpt)).startswith(
            "excerpt.txt is attached (text/plain; charset=utf-8, SHA-256 "
        )


def test_two_people_vet_an_organization(office: Office, vera: Shell, carl: Shell, excerpt: Path) -> None:
    fill(office, vera, excerpt)
    kept = newest(office)
    with office.service.house.database.read(office.service.clock()) as tx:
        findings, files = vettings.findings_of(tx, kept.id), vettings.files_of(tx, kept.id)
    assert {(item.item, item.is_met, item.source) for item in findings} == {(item, True, "Register of companies") for item in VettingItem}
    assert [item.telephone for item in findings if item.telephone] == ["+1 859 555 0100"]
    assert {(file.item, file.size) for file in files} == {(item, len(EVIDENCE)) for item in WITH_FILE}
    assert f"Vetting       number {kept.number}, submitted\n" in vera.done("vetting", "submit", ORG)
    assert (newest(office).state, state(office)) == (VettingState.SUBMITTED, OrganizationState.VETTING)
    shown = carl.done("vetting", "show", ORG)
    assert f"legal-existence: excerpt.txt {files[0].sha256}" in shown
    table = [line.split() for line in shown.splitlines() if line.endswith("Register of companies")]
    assert {line[0] for line in table} == {item.value for item in VettingItem}
    assert carl.done("vetting", "conclude", ORG) == f"Resource Marketing, Inc. ({ORG}) is active.\n"
    concluded = newest(office)
    assert (concluded.state, state(office)) == (VettingState.CONCLUDED, OrganizationState.ACTIVE)
    assert (concluded.submitted_by, concluded.concluded_by) == tuple(person.administrator.id for person in office.service.begun)


def test_whoever_filled_it_in_does_not_conclude_it(office: Office, vera: Shell, excerpt: Path) -> None:
    fill(office, vera, excerpt)
    vera.done("vetting", "submit", ORG)
    assert vera.refused("vetting", "conclude", ORG).startswith("You took part in filling in this vetting.")
    assert (newest(office).state, state(office)) == (VettingState.SUBMITTED, OrganizationState.VETTING)


def test_what_is_not_convincing_is_returned_with_the_reason(office: Office, vera: Shell, carl: Shell, excerpt: Path) -> None:
    fill(office, vera, excerpt)
    assert "has to be handed over first" in carl.refused("vetting", "return", ORG, "--reason", "Too early")
    vera.done("vetting", "submit", ORG)
    told = carl.done("vetting", "return", ORG, "--reason", "The excerpt is of another company")
    assert "Returned      The excerpt is of another company\n" in told
    assert (newest(office).state, newest(office).return_reason) == (VettingState.OPEN, "The excerpt is of another company")
    assert "The excerpt is of another company" in vera.done("vetting", "show", ORG)
    assert "has to be handed over first" in carl.refused("vetting", "conclude", ORG)


def test_what_is_missing_is_not_handed_over(office: Office, vera: Shell, excerpt: Path) -> None:
    assert "Nothing is recorded yet." in vera.done("vetting", "begin", ORG)
    number = newest(office).number
    assert "legal-existence" in vera.refused("vetting", "submit", ORG)
    for item in VettingItem:
        record(office, vera, item)
    assert "need a file that shows how they were found" in vera.refused("vetting", "submit", ORG)
    for item in WITH_FILE:
        vera.done("vetting", "attach", ORG, item.value, str(excerpt))
    assert record(office, vera, VettingItem.ADDRESS, "--not-met", "--note", "Moved away") == "address is recorded as not met.\n"
    assert "These items are not met yet: address." in vera.refused("vetting", "submit", ORG)
    assert "address          not met" in vera.done("vetting", "show", ORG)
    assert f"Vetting       number {number}, open\n" in vera.done("vetting", "begin", ORG), "what is under way is not begun again"
    assert newest(office).state is VettingState.OPEN


def test_what_proves_nothing_is_not_kept(office: Office, vera: Shell, tmp_path: Path) -> None:
    vera.done("vetting", "begin", ORG)
    words = ("vetting", "record", ORG, "telephone", "--source", "Telephone book")
    today = office.service.clock().date().isoformat()
    assert "Write the number that was called." in vera.refused(*words, "--seen-on", today)
    assert "This day is still to come." in vera.refused(*words, "--seen-on", "2999-01-01", "--telephone", "+1 859 555 0100")
    assert "Write the day as in" in vera.refused(*words, "--seen-on", "yesterday", "--telephone", "+1 859 555 0100")
    program = tmp_path / "excerpt.exe"
    program.write_bytes(b"MZ\x90\0\3\0\0\0")
    assert "PDF" in vera.refused("vetting", "attach", ORG, "legal-existence", str(program))
    missing = tmp_path / "nowhere.pdf"
    assert f"There is no file {missing}" in vera.refused("vetting", "attach", ORG, "legal-existence", str(missing))
    scan = tmp_path / "scan.txt"
    scan.write_bytes(EVIDENCE * 1200)
    assert "large" in vera.refused("vetting", "attach", ORG, "legal-existence", str(scan))
    kept = newest(office)
    with office.service.house.database.read(office.service.clock()) as tx:
        assert (vettings.findings_of(tx, kept.id), vettings.files_of(tx, kept.id)) == ([], [])


def test_nobody_else_sees_or_begins_a_vetting(office: Office) -> None:
    anybody = office.shell(None, "")
    for words in (("show", ORG), ("begin", ORG), ("submit", ORG), ("conclude", ORG)):
        assert "This needs an Administrator ID" in anybody.refused("vetting", *words)
    assert office.look(vettings.newest) is None
