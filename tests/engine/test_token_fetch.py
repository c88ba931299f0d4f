"""The guarded GET: where it goes, and what servers that are not honest can do to it."""

from __future__ import annotations

import dataclasses
import ipaddress
import socket
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privyseal.engine.token_fetch import MAXIMUM_BODY_BYTES, FetchedToken, FetchPolicy, TokenFetch
from privyseal.model.errors import PrivysealError, Refused, Unavailable
from tests.rigs.ports import LOOPBACK, free_port
from tests.rigs.web import Answer, WebServer, loopback_policy, reply

HOST = "www.acme.test"
ADVICE = "Serve the token."


def fetch(web: WebServer, policy: FetchPolicy | None = None, *, path: str = "/token") -> FetchedToken:
    used = policy or loopback_policy(web.port)
    return TokenFetch(HOST, (LOOPBACK,), used, advice=ADVICE).fetch(f"http://{HOST}:{web.port}{path}")


def failure(answer: Answer, *, timeout_seconds: float = 5.0) -> PrivysealError:
    with WebServer(answer) as web, pytest.raises(PrivysealError) as caught:
        fetch(web, loopback_policy(web.port, timeout_seconds=timeout_seconds))
    assert caught.value.sentence.endswith(ADVICE)
    return caught.value


# ------------------------------------------------------------------------------------------------ address policy


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("93.184.215.14", ""),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", ""),
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("169.254.1.1", "link-local"),
        ("fe80::1", "link-local"),
        ("169.254.169.254", "metadata"),
        ("::ffff:169.254.169.254", "metadata"),
        ("fd00:ec2::254", "metadata"),
        ("100.100.100.200", "metadata"),
        ("168.63.129.16", "metadata"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.250", "multicast"),
        ("ff02::1", "multicast"),
        ("10.0.0.1", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.168.1.1", "private"),
        ("fd12:3456::1", "private"),
        ("::ffff:10.0.0.1", "private"),
        ("172.32.0.1", ""),
        ("100.64.0.1", "reserved"),
        ("192.0.2.1", "reserved"),
        ("198.18.0.1", "reserved"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("2001:db8::1", "reserved"),
        ("::127.0.0.1", "reserved"),
        ("64:ff9b::7f00:1", "translated"),
        ("2002:7f00:1::1", "translated"),
        ("2001:0:7f00:1::1", "translated"),
        ("fec0::1", "translated"),
    ],
)
def test_only_ordinary_internet_hosts_are_allowed_by_default(address: str, word: str) -> None:
    assert FetchPolicy().refusal(address) == word


def test_private_addresses_are_opened_by_policy_and_nothing_else_with_them() -> None:
    policy = FetchPolicy(allow_private=True)
    assert [policy.refusal(address) for address in ("10.0.0.1", "192.168.1.1", "172.16.0.1", "fd12::1", "::ffff:10.0.0.1")] == [""] * 5
    assert policy.refusal("127.0.0.1") == "loopback"
    assert policy.refusal("169.254.169.254") == "metadata"
    assert policy.refusal("fd00:ec2::254") == "metadata"
    assert policy.refusal("fe80::1") == "link-local"


def test_a_named_network_is_opened_and_metadata_only_by_its_own_address() -> None:
    policy = FetchPolicy(allowed_networks=(ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("100.64.0.0/10")))
    assert policy.refusal("169.254.1.1") == ""
    assert policy.refusal("100.64.0.1") == ""
    assert policy.refusal("169.254.169.254") == "metadata"
    assert policy.refusal("100.100.100.200") == "metadata"
    assert policy.refusal("127.0.0.1") == "loopback"
    named = FetchPolicy(allowed_networks=(ipaddress.ip_network("169.254.169.254/32"),))
    assert named.refusal("169.254.169.254") == ""


@given(st.ip_addresses())
def test_whatever_is_allowed_by_default_is_global_and_no_multicast(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if not FetchPolicy().refusal(str(address)):
        assert address.is_global
        assert not address.is_multicast


def test_refused_addresses_are_skipped_and_named_only_if_none_is_left() -> None:
    with WebServer(reply(b"token")) as web:
        fetched = TokenFetch(HOST, ("10.0.0.1", LOOPBACK), loopback_policy(web.port), advice=ADVICE).fetch(f"http://{HOST}:{web.port}/")
        assert fetched == FetchedToken(b"token", LOOPBACK)
    with pytest.raises(Refused) as caught:
        TokenFetch(HOST, ("10.0.0.1", "fe80::1"), FetchPolicy(), advice=ADVICE)
    assert caught.value.kind == "dcv-address-refused"
    assert "10.0.0.1 (private), fe80::1 (link-local)" in caught.value.sentence


# ------------------------------------------------------------------------------------------------------- answers


def test_the_host_is_asked_by_name_at_the_pinned_address() -> None:
    with WebServer(reply(b"token")) as web:
        assert fetch(web, path="/a/b?c=d") == FetchedToken(b"token", LOOPBACK)
    assert web.requests == [(f"{HOST}:{web.port}", "/a/b?c=d")]


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.0 200 OK\r\n\r\ntoken",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntok\r\n2\r\nen\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntoken and what nobody asked for",
    ],
)
def test_every_way_to_frame_a_body_is_read(response: bytes) -> None:
    with WebServer(lambda _: response) as web:
        assert fetch(web).body == b"token"


