"""What of the settings file a process decides by."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from pydantic import ValidationError

from privyseal.cli.house_setup import house_for_command
from privyseal.cli.rooms import Rooms
from privyseal.cli.settings import FILE_NAME
from privyseal.model.change import ChangeState
from privyseal.model.policy_draft import PolicyDraft
from tests.rigs.changes import answer, policy_change, propose
from tests.rigs.service import ServiceRig

ORG = "resource-marketing"


def set_quorums(service: ServiceRig, quorums: str) -> None:
    """Adds a line to the settings file, as an operator does."""
    file = service.settings.data / FILE_NAME
    file.write_text(f"change_quorums = {quorums}\n{file.read_text()}")


def rooms(service: ServiceRig) -> Rooms:
    return Rooms(service.clock, os.urandom, (), ())


def test_three_sign_where_the_settings_file_says_three(service: ServiceRig, monkeypatch: pytest.MonkeyPatch) -> None:
    service.create_organization(ORG)
    fox = service.administrator(ORG, "Fox Mulder")
    dana, walter = (service.administrator(ORG, name, by=fox) for name in ("Dana Scully", "Walter Skinner"))
    set_quorums(service, "{ policy = 3 }")
    monkeypatch.setenv("PRIVYSEAL_DATABASE_URL", service.settings.database_url)
    with house_for_command(service.settings.data, rooms(service)) as house:
        service.house = replace(service.house, quorums=house.quorums)
        change = policy_change(service, ORG, PolicyDraft(lifetimes_days=(30, 90)))
        propose(service, change, fox)
        assert answer(service, change, dana).change.state is ChangeState.OPEN
        assert answer(service, change, walter).change.state is ChangeState.APPLIED


@pytest.mark.parametrize("quorums", ["{ policy = 0 }", "{ policy = 1 }", "{ policy = 6 }", "{ policies = 2 }", "{ policy = true }", "3"])
def test_no_settings_file_leaves_changes_to_one_person(service: ServiceRig, quorums: str) -> None:
    """Dual control is not switched off by a number in a file."""
    set_quorums(service, quorums)
    with pytest.raises(ValidationError, match="change_quorums"), house_for_command(service.settings.data, rooms(service)):
        pass
