"""Looking at the certificate that a server shows: what it is, where nobody is let go, and a server that wastes our time."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.served_certificate import MAXIMUM_TRIES, SLOTS, TIMEOUT_SECONDS, TLS_PORTS, Server, fetch_certificate, read_server
from privyseal.engine.token_fetch import FetchPolicy
from privyseal.model.errors import Refused, Unavailable
from tests.engine.sample_csrs import p256_key
from tests.engine.test_foreign_certificate import make_certificate
from tests.rigs.knot import KnotServer
from tests.rigs.tls import PORT, TlsServer, own_address

ZONE = "served.test"
HERE = FetchPolicy(allowed_networks=(ipaddress.ip_network("127.0.0.0/8"),))


@pytest.fixture(scope="module")
def knot() -> Iterator[KnotServer]:
    with KnotServer([ZONE]) as server:
        yield server


def fetch(knot: KnotServer, host: str, port: int = PORT, policy: FetchPolicy = HERE) -> bytes:
    return fetch_certificate(Server(host, port), DnsLookup((knot.address,), timeout_seconds=5), policy)


def refusal(knot: KnotServer, host: str, port: int = PORT, policy: FetchPolicy = HERE) -> Refused:
    with pytest.raises(Refused) as caught:
        fetch(knot, host, port, policy)
    assert caught.value.field == "server"
    return caught.value


def test_what_the_server_shows_is_returned_whoever_vouches_for_it(knot: KnotServer) -> None:
    der = make_certificate(days=(-20, -10))
    with TlsServer(der, p256_key()) as server:
        knot.add(ZONE, f"shop.{ZONE}", "A", server.address)
        assert fetch(knot, f"shop.{ZONE}") == der


def test_the_second_address_is_tried_and_a_third_is_not(knot: KnotServer) -> None:
    der = make_certificate()
    with TlsServer(der, p256_key()) as server:
        knot.add(ZONE, f"two.{ZONE}", "A", own_address())
        knot.add(ZONE, f"two.{ZONE}", "A", server.address)
        assert fetch(knot, f"two.{ZONE}") == der
    for _ in range(MAXIMUM_TRIES):
        knot.add(ZONE, f"none.{ZONE}", "A", own_address())
    found = refusal(knot, f"none.{ZONE}")
    assert (found.kind, f"within {TIMEOUT_SECONDS:g} seconds" in found.sentence) == ("server-silent", True)


def test_nobody_is_let_go_into_our_own_network(knot: KnotServer) -> None:
    with TlsServer(make_certificate(), p256_key()) as server:
        knot.add(ZONE, f"inside.{ZONE}", "A", server.address)
        assert refusal(knot, f"inside.{ZONE}", policy=FetchPolicy()).kind == "server-address"
    for address in ("10.0.0.1", "169.254.169.254", "192.168.1.1"):
        knot.add(ZONE, f"others.{ZONE}", "A", address)
    assert refusal(knot, f"others.{ZONE}", policy=FetchPolicy()).kind == "server-address"
    assert refusal(knot, f"nowhere.{ZONE}").kind == "server-address"


@pytest.mark.parametrize("port", [22, 25, 80, 5432, 65535])
def test_other_ports_are_not_probed(knot: KnotServer, port: int) -> None:
    assert port not in TLS_PORTS
    assert refusal(knot, f"shop.{ZONE}", port).kind == "server-port"


def test_a_server_that_drips_holds_its_place_for_no_longer_than_a_silent_one(knot: KnotServer) -> None:
    address = own_address()
    with socket.create_server((address, PORT)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                for byte in b"\x16\x03\x03\x40\x00" + bytes(200):
                    connection.sendall(bytes([byte]))
                    time.sleep(TIMEOUT_SECONDS / 25)

        thread = threading.Thread(target=drip)
        thread.start()
        knot.add(ZONE, f"slow.{ZONE}", "A", address)
        began = time.monotonic()
        assert refusal(knot, f"slow.{ZONE}").kind == "server-silent"
        # One deadline for connection and handshake; the drops would last for eight of them.
        assert time.monotonic() - began < 1.5 * TIMEOUT_SECONDS
        thread.join()


def test_whoever_comes_while_all_places_are_taken_is_turned_away(knot: KnotServer) -> None:
    taken = 0
    try:
        while SLOTS.acquire(blocking=False):
            taken += 1
        with pytest.raises(Unavailable) as caught:
            fetch(knot, f"shop.{ZONE}")
        assert (caught.value.kind, caught.value.retry_after_seconds) == ("server-busy", 10)
    finally:
        SLOTS.release(taken)


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("www.acme.test", Server("www.acme.test", 443)),
        (" WWW.Acme.test.:8443 ", Server("www.acme.test", 8443)),
        ("https://www.acme.test/path?x=1", Server("www.acme.test", 443)),
    ],
)
def test_how_a_server_is_named(text: str, server: Server) -> None:
    assert read_server(text) == server


@pytest.mark.parametrize(
    "text", ["", "a b", "http://x.test/", "[::1]", "x.test:", "x.test:-1", "x.test:123456", "u@x.test", "x\n.test", "ä.test"]
)
def test_what_names_no_server(text: str) -> None:
    with pytest.raises(Refused) as caught:
        read_server(text)
    assert (caught.value.kind, caught.value.field) == ("server", "server")
