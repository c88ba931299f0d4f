"""``seal policy``."""

from __future__ import annotations

from tests.agent.conftest import Rig


def test_add_and_list(rig: Rig) -> None:
    rig.service.on("POST", "/provider/organizations/acme/policies", {"name": "tls-server", "version": 2})
    told = rig.seal(
        "policy", "add", "tls-server", "--lifetime-days", "90", "--approvals", "2", "--lint", "template", "--open-enrollment", *rig.identity
    )
    assert told.out == "Policy tls-server, version 2, holds from now on.\n"
    assert rig.service.seen[-1].json == {
        "name": "tls-server",
        "lifetimes_days": [90],
        "key_algorithms": ["rsa", "p256", "p384"],
        "unit_tier": "standard",
        "tier": "private",
        "approvals": 2,
        "lint": "template",
        "max_endpoints": 20,
        "open_enrollment": True,
    }
    policy = {
        "name": "tls-server",
        "version": 2,
        "lifetimes_days": [90],
        "key_algorithms": ["rsa", "p256"],
        "unit_tier": "standard",
        "open_enrollment": True,
    }
    rig.service.on("GET", "/organizations/acme", {"policies": [policy]})
    assert rig.seal("policy", "list").out.splitlines()[1] == "tls-server  2        90    rsa, p256  standard  yes"
