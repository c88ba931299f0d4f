"""``seal service show``."""

from __future__ import annotations

from tests.agent.conftest import SERVICE_ID, Rig


def test_show(rig: Rig) -> None:
    told = rig.seal("service", "show")
    assert told.out.splitlines()[0] == f"Service             {SERVICE_ID}"
    assert rig.seal("service", "show", "--json").json["root_pem"] == "ROOT\n"