def test_a_server_that_keeps_the_connection_open_is_not_waited_for() -> None:
    def slow_to_close(path: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntoken"
        time.sleep(1)

    with WebServer(slow_to_close) as web:
        start = time.monotonic()
        assert fetch(web).body == b"token"
        assert time.monotonic() - start < 0.9


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "500 Oops", "201 Created", "204 No Content", "304 Not Modified"])
def test_another_status_is_no_answer_and_is_told(status: str) -> None:
    error = failure(reply(b"secret", status=status))
    assert isinstance(error, Refused)
    assert error.kind == "dcv-no-answer"
    assert f"status {status[:3]}" in error.sentence
    assert "secret" not in error.sentence


def test_a_body_of_exactly_the_cap_is_read_and_one_more_byte_refused() -> None:
    with WebServer(reply(b"x" * MAXIMUM_BODY_BYTES)) as web:
        assert len(fetch(web).body) == MAXIMUM_BODY_BYTES
    assert failure(reply(b"x" * (MAXIMUM_BODY_BYTES + 1))).kind == "dcv-answer-too-large"


def test_endless_headers_and_endless_bodies_end_at_the_cap() -> None:
    def forever(start: bytes, piece: bytes) -> Answer:
        def answer(path: str) -> Iterator[bytes]:
            yield start
            while True:
                yield piece

        return answer

    assert failure(forever(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1000)).kind == "dcv-answer-too-large"
    assert failure(forever(b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 9000 + b"\r\n")).kind == "dcv-answer-too-large"
    assert failure(forever(b"HTTP/1.1 200 OK\r\n", b"y" * 1000)).kind == "dcv-answer-too-large"
    assert failure(forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n")).kind == "dcv-answer-too-large"


@pytest.mark.parametrize(
    "response",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\ntoken\r\n",
    ],
)
def test_what_is_not_http_is_said_to_be_so(response: bytes) -> None:
    assert failure(lambda _: response).kind == "dcv-bad-answer"


def test_a_server_that_hangs_up_gave_no_answer() -> None:
    error = failure(lambda _: b"")
    assert (error.kind, isinstance(error, Refused)) == ("dcv-no-answer", True)
    assert "hung up" in error.sentence


def test_a_closed_port_is_no_answer() -> None:
    port = free_port()
    with pytest.raises(Refused, match="Connection refused") as caught:
        TokenFetch(HOST, (LOOPBACK,), loopback_policy(port), advice=ADVICE).fetch(f"http://{HOST}:{port}/")
    assert caught.value.kind == "dcv-no-answer"


def test_a_dead_first_address_leaves_time_for_the_second() -> None:
    with WebServer(reply(b"token")) as web:
        # Nobody listens on 127.0.0.9, so it refuses at once.
        fetched = TokenFetch(HOST, ("127.0.0.9", LOOPBACK), loopback_policy(web.port), advice=ADVICE).fetch(f"http://{HOST}:{web.port}/")
    assert fetched.address == LOOPBACK


