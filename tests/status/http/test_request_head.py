"""The head reader: what it keeps, and that nothing but RequestError comes out of it. More wrong heads: test_connection.py."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privyseal.status.http.request_head import RequestError, RequestHead, parse_head


def test_what_is_kept() -> None:
    head = parse_head(
        b"POST http://status.test/ocsp/issuing?x HTTP/1.1\r\nhost:status.test\r\nCONTENT-TYPE: Application/OCSP-Request; a=b \r\n"
        b'Content-Length:\t17\r\nIf-None-Match: "a"\r\nIf-None-Match: W/"b", "c"\r\nExpect: 100-Continue\r\nX-Empty:\r\n\r\n'
    )
    assert head == RequestHead(
        method="POST",
        path="/ocsp/issuing",
        keep_alive=True,
        content_length=17,
        content_type="application/ocsp-request",
        if_none_match='"a", W/"b", "c"',
        expects_continue=True,
    )


@pytest.mark.parametrize(
    ("field", "version", "keeps"),
    [
        (b"", b"1.1", True),
        (b"Connection: close\r\n", b"1.1", False),
        (b"Connection: x, CLOSE\r\n", b"1.1", False),
        (b"Connection: x\r\nConnection: close\r\n", b"1.1", False),
        (b"Connection: keep-alive\r\n", b"1.0", False),
        (b"", b"1.0", False),
    ],
)
def test_who_keeps_the_connection(field: bytes, version: bytes, *, keeps: bool) -> None:
    assert parse_head(b"GET / HTTP/" + version + b"\r\nHost: a\r\n" + field + b"\r\n").keep_alive is keeps


@given(st.binary(max_size=200))
def test_noise_ends_in_a_request_error(noise: bytes) -> None:
    with pytest.raises(RequestError) as refusal:
        parse_head(noise + b"\r\n\r\n")
    assert refusal.value.status == 400


@given(st.lists(st.binary(max_size=30), max_size=6))
def test_noise_in_fields_ends_in_a_request_error_or_is_passed_over(lines: list[bytes]) -> None:
    with contextlib.suppress(RequestError):
        head = parse_head(b"\r\n".join([b"GET /healthz HTTP/1.1", b"Host: a", *lines, b"", b""]))
        assert head.path == "/healthz"


@given(st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60))
def test_any_visible_path_is_read(tail: str) -> None:
    head = parse_head(f"GET /{tail} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    assert head.path == "/" + tail.partition("?")[0].partition("#")[0]
