"""What operators may say of the world outside, and what they cannot open by accident."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from privyseal.cli.settings import Settings
from privyseal.cli.world_setup import make_world
from privyseal.model.domain import validation_addresses

PRODUCTION = "https://pki.example.test"


def settings(**changes: Any) -> Settings:  # noqa: ANN401 - any setting
    values: dict[str, Any] = {
        "data": Path("/nowhere"),
        "service_id": "pki.example.test",
        "log_host": "pki.example.test",
        "base_url": PRODUCTION,
        "administrator_url": "https://admin.example.test",
        "status_url": "http://status.example.test",
        "resolvers": ("127.0.0.1:53",),
    }
    return Settings(**values | changes)


THREE = ("frankfurt=192.0.2.53:53", "ohio=198.51.100.53:5353", "osaka=[2001:db8::53]:53")


def test_every_remote_resolver_is_a_perspective() -> None:
    world = make_world(settings(remote_resolvers=THREE))
    assert [(place.name, place.lookup.resolvers) for place in world.perspectives.remote] == [
        ("frankfurt", (("192.0.2.53", 53),)),
        ("ohio", (("198.51.100.53", 5353),)),
        ("osaka", (("2001:db8::53", 53),)),
    ]
    assert (world.lookup.resolvers, world.perspectives.quorum) == ((("127.0.0.1", 53),), 2)
    assert make_world(settings(remote_resolvers=THREE, perspective_quorum=3)).perspectives.quorum == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"remote_resolvers": ("192.0.2.53:53",)},
        {"remote_resolvers": ("a=resolver.example.test:53",)},
        {"remote_resolvers": ("a=192.0.2.53",)},
        {"remote_resolvers": ("a=192.0.2.53:0",)},
        {"remote_resolvers": ("a=192.0.2.53:53", "a=192.0.2.54:53")},
        {"remote_resolvers": ("primary=192.0.2.53:53",)},
        {"remote_resolvers": THREE, "perspective_quorum": 4},
        {"perspective_quorum": 1},
        {"perspective_quorum": -1},
        {"resolvers": ("dns.example.test:53",)},
        {"caa_name": "CA.example"},
        {"provider_contact": "call us"},
        {"caa_name": "ca.example; accounturi=x"},
        {"allow_loopback_validation": True},
        {"allow_loopback_validation": True, "base_url": "https://localhost.example.test"},
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings(**changes)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "169.254.169.254", "::ffff:127.0.0.1", "0.0.0.0", "fe80::1"])
def test_no_setting_of_a_service_for_others_opens_this_machine(address: str) -> None:
    for allowed in (False, True):
        assert make_world(settings(allow_private_validation=allowed)).fetch_policy.refusal(address)


def test_a_service_of_this_machine_alone_may_open_it() -> None:
    policy = make_world(settings(base_url="https://localhost:8443", allow_loopback_validation=True)).fetch_policy
    assert not policy.refusal("127.0.0.1")
    assert policy.refusal("10.0.0.1")
    assert policy.refusal("169.254.169.254")


def test_who_answers_for_a_domain() -> None:
    assert validation_addresses("acme.test", "acme.test") == tuple(
        f"{box}@acme.test" for box in ("admin", "administrator", "webmaster", "hostmaster", "postmaster")
    )
    above = {address.partition("@")[2] for address in validation_addresses("a.b.acme.co.test", "acme.co.test")}
    assert above == {"a.b.acme.co.test", "b.acme.co.test", "acme.co.test"}