def test_a_silent_first_address_takes_only_its_share_of_the_time() -> None:
    with WebServer(reply(b"token")) as web, socket.socket() as full:
        full.bind(("127.0.0.9", web.port))
        full.listen(0)
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.9", web.port))
        policy = loopback_policy(web.port, timeout_seconds=2.0)
        start = time.monotonic()
        fetched = TokenFetch(HOST, ("127.0.0.9", LOOPBACK), policy, advice=ADVICE).fetch(f"http://{HOST}:{web.port}/")
        assert 0.9 < time.monotonic() - start < 2.0
        for filler in fillers:
            filler.close()
    assert fetched.address == LOOPBACK


def test_silence_and_dripping_both_end_at_the_deadline() -> None:
    def silent(path: str) -> Iterator[bytes]:
        time.sleep(0.7)
        yield b""

    def dripping(path: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nX-Slow: "
        while True:
            yield b"."
            time.sleep(0.05)

    for answer in (silent, dripping):
        start = time.monotonic()
        error = failure(answer, timeout_seconds=0.5)
        assert isinstance(error, Unavailable)
        assert error.kind == "dcv-timeout"
        assert error.retry_after_seconds > 0
        assert time.monotonic() - start < 3.0


def test_a_deadline_that_has_passed_connects_nowhere() -> None:
    with WebServer(reply(b"token")) as web:
        with pytest.raises(Unavailable):
            fetch(web, loopback_policy(web.port, timeout_seconds=0.0))
        assert web.requests == []


# ----------------------------------------------------------------------------------------------------- redirects


def redirecting(*locations: str, status: str = "302 Found") -> Answer:
    """Redirects along ``locations`` and then serves the token."""
    left = list(locations)

    def answer(path: str) -> bytes:
        chosen = reply(b"", status=status, headers=(f"Location: {left.pop(0)}",)) if left else reply(b"token")
        response = chosen(path)
        assert isinstance(response, bytes)
        return response

    return answer


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_three_redirects_on_the_same_host_are_followed(status: str) -> None:
    with WebServer(reply(b"")) as web:
        web.answer = redirecting("/b", "c?d", f"http://WWW.acme.test.:{web.port}/e", status=status)
        assert fetch(web).body == b"token"
    assert [path for _, path in web.requests] == ["/token", "/b", "/c?d", "/e"]


def test_a_fourth_redirect_is_refused() -> None:
    error = failure(redirecting("/1", "/2", "/3", "/4"))
    assert error.kind == "dcv-redirect-refused"
    assert "more than 3 times" in error.sentence


@pytest.mark.parametrize(
    "location",
    [
        "http://evil.test:{port}/",
        "https://www.acme.test:{port}/",
        "//evil.test:{port}/",
        "http://127.0.0.1:{port}/",
        "http://www.acme.test.evil.test:{port}/",
        "http://www.acme.test@evil.test:{port}/",
        "http://user@www.acme.test:{port}/",
        "http://www.acme.test/",
        "http://www.acme.test:22/",
        "http://www.acme.test:0/",
        "http://www.acme.test:99999999/",
        "http://www.acme.test:x/",
        "http://[::1/",
        "file:///etc/passwd",
        "ftp://www.acme.test:{port}/",
        "/caf\u00e9",
        "/two words",
        "",
    ],
)
def test_a_redirect_that_leaves_the_host_or_its_port_is_refused(location: str) -> None:
    with WebServer(reply(b"")) as web:
        web.answer = redirecting(location.format(port=web.port))
        with pytest.raises(Refused) as caught:
            fetch(web)
    assert caught.value.kind == "dcv-redirect-refused"
    assert len(web.requests) == 1
    assert "evil" not in caught.value.sentence


def test_a_redirect_without_a_target_is_refused() -> None:
    assert failure(reply(b"", status="302 Found")).kind == "dcv-redirect-refused"


def test_a_redirect_to_another_allowed_port_is_followed() -> None:
    with WebServer(reply(b"token")) as other, WebServer(redirecting(f"http://{HOST}:{other.port}/there")) as web:
        policy = dataclasses.replace(loopback_policy(web.port), ports=(web.port, other.port))
        assert fetch(web, policy).body == b"token"
    assert other.requests == [(f"{HOST}:{other.port}", "/there")]
