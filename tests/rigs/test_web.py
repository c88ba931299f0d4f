"""The web rig answers HTTP, and is not held by whoever speaks something else or nothing."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import time

import pytest

from tests.rigs.ports import LOOPBACK
from tests.rigs.web import WebServer, reply


def fetched(web: WebServer) -> bytes:
    with contextlib.closing(http.client.HTTPConnection(LOOPBACK, web.port, timeout=5)) as connection:
        connection.request("GET", "/token")
        with connection.getresponse() as response:
            return response.read()


def test_a_client_of_tls_is_hung_up_on_and_the_next_one_served() -> None:
    start = time.monotonic()
    with WebServer(reply(b"token")) as web:
        context = ssl.create_default_context()
        with socket.create_connection((LOOPBACK, web.port), timeout=5) as sock, pytest.raises(OSError):  # noqa: PT011 - of many kinds
            context.wrap_socket(sock, server_hostname="www.acme.test")
        assert fetched(web) == b"token"
        assert [path for _, path in web.requests] == ["/token"]
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    "sent", [b"", b"GET", b"GET /token HTTP/1.1\r\n", b"GET /token HTTP/1.1\r\nHost: a\r\n", b"\r\n\r\n", b"\x00" * 100_000]
)
def test_a_client_that_breaks_off_holds_nobody(sent: bytes) -> None:
    with WebServer(reply(b"token")) as web:
        with socket.create_connection((LOOPBACK, web.port), timeout=5) as sock:
            sock.sendall(sent)
        assert fetched(web) == b"token"
