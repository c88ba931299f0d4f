"""The DNS rig answers with what a test set a moment ago, over UDP and TCP."""

from __future__ import annotations

from collections.abc import Iterator

import dns.message
import dns.query
import dns.rcode
import pytest

from tests.rigs.knot import KnotServer

ZONE = "resource-marketing.test"
NAME = f"_privyseal.{ZONE}"


@pytest.fixture(scope="module")
def server() -> Iterator[KnotServer]:
    with KnotServer([ZONE, "hacker.test"]) as running:
        yield running


def txt(server: KnotServer, name: str) -> tuple[int, list[str]]:
    host, port = server.address
    answer = dns.query.udp(dns.message.make_query(name, "TXT"), host, port=port, timeout=5)
    return answer.rcode(), [str(record) for rrset in answer.answer for record in rrset]


def test_a_record_appears_when_added_and_is_gone_when_removed(server: KnotServer) -> None:
    assert txt(server, NAME) == (dns.rcode.NXDOMAIN, [])
    server.add(ZONE, NAME, "TXT", '"token-1"')
    server.add(ZONE, NAME, "TXT", '"token-2"')
    assert txt(server, NAME)[0] == dns.rcode.NOERROR
    assert sorted(txt(server, NAME)[1]) == ['"token-1"', '"token-2"']
    server.remove(ZONE, NAME, "TXT")
    assert txt(server, NAME) == (dns.rcode.NXDOMAIN, [])


def test_it_speaks_tcp_and_knows_only_its_zones(server: KnotServer) -> None:
    host, port = server.address
    server.add("hacker.test", "www.hacker.test", "A", "127.0.0.1")
    answer = dns.query.tcp(dns.message.make_query("www.hacker.test", "A"), host, port=port, timeout=5)
    assert [str(record) for record in answer.answer[0]] == ["127.0.0.1"]
    assert txt(server, "bookstore.test")[0] == dns.rcode.REFUSED


def test_a_refused_update_is_an_error(server: KnotServer) -> None:
    with pytest.raises(RuntimeError, match="refused"):
        server.add("bookstore.test", "www.bookstore.test", "A", "127.0.0.1")
