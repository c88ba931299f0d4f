"""`privyseal ca list`: when each CA ends, and which of them is paused, since when and why."""

from __future__ import annotations

import pytest

from privyseal.model.administrator import Role
from tests.rigs.changes import set_issuing
from tests.rigs.operator import run_command
from tests.rigs.service import ServiceRig


def test_a_paused_ca_is_listed_as_paused(service: ServiceRig, capsys: pytest.CaptureFixture[str]) -> None:
    people = [service.administrator("", name, Role.PROVIDER_OPERATOR) for name in ("Olga Operator", "Otto Operator")]

    def lines() -> dict[str, str]:
        capsys.readouterr()
        run_command(service, "ca", "list")
        return {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}

    assert lines().keys() == service.house.authorities.keys()
    assert not any("paused" in line for line in lines().values())
    set_issuing(service, people, issues=False)
    shown = lines()
    assert shown["issuing"].endswith("UTC: The HSM is exchanged")
    assert [slug for slug, line in shown.items() if "paused since" in line] == ["issuing"]
    set_issuing(service, people, issues=True)
    assert not any("paused" in line for line in lines().values())
