"""``seal policy`` at a whole service: policies leave it as TOML, are compared in words, and come back under signatures."""

from __future__ import annotations

from pathlib import Path

import pytest

from privyseal.model.change import ChangeState
from privyseal.model.identifiers import ChangeId
from privyseal.model.policy import Policy
from privyseal.model.policy_draft import PRESETS, PolicyDraft
from privyseal.store import changes, policies
from privyseal_wire.policy_file import read_policy
from tests.agent.commands.conftest import Office, Shell
from tests.rigs.changes import change_policy
from tests.rigs.service import AdministratorRig

ORG, NAME = "resource-marketing", "tls-server"


@pytest.fixture
def shell(office: Office, fox: AdministratorRig) -> Shell:
    return office.shell(fox)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a policy is written to."""
    return tmp_path / "policy.toml"


def newest(office: Office, name: str = NAME) -> Policy | None:
    return office.look(lambda tx, organization: policies.newest(tx, organization, name))


def test_what_is_exported_changed_and_imported_holds(office: Office, shell: Shell, file: Path) -> None:
    text = shell.done("policy", "export", NAME)
    assert read_policy(text.encode())["lifetimes_days"] == [90, 365, 397]
    assert shell.document("policy", "export", NAME)["version"] == 1
    file.write_text(text.replace("lifetimes_days = [90, 365, 397]", "lifetimes_days = [30]"))
    assert shell.done("policy", "diff", NAME, str(file)) == "Lifetimes days: 90, 365, 397 -> 30\n"
    told = shell.done("policy", "import", str(file), stdin="y\n").splitlines()
    assert told[:2] == [f"Policy {NAME}, version 2:", "  Lifetimes days: 90, 365, 397 -> 30"]
    assert told[2].endswith(f" of policy {NAME} holds from now on.")
    held = newest(office)
    assert held is not None
    assert (held.version, held.lifetimes_days) == (2, (30,))
    assert "There is nothing to change" in shell.refused("policy", "import", str(file), "--yes")


def test_a_policy_waits_for_the_second_signature(office: Office, fox: AdministratorRig, file: Path) -> None:
    dana = office.service.administrator(ORG, "Dana Scully", by=fox)
    first, second = office.shell(fox), office.shell(dana)
    file.write_text(first.done("policy", "export", NAME).replace("approvals = 1", "approvals = 2"))
    told = first.done("policy", "import", str(file), "--yes")
    assert told.endswith(f" of policy {NAME} waits: 1 more person has to sign it.\n")
    [waiting] = second.document("change", "list")["items"][:1]
    kept = office.look(lambda tx, _: changes.get(tx, ChangeId(waiting["id"])))
    assert kept is not None
    assert (kept.state, kept.subject, kept.proposer_id) == (ChangeState.OPEN, NAME, fox.administrator.id)
    before = newest(office)
    assert before is not None
    assert before.version == 1
    assert second.done("change", "sign", waiting["id"], "--yes").endswith(" holds from now on.\n")
    held = newest(office)
    assert held is not None
    assert (held.version, held.approvals) == (2, 2)


def test_a_new_policy_begins_with_a_preset(office: Office, shell: Shell, file: Path) -> None:
    assert shell.done("policy", "preset").splitlines() == sorted(PRESETS)
    for name in PRESETS:
        file.write_text(shell.done("policy", "preset", name))
        values = read_policy(file.read_bytes())
        if newest(office, values["name"]) is None:
            told = shell.done("policy", "import", str(file), "--yes")
            assert told.startswith(f"Policy {values['name']}, version 1:\n")
        held = newest(office, values["name"])
        assert held is not None
        assert held.version == 1
    assert "The presets are " in shell.refused("policy", "preset", "nothing")


def test_versions_are_compared_in_words(office: Office, fox: AdministratorRig, shell: Shell) -> None:
    change_policy(office.service, ORG, PolicyDraft(lifetimes_days=(90,)), fox)
    change_policy(office.service, ORG, PolicyDraft(lifetimes_days=(90,), approvals=2), fox)
    assert shell.done("policy", "diff", NAME) == "Approvals: 1 -> 2\n"
    assert shell.done("policy", "diff", NAME, "--newer", "2") == "Lifetimes days: 90, 365, 397 -> 90\n"
    both = ["Approvals: 1 -> 2", "Lifetimes days: 90, 365, 397 -> 90"]
    assert shell.document("policy", "diff", NAME, "--older", "1")["differences"] == both
    assert shell.done("policy", "diff", NAME, "--older", "2", "--newer", "2") == "Nothing differs.\n"
    assert "Lifetimes days: 90, 365, 397\n" in shell.done("policy", "diff", NAME, "--newer", "1"), "the first one is new as a whole"
    assert "There is no such version of a policy." in shell.refused("policy", "diff", NAME, "--newer", "9")


def test_nothing_is_proposed_without_a_yes_or_out_of_form(office: Office, shell: Shell, file: Path) -> None:
    text = shell.done("policy", "export", NAME)
    file.write_text(text.replace("approvals = 1", "approvals = 2"))
    told = shell.seal("policy", "import", str(file), stdin="n\n")
    assert told.status == 1
    assert told.err.endswith("Nothing was signed.\n")
    assert "Nobody answered" in shell.seal("policy", "import", str(file)).err
    for wrong, sentence in (
        ("approvals = 0", "approv"),
        ("approvals = 1\nversion = 7", "The file says version"),
        ("approvals = ", "not TOML"),
        ("approvals = 1\nunheard_of = 1", "unheard_of"),
    ):
        file.write_text(text.replace("approvals = 1", wrong))
        told = shell.seal("policy", "import", str(file), "--yes")
        assert told.status == 1, told
        assert sentence in told.err.lower() or sentence in told.err, told.err
    assert "nowhere.toml cannot be read" in shell.refused("policy", "import", str(file.with_name("nowhere.toml")), "--yes", status=2)
    assert office.look(changes.page) == []
    held = newest(office)
    assert held is not None
    assert held.version == 1


def test_what_is_not_there_is_not_exported_or_compared(shell: Shell, file: Path) -> None:
    file.write_text('name = "nothing"\n')
    for words in (("export", "nothing"), ("diff", "nothing"), ("diff", "nothing", str(file))):
        assert shell.refused("policy", *words) == "The organization has no policy nothing.\n"


def test_a_stranger_proposes_nothing(office: Office, shell: Shell, vera: AdministratorRig, file: Path) -> None:
    """Neither somebody without a credential nor the provider, whose word about policies counts until there are administrators."""
    file.write_text(shell.done("policy", "export", NAME).replace("approvals = 1", "approvals = 2"))
    assert "This needs an Administrator ID" in office.shell().refused("policy", "import", str(file), "--yes")
    assert "There is no such organization, or it is not yours." in office.shell(vera).refused("policy", "import", str(file), "--yes")
    assert "they propose a change and sign it" in office.shell(vera).refused("policy", "add", NAME, "--approvals", "2")
    held = newest(office)
    assert held is not None
    assert (held.version, held.approvals) == (1, 1)
