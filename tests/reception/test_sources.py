"""Where a call comes from: what the configured proxy wrote, and nothing that its client wrote."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from privyseal.reception.sources import source_of
from tests.reception.reception_rig import ReceptionRig

PROXY = "10.9.9.9"
pytestmark = pytest.mark.parametrize("service", ["sqlite"], indirect=True)


def source(rig: ReceptionRig, caller: str, *lines: str) -> str:
    """The source of a call from this address with these lines of X-Forwarded-For."""
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in lines]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "client": (caller, 4711)}
    return source_of(Request(scope), rig.app.state.rest)


def hashed(rig: ReceptionRig, address: str) -> str:
    return rig.service.house.personal_hash(address)[:32]


def test_the_last_part_of_the_last_line_is_the_proxys_own(rig: ReceptionRig) -> None:
    for lines in (
        ("192.0.2.7",),
        ("198.51.100.1, 192.0.2.7",),
        ("198.51.100.1", "192.0.2.7"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.5, 192.0.2.7"),
        ("198.51.100.1", " 192.0.2.7 "),
    ):
        assert source(rig, PROXY, *lines) == hashed(rig, "192.0.2.7"), lines


def test_a_client_gets_no_second_source_by_lines_of_its_own(rig: ReceptionRig) -> None:
    forged = {source(rig, PROXY, f"198.51.100.{number}", "192.0.2.7") for number in range(20)}
    assert forged == {hashed(rig, "192.0.2.7")}


def test_nobody_but_the_proxy_is_believed(rig: ReceptionRig) -> None:
    assert source(rig, "192.0.2.1", "192.0.2.7") == hashed(rig, "192.0.2.1")
    assert source(rig, PROXY) == hashed(rig, PROXY), "a proxy that says nothing calls for itself"
    assert source(rig, PROXY, "") == hashed(rig, "")


def test_only_the_hash_of_an_address_is_kept(rig: ReceptionRig) -> None:
    assert "192.0.2.7" not in source(rig, PROXY, "192.0.2.7")


def test_the_addresses_of_one_network_are_one_caller(rig: ReceptionRig) -> None:
    """Whoever has one IPv6 access has 2^64 addresses; each as a source of its own would be no limit at all."""
    one = {source(rig, f"2001:db8:1:2::{number:x}") for number in range(1, 50)}
    assert one == {source(rig, PROXY, "2001:db8:1:2:ffff:ffff:ffff:ffff"), *one}
    assert len(one) == 1
    assert source(rig, "2001:db8:1:3::1") not in one


def test_one_address_in_several_spellings_is_one_caller(rig: ReceptionRig) -> None:
    for spelling in ("192.0.2.7", "::ffff:192.0.2.7", "::FFFF:c000:207"):
        assert source(rig, spelling) == hashed(rig, "192.0.2.7"), spelling
    for written in ("192.0.2.7:50123", "192.0.2.7:50124"):
        assert source(rig, PROXY, written) == hashed(rig, "192.0.2.7"), "some proxies write the port, which is new at each connection"
    assert source(rig, PROXY, "[2001:db8:1:2::1]:50123") == source(rig, "2001:db8:1:2::2")
    assert source(rig, PROXY, "unknown") == hashed(rig, "unknown")
