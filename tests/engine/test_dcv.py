"""Domain control validation against a real authoritative server (Knot) and real web servers on loopback."""

from __future__ import annotations

import dataclasses
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from privyseal.engine import dcv
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.model.domain import ValidationMethod
from privyseal.model.errors import Refused, Unavailable
from tests.rigs.knot import KnotServer
from tests.rigs.ports import LOOPBACK, free_port
from tests.rigs.web import WebServer, echo, loopback_policy, reply

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ZONE = "acme.test"
TOKEN = "q8nN0bYb0y3oWm2zT7r5kQv1xJ4uH6sLcDfGaEiPoRw"
Answer = Callable[[dns.message.Message], list[bytes]]


@pytest.fixture(scope="module")
def knot() -> Iterator[KnotServer]:
    with KnotServer([ZONE]) as server:
        yield server


@pytest.fixture
def lookup(knot: KnotServer) -> DnsLookup:
    return DnsLookup((knot.address,))


@contextmanager
def crafted_server(answer: Answer) -> Iterator[tuple[str, int]]:
    """A UDP server that says what no honest server says; nobody listens on TCP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((LOOPBACK, free_port()))
        sock.settimeout(0.05)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    wire, client = sock.recvfrom(4096)
                except TimeoutError:
                    continue
                for response in answer(dns.message.from_wire(wire)):
                    sock.sendto(response, client)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield sock.getsockname()
        finally:
            ended.set()
            thread.join()


@contextmanager
def silent_server() -> Iterator[tuple[str, int]]:
    """UDP and TCP are open, and nobody ever answers."""
    port = free_port()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream,
    ):
        datagrams.bind((LOOPBACK, port))
        stream.bind((LOOPBACK, port))
        stream.listen()
        yield LOOPBACK, port


def with_code(code: dns.rcode.Rcode) -> Answer:
    def answer(query: dns.message.Message) -> list[bytes]:
        response = dns.message.make_response(query)
        response.set_rcode(code)
        return [response.to_wire()]

    return answer


def txt_answer(query: dns.message.Message, value: str) -> dns.message.Message:
    response = dns.message.make_response(query)
    response.answer.append(dns.rrset.from_text(query.question[0].name, 1, "IN", "TXT", f'"{value}"'))
    return response


# ------------------------------------------------------------------------------------------------- DNS TXT method


def test_the_published_token_shows_control(knot: KnotServer, lookup: DnsLookup) -> None:
    knot.add(ZONE, f"_privyseal-challenge.shown.{ZONE}", "TXT", f'"{TOKEN}"')
    evidence = dcv.validate_dns_txt(f"shown.{ZONE}", TOKEN, lookup, now=NOW)
    assert evidence == dcv.Evidence(
        method=ValidationMethod.DNS_TXT,
        name=f"_privyseal-challenge.shown.{ZONE}",
        answers=(TOKEN,),
        resolvers=(f"{LOOPBACK}:{knot.port}",),
        connected_to="",
        authenticated=False,
        at=NOW,
    )
    assert json.loads(evidence.to_json()) == {
        "method": "dns-txt",
        "name": f"_privyseal-challenge.shown.{ZONE}",
        "answers": [TOKEN],
        "resolvers": [f"{LOOPBACK}:{knot.port}"],
        "connected_to": "",
        "authenticated": False,
        "at": "2026-11-21T09:30:00+00:00",
        "perspectives": [],
    }


def test_a_missing_record_is_refused_with_the_record_to_publish(lookup: DnsLookup) -> None:
    with pytest.raises(Refused) as caught:
        dcv.validate_dns_txt(ZONE, TOKEN, lookup, now=NOW)
    assert caught.value.kind == "dcv-no-answer"
    assert caught.value.field == "domain"
    assert caught.value.sentence.endswith(f'check again: _privyseal-challenge.{ZONE}. IN TXT "{TOKEN}"')


def test_a_name_without_txt_is_no_answer_as_well(knot: KnotServer, lookup: DnsLookup) -> None:
    knot.add(ZONE, f"_privyseal-challenge.other.{ZONE}", "A", LOOPBACK)
    with pytest.raises(Refused) as caught:
        dcv.validate_dns_txt(f"other.{ZONE}", TOKEN, lookup, now=NOW)
    assert caught.value.kind == "dcv-no-answer"


@pytest.mark.parametrize(
    "value", [TOKEN[:-1], TOKEN + "x", TOKEN.lower(), TOKEN.swapcase(), "", "privyseal", f"privyseal={TOKEN}", "\\195\\169", "\\255"]
)
def test_another_value_is_a_mismatch_that_repeats_what_to_publish(knot: KnotServer, lookup: DnsLookup, value: str) -> None:
    name = f"_privyseal-challenge.wrong.{ZONE}"
    knot.remove(ZONE, name, "TXT")
    knot.add(ZONE, name, "TXT", f'"{value}"')
    with pytest.raises(Refused) as caught:
        dcv.validate_dns_txt(f"wrong.{ZONE}", TOKEN, lookup, now=NOW)
    assert caught.value.kind == "dcv-mismatch"
    assert caught.value.sentence.isascii()
    assert caught.value.sentence.endswith(dcv.txt_record_to_publish(f"wrong.{ZONE}", TOKEN))


def test_what_a_stranger_published_is_shown_short_and_harmless(knot: KnotServer, lookup: DnsLookup) -> None:
    name = f"_privyseal-challenge.hostile.{ZONE}"
    knot.add(ZONE, name, "TXT", '"<script>\\010\\027[31m ' + "A" * 200 + '"')
    knot.add(ZONE, name, "TXT", '"<script>\\010\\027[31m ' + "B" * 200 + '"')
    with pytest.raises(Refused) as caught:
        dcv.validate_dns_txt(f"hostile.{ZONE}", TOKEN, lookup, now=NOW)
    assert caught.value.sentence.isprintable()
    assert '" and 1 more, not the token' in caught.value.sentence
    assert "A" * 81 not in caught.value.sentence


def test_one_of_many_records_is_enough_and_stays_in_the_capped_evidence(knot: KnotServer, lookup: DnsLookup) -> None:
    name = f"_privyseal-challenge.many.{ZONE}"
    for index in range(14):
        knot.add(ZONE, name, "TXT", f'"{index:03}-{"x" * 200}" "{"y" * 200}"')
    knot.add(ZONE, name, "TXT", f'"  {TOKEN} "')
    # 15 records of 400 bytes fit no UDP answer: this went over TCP.
    assert len(lookup.txt_values(name)) == 15
    evidence = dcv.validate_dns_txt(f"many.{ZONE}", TOKEN, lookup, now=NOW)
    assert evidence.answers[0].strip() == TOKEN
    assert len(evidence.answers) == 10
    assert max(map(len, evidence.answers)) == 255


def test_a_token_split_into_strings_is_joined(knot: KnotServer, lookup: DnsLookup) -> None:
    knot.add(ZONE, f"_privyseal-challenge.split.{ZONE}", "TXT", f'"{TOKEN[:10]}" "{TOKEN[10:]}"')
    assert dcv.validate_dns_txt(f"split.{ZONE}", TOKEN, lookup, now=NOW).answers == (TOKEN,)


def test_an_alias_to_the_record_is_followed(knot: KnotServer, lookup: DnsLookup) -> None:
    knot.add(ZONE, f"validation.{ZONE}", "TXT", f'"{TOKEN}"')
    knot.add(ZONE, f"_privyseal-challenge.alias.{ZONE}", "CNAME", f"validation.{ZONE}.")
    assert dcv.validate_dns_txt(f"alias.{ZONE}", TOKEN, lookup, now=NOW).answers == (TOKEN,)


def test_a_record_beside_the_name_shows_nothing(knot: KnotServer, lookup: DnsLookup) -> None:
    knot.add(ZONE, f"_privyseal-challenge.parent.{ZONE}", "TXT", f'"{TOKEN}"')
    knot.add(ZONE, f"child.parent.{ZONE}", "TXT", f'"{TOKEN}"')
    with pytest.raises(Refused) as caught:
        dcv.validate_dns_txt(f"child.parent.{ZONE}", TOKEN, lookup, now=NOW)
    assert caught.value.kind == "dcv-no-answer"


@pytest.mark.parametrize("token", ["", "short"])
def test_a_token_that_could_match_by_accident_is_a_bug(lookup: DnsLookup, token: str) -> None:
    with pytest.raises(ValueError, match="at least 16"):
        dcv.validate_dns_txt(ZONE, token, lookup, now=NOW)


@pytest.mark.parametrize(
    "domain", ["x" * 63 + ("." + "x" * 60) * 3 + ".test", "a..test", "b\u00fccher.test", "x" * 64 + ".test", "a\ud800.test"]
)
def test_text_that_is_no_name_is_refused_not_looked_up(lookup: DnsLookup, domain: str) -> None:
    with pytest.raises(Refused) as caught:
        dcv.validate_dns_txt(domain, TOKEN, lookup, now=NOW)
    assert caught.value.kind == "dcv-name"
    assert caught.value.sentence.isprintable()


# --------------------------------------------------------------------------------------------------- the look-up


def test_addresses_are_ipv4_then_ipv6_and_capped(knot: KnotServer, lookup: DnsLookup) -> None:
    name = f"addresses.{ZONE}"
    for index in range(1, 8):
        knot.add(ZONE, name, "A", f"192.0.2.{index}")
        knot.add(ZONE, name, "AAAA", f"2001:db8::{index}")
    found = lookup.addresses(name)
    assert len(found) == 8
    assert {address for address in found if ":" not in address} == {f"192.0.2.{index}" for index in range(1, 8)}
    assert found[-1].startswith("2001:db8::")
    assert lookup.addresses(f"nothing.{ZONE}") == ()


def test_a_name_outside_the_servers_zones_is_unavailable_with_its_words(lookup: DnsLookup) -> None:
    with pytest.raises(Unavailable) as caught:
        dcv.validate_dns_txt("elsewhere.test", TOKEN, lookup, now=NOW)
    assert caught.value.kind == "dcv-resolver-failed"
    assert "answered REFUSED" in caught.value.sentence
    assert caught.value.retry_after_seconds > 0


def test_servfail_is_unavailable_not_a_refusal() -> None:
    # A validating resolver says SERVFAIL when a DNSSEC signature is wrong (RFC 4035 5.5).
    with crafted_server(with_code(dns.rcode.SERVFAIL)) as resolver:
        lookup = DnsLookup((resolver,))
        for ask in (lookup.txt_values, lookup.addresses):
            with pytest.raises(Unavailable, match="DNSSEC") as caught:
                ask(ZONE)
            assert caught.value.kind == "dcv-resolver-failed"


def test_a_failing_aaaa_does_not_bar_an_a_record() -> None:
    def answer(query: dns.message.Message) -> list[bytes]:
        response = dns.message.make_response(query)
        if query.question[0].rdtype == dns.rdatatype.AAAA:
            response.set_rcode(dns.rcode.SERVFAIL)
        else:
            response.answer.append(dns.rrset.from_text(query.question[0].name, 1, "IN", "A", "192.0.2.7"))
        return [response.to_wire()]

    with crafted_server(answer) as resolver:
        assert DnsLookup((resolver,)).addresses(ZONE) == ("192.0.2.7",)


def test_silence_is_a_time_out_within_the_total_over_all_resolvers() -> None:
    with silent_server() as first, silent_server() as second:
        start = time.monotonic()
        with pytest.raises(Unavailable) as caught:
            DnsLookup((first, second), timeout_seconds=0.8).txt_values(ZONE)
        assert time.monotonic() - start < 1.5
    assert caught.value.kind == "dcv-timeout"
    assert caught.value.sentence.count("did not answer in time") == 2


def test_the_total_holds_for_both_kinds_of_address_together() -> None:
    with silent_server() as resolver:
        start = time.monotonic()
        with pytest.raises(Unavailable, match="A record"):
            DnsLookup((resolver,), timeout_seconds=0.4).addresses(ZONE)
        assert time.monotonic() - start < 1.0


def test_a_dead_resolver_is_said_to_be_unreachable() -> None:
    with crafted_server(lambda _: []) as resolver, pytest.raises(Unavailable, match="could not be reached") as caught:
        DnsLookup((resolver,), timeout_seconds=0.4).txt_values(ZONE)
    assert caught.value.kind == "dcv-resolver-failed"


def test_the_next_resolver_is_asked_when_one_fails(knot: KnotServer) -> None:
    knot.add(ZONE, f"_privyseal-challenge.second.{ZONE}", "TXT", f'"{TOKEN}"')
    with crafted_server(with_code(dns.rcode.REFUSED)) as refusing, silent_server() as silent:
        lookup = DnsLookup((refusing, silent, knot.address), timeout_seconds=1.5)
        evidence = dcv.validate_dns_txt(f"second.{ZONE}", TOKEN, lookup, now=NOW)
    assert evidence.resolvers == (f"{LOOPBACK}:{knot.port}",)


def test_no_resolver_is_a_setting_to_make() -> None:
    with pytest.raises(Unavailable, match="settings"):
        DnsLookup(()).txt_values(ZONE)


def test_a_forged_packet_before_the_answer_is_ignored() -> None:
    def answer(query: dns.message.Message) -> list[bytes]:
        forged = txt_answer(query, TOKEN)
        forged.id = (query.id + 1) % 65536
        return [b"", b"\x00\x01", forged.to_wire(), txt_answer(query, "the real answer").to_wire()]

    with crafted_server(answer) as resolver:
        assert DnsLookup((resolver,)).txt_values(ZONE) == ("the real answer",)


def test_an_endless_chain_of_aliases_is_not_understood() -> None:
    def answer(query: dns.message.Message) -> list[bytes]:
        response = dns.message.make_response(query)
        for name, target in ((f"{ZONE}.", f"a.{ZONE}."), (f"a.{ZONE}.", f"{ZONE}.")):
            response.answer.append(dns.rrset.from_text(name, 1, "IN", "CNAME", target))
        return [response.to_wire()]

    with crafted_server(answer) as resolver, pytest.raises(Unavailable, match="could not be understood"):
        DnsLookup((resolver,)).txt_values(ZONE)


def test_the_resolvers_word_on_dnssec_is_kept() -> None:
    def answer(query: dns.message.Message) -> list[bytes]:
        assert query.flags & dns.flags.AD
        response = txt_answer(query, TOKEN)
        response.flags |= dns.flags.AD
        return [response.to_wire()]

    with crafted_server(answer) as resolver:
        assert dcv.validate_dns_txt(ZONE, TOKEN, DnsLookup((resolver,)), now=NOW).authenticated


def test_an_ipv6_resolver_is_written_with_brackets() -> None:
    with pytest.raises(Unavailable, match=r"\[::1\]:9 could not be reached"):
        DnsLookup((("::1", 9),), timeout_seconds=0.4).txt_values(ZONE)


# --------------------------------------------------------------------------------------------- HTTP token method


def test_the_served_token_shows_control(knot: KnotServer, lookup: DnsLookup) -> None:
    knot.add(ZONE, f"web.{ZONE}", "A", LOOPBACK)
    with WebServer(reply(f"{TOKEN}\r\n".encode())) as web:
        evidence = dcv.validate_http_token(f"web.{ZONE}", TOKEN, lookup, loopback_policy(web.port), now=NOW)
    url = dcv.challenge_url(f"web.{ZONE}", TOKEN, web.port)
    assert evidence == dcv.Evidence(
        method=ValidationMethod.HTTP_TOKEN,
        name=url,
        answers=(TOKEN,),
        resolvers=(f"{LOOPBACK}:{knot.port}",),
        connected_to=LOOPBACK,
        authenticated=False,
        at=NOW,
    )
    assert web.requests == [(f"web.{ZONE}:{web.port}", f"/.well-known/privyseal-challenge/{dcv.http_token_id(TOKEN)}")]


def test_the_url_names_the_port_only_where_it_is_not_80() -> None:
    path = f"/.well-known/privyseal-challenge/{dcv.http_token_id(TOKEN)}"
    assert dcv.challenge_url("www.acme.test", TOKEN) == f"http://www.acme.test{path}"
    assert dcv.challenge_url("www.acme.test", TOKEN, 8080) == f"http://www.acme.test:8080{path}"
    assert TOKEN not in path


def test_a_server_that_echoes_the_path_does_not_pass(knot: KnotServer, lookup: DnsLookup) -> None:
    knot.add(ZONE, f"echo.{ZONE}", "A", LOOPBACK)
    with WebServer(echo) as web, pytest.raises(Refused) as caught:
        dcv.validate_http_token(f"echo.{ZONE}", TOKEN, lookup, loopback_policy(web.port), now=NOW)
    assert caught.value.kind == "dcv-mismatch"


@pytest.mark.parametrize("body", [b"", TOKEN.lower().encode(), TOKEN.encode() + b"x", b"\xff\xfe", b"password=hunter2"])
def test_another_body_is_a_mismatch_that_never_repeats_it(knot: KnotServer, lookup: DnsLookup, body: bytes) -> None:
    knot.add(ZONE, f"mismatch.{ZONE}", "A", LOOPBACK)
    with WebServer(reply(body)) as web, pytest.raises(Refused) as caught:
        dcv.validate_http_token(f"mismatch.{ZONE}", TOKEN, lookup, loopback_policy(web.port), now=NOW)
    assert caught.value.kind == "dcv-mismatch"
    assert "hunter2" not in caught.value.sentence
    url = dcv.challenge_url(f"mismatch.{ZONE}", TOKEN, web.port)
    assert caught.value.sentence.endswith(f"Serve {url} over plain http with exactly this content and check again: {TOKEN}")


def test_a_domain_without_address_is_refused(lookup: DnsLookup) -> None:
    with pytest.raises(Refused) as caught:
        dcv.validate_http_token(f"nowhere.{ZONE}", TOKEN, lookup, loopback_policy(1), now=NOW)
    assert caught.value.kind == "dcv-no-answer"
    assert "A or AAAA" in caught.value.sentence


def test_a_domain_that_points_inside_is_refused_before_any_connection(knot: KnotServer, lookup: DnsLookup) -> None:
    knot.add(ZONE, f"inside.{ZONE}", "A", LOOPBACK)
    with WebServer(reply(TOKEN.encode())) as web:
        policy = dataclasses.replace(loopback_policy(web.port), allowed_networks=())
        with pytest.raises(Refused) as caught:
            dcv.validate_http_token(f"inside.{ZONE}", TOKEN, lookup, policy, now=NOW)
        assert web.requests == []
    assert caught.value.kind == "dcv-address-refused"
    assert f"{LOOPBACK} (loopback)" in caught.value.sentence


def test_the_address_is_resolved_once_so_that_rebinding_moves_nothing(knot: KnotServer, lookup: DnsLookup) -> None:
    name = f"rebind.{ZONE}"
    knot.add(ZONE, name, "A", LOOPBACK)
    with WebServer(reply(TOKEN.encode())) as web:

        def rebind(path: str) -> bytes | Iterator[bytes]:
            knot.remove(ZONE, name, "A")
            knot.add(ZONE, name, "A", "127.0.0.2")
            assert lookup.addresses(name) == ("127.0.0.2",)
            web.answer = reply(TOKEN.encode())
            return reply(b"", status="302 Found", headers=(f"Location: {path}?again",))(path)

        web.answer = rebind
        evidence = dcv.validate_http_token(name, TOKEN, lookup, loopback_policy(web.port), now=NOW)
    assert evidence.connected_to == LOOPBACK
    assert len(web.requests) == 2


def test_a_resolver_that_fails_is_not_the_domains_fault(lookup: DnsLookup) -> None:
    with pytest.raises(Unavailable):
        dcv.validate_http_token("elsewhere.test", TOKEN, lookup, loopback_policy(1), now=NOW)


def test_an_empty_token_is_a_bug_here_too(lookup: DnsLookup) -> None:
    with pytest.raises(ValueError, match="at least 16"):
        dcv.validate_http_token(ZONE, "", lookup, loopback_policy(1), now=NOW)
