"""The demo's DNS server, asked by the product's own look-up and by raw messages."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privyseal.cli.demo.resolver import DemoResolver
from privyseal.engine import dcv
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.model.errors import Refused
from tests.rigs.web import WebServer, loopback_policy, reply

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
DOMAIN = "resource-marketing.test"
TOKEN = "q8nN0bYb0y3oWm2zT7r5kQv1xJ4uH6sLcDfGaEiPoRw"


@pytest.fixture
def resolver() -> Iterator[DemoResolver]:
    with DemoResolver() as running:
        yield running


def lookup(resolver: DemoResolver) -> DnsLookup:
    return DnsLookup(((resolver.host, resolver.port),))


def test_a_domain_is_validated_by_txt_and_no_longer_after_removal(resolver: DemoResolver) -> None:
    resolver.set_txt(dcv.challenge_name(DOMAIN), TOKEN)
    evidence = dcv.validate_dns_txt(DOMAIN, TOKEN, lookup(resolver), now=NOW)
    assert evidence.resolvers == (f"127.0.0.1:{resolver.port}",)
    resolver.remove(dcv.challenge_name(DOMAIN))
    resolver.remove(dcv.challenge_name(DOMAIN))
    with pytest.raises(Refused) as caught:
        dcv.validate_dns_txt(DOMAIN, TOKEN, lookup(resolver), now=NOW)
    assert caught.value.kind == "dcv-no-answer"


def test_a_domain_is_validated_by_http_through_its_address(resolver: DemoResolver) -> None:
    resolver.set_addresses(DOMAIN, "127.0.0.1")
    with WebServer(reply(TOKEN.encode())) as web:
        evidence = dcv.validate_http_token(DOMAIN, TOKEN, lookup(resolver), loopback_policy(web.port), now=NOW)
    assert evidence.connected_to == "127.0.0.1"


def test_addresses_of_both_kinds_are_answered_and_replaced(resolver: DemoResolver) -> None:
    resolver.set_addresses(DOMAIN, "127.0.0.1", "127.0.0.2", "::1")
    found = lookup(resolver).addresses(DOMAIN.upper())
    assert sorted(found[:2]) == ["127.0.0.1", "127.0.0.2"]
    assert found[2:] == ("::1",)
    resolver.set_addresses(DOMAIN, "::1")
    assert lookup(resolver).addresses(DOMAIN) == ("::1",)
    resolver.set_addresses(DOMAIN)
    assert lookup(resolver).addresses(DOMAIN) == ()


def test_long_and_many_values_go_over_tcp(resolver: DemoResolver) -> None:
    values = tuple(f"{index} {'x' * 600}" for index in range(10))
    resolver.set_txt(DOMAIN, *values)
    assert sorted(lookup(resolver).txt_values(DOMAIN)) == sorted(values)
    cut = dns.query.udp(dns.message.make_query(DOMAIN, "TXT"), resolver.host, port=resolver.port, timeout=5)
    assert cut.flags & dns.flags.TC
    assert cut.answer == []


def test_more_than_a_message_holds_is_cut_even_over_tcp(resolver: DemoResolver) -> None:
    resolver.set_txt(DOMAIN, *(f"{index} {'x' * 900}" for index in range(80)))
    answer = dns.query.tcp(dns.message.make_query(DOMAIN, "TXT"), resolver.host, port=resolver.port, timeout=5)
    assert answer.flags & dns.flags.TC


def test_a_short_answer_goes_over_udp(resolver: DemoResolver) -> None:
    resolver.set_txt(DOMAIN, "short")
    answer = dns.query.udp(dns.message.make_query(DOMAIN, "TXT"), resolver.host, port=resolver.port, timeout=5)
    assert [str(record) for record in answer.answer[0]] == ['"short"']


def test_an_empty_value_is_a_value(resolver: DemoResolver) -> None:
    resolver.set_txt(DOMAIN, "")
    assert lookup(resolver).txt_values(DOMAIN) == ("",)


def test_several_questions_go_through_one_tcp_connection(resolver: DemoResolver) -> None:
    resolver.set_txt(DOMAIN, "one")
    with socket.create_connection((resolver.host, resolver.port), timeout=5) as stream:
        for _ in range(3):
            query = dns.message.make_query(DOMAIN, "TXT")
            dns.query.send_tcp(stream, query)
            response, _ = dns.query.receive_tcp(stream)
            assert query.is_response(response)
        # Nonsense ends the conversation, and only this one.
        stream.sendall(struct.pack("!H", 3) + b"abc")
        assert stream.recv(1) == b""
    assert lookup(resolver).txt_values(DOMAIN) == ("one",)


def test_nonsense_over_udp_is_not_answered_and_the_next_question_is(resolver: DemoResolver) -> None:
    resolver.set_txt(DOMAIN, "one")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"nonsense", (resolver.host, resolver.port))
    assert lookup(resolver).txt_values(DOMAIN) == ("one",)


def ask(query: dns.message.Message) -> dns.message.Message:
    resolver = DemoResolver()
    resolver.set_txt(f"_privyseal-challenge.{DOMAIN}", TOKEN)
    wire = resolver.answer(query.to_wire())
    assert wire is not None
    return dns.message.from_wire(wire)


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        (f"_privyseal-challenge.{DOMAIN}", "TXT", dns.rcode.NOERROR),
        (f"_privyseal-challenge.{DOMAIN}", "A", dns.rcode.NOERROR),
        (DOMAIN, "TXT", dns.rcode.NOERROR),  # exists, because something lies beneath it
        ("test", "TXT", dns.rcode.NOERROR),
        (f"nothing.{DOMAIN}", "TXT", dns.rcode.NXDOMAIN),
        ("elsewhere.test", "TXT", dns.rcode.NXDOMAIN),
    ],
)
def test_missing_names_and_missing_types_differ(name: str, kind: str, code: dns.rcode.Rcode) -> None:
    response = ask(dns.message.make_query(name, kind))
    assert response.rcode() == code
    assert response.flags & dns.flags.QR
    assert bool(response.answer) is (name.startswith("_") and kind == "TXT")


def test_what_it_does_not_do_is_said_in_the_code() -> None:
    assert ask(dns.message.make_query(DOMAIN, "TXT", dns.rdataclass.CH)).rcode() == dns.rcode.REFUSED
    update = dns.message.make_query(DOMAIN, "SOA")
    update.set_opcode(dns.opcode.NOTIFY)
    assert ask(update).rcode() == dns.rcode.NOTIMP
    assert ask(dns.message.QueryMessage()).rcode() == dns.rcode.FORMERR


def test_an_answer_is_never_answered() -> None:
    response = dns.message.make_response(dns.message.make_query(DOMAIN, "TXT"))
    assert DemoResolver().answer(response.to_wire()) is None


@given(st.binary(max_size=80), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=4))
def test_no_bytes_make_it_fall(noise: bytes, changes: list[tuple[int, int]]) -> None:
    resolver = DemoResolver()
    resolver.set_txt(DOMAIN, TOKEN)
    resolver.answer(noise, maximum_bytes=512)
    wire = bytearray(dns.message.make_query(DOMAIN, "TXT", use_edns=0).to_wire())
    for place, value in changes:
        wire[place % len(wire)] = value
    for maximum in (None, 512):
        response = resolver.answer(bytes(wire), maximum_bytes=maximum)
        assert response is None or len(response) >= 12


def test_the_table_may_change_while_questions_come(resolver: DemoResolver) -> None:
    def change() -> None:
        for index in range(100):
            resolver.set_txt(DOMAIN, f"{index} a", f"{index} b")
            resolver.set_txt(f"{index}.{DOMAIN}", "x")

    resolver.set_txt(DOMAIN, "0 a", "0 b")
    thread = threading.Thread(target=change)
    thread.start()
    for _ in range(50):
        first, second = lookup(resolver).txt_values(DOMAIN)
        assert first.split()[0] == second.split()[0], "half of one table and half of the next"
    thread.join()


def test_it_starts_and_stops_in_any_order_and_frees_its_port() -> None:
    resolver = DemoResolver()
    resolver.stop()
    resolver.start()
    port = resolver.port
    assert port
    with pytest.raises(RuntimeError, match="already running"):
        resolver.start()
    with pytest.raises(OSError, match="in use"):
        DemoResolver(port=port).start()
    # A conversation that is still open does not keep it from stopping, and is ended.
    with socket.create_connection((resolver.host, port), timeout=5) as stream:
        dns.query.send_tcp(stream, dns.message.make_query(DOMAIN, "TXT"))
        assert dns.query.receive_tcp(stream)[0].rcode() == dns.rcode.NXDOMAIN
        resolver.stop()
        resolver.stop()
        assert stream.recv(1) == b""
    again = DemoResolver(port=port)
    again.start()
    again.stop()


def test_whoever_connects_while_it_stops_is_not_left_waiting() -> None:
    for _ in range(20):
        resolver = DemoResolver()
        resolver.start()
        with socket.create_connection((resolver.host, resolver.port), timeout=5) as stream:
            stream.sendall(b"\x00")
            resolver.stop()
            with contextlib.suppress(ConnectionResetError):
                assert stream.recv(1) == b""


def test_it_listens_on_ipv6_loopback_too() -> None:
    with DemoResolver("::1") as resolver:
        resolver.set_txt(DOMAIN, "six")
        assert lookup(resolver).txt_values(DOMAIN) == ("six",)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_it_never_listens_beyond_the_machine(host: str) -> None:
    with pytest.raises(ValueError, match="loopback only"):
        DemoResolver(host)
