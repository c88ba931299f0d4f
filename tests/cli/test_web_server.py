"""The two https listeners themselves: hostile connections, taken ports, wrong files, and an end that comes."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from privyseal.cli import web_server
from privyseal.cli.web_server import MAXIMUM_HEAD, portal_context, serve_web
from privyseal.engine.pem import certificate_to_pem
from privyseal.model.errors import Unavailable
from tests.doors.rest.rest_rig import API, RestRig
from tests.doors.rest.served import Served, ask, serving, write_server_certificate
from tests.rigs.service import ServiceRig


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for the module, on the embedded database: no test here asks the database anything."""
    directory = Path(tmp_path_factory.mktemp("web"))
    service = ServiceRig(directory)
    with serving(RestRig(service), directory) as running:
        yield running
    service.close()


def send(served: Served, data: bytes, *, wait: float = 10) -> bytes:
    """What comes back for these bytes until the server closes or falls silent."""
    with (
        socket.create_connection(("localhost", served.server.web_port), wait) as plain,
        served.context().wrap_socket(plain, server_hostname="localhost") as tls,
    ):
        tls.sendall(data)
        received = b""
        try:
            while piece := tls.recv(65536):
                received += piece
        except TimeoutError:
            pass
        return received


def test_an_ordinary_call(served: Served) -> None:
    connection = served.anybody()
    assert ask(connection, "/healthz") == (200, "alive\n")
    assert ask(connection, f"{API}/service")[1]["service"] == "privyseal.localhost"


HOSTILE = [
    ("not http", b"\x16\x03\x01\x02\x00\r\n\r\n"),
    ("http 0.9", b"GET /\r\n\r\n"),
    ("a wrong length", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"),
    ("two lengths", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    ("length and chunks", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /"),
    ("a NUL in a header", b"GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"),
    ("a header without a name", b"GET / HTTP/1.1\r\n: x\r\n\r\n"),
    ("an address that is none", b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a proxy's method", b"CONNECT evil.test:443 HTTP/1.1\r\nHost: x\r\n\r\n"),
]


@pytest.mark.parametrize("data", [row[1] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_bytes_that_are_no_call(served: Served, data: bytes) -> None:
    answer = send(served, data, wait=3)
    assert answer.count(b"HTTP/1.1 ") <= 1, "nothing hides a second call"
    assert not answer.startswith(b"HTTP/1.1 5"), answer
    assert ask(served.anybody(), "/healthz")[0] == 200


@pytest.mark.parametrize("path", [b"/%00", b"/api/v1/%ff", b"/api/v1/organizations/%00", b"//evil.test/..", b"/" + b"a" * 20_000, b"*"])
def test_addresses_that_are_none(served: Served, path: bytes) -> None:
    answer = send(served, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 4"), answer[:200]


def test_a_forwarded_certificate_is_nobodys(served: Served) -> None:
    headers = {"Client-Cert": ":MIIB:", "X-Client-Cert": "x", "X-Forwarded-Client-Cert": "Hash=00"}
    connection = served.anybody()
    connection.request("GET", f"{API}/provider/organizations", headers=headers)
    assert connection.getresponse().status == 400, "only a front with the secret may say who somebody is"
    del headers["Client-Cert"]
    other = served.anybody()
    other.request("GET", f"{API}/provider/organizations", headers=headers)
    assert other.getresponse().status == 401


def test_a_head_without_end_is_cut(served: Served) -> None:
    head = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(
        b"A%d: %s\r\n" % (number, b"x" * 1000) for number in range(MAXIMUM_HEAD // 1000 + 40)
    )
    with contextlib.suppress(ConnectionError):
        assert send(served, head).startswith((b"HTTP/1.1 400", b""))
    assert ask(served.anybody(), "/healthz")[0] == 200


def test_a_head_that_never_comes_is_not_waited_for(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "HEAD_SECONDS", 0.5)
    began = time.monotonic()
    assert send(served, b"GET / HTTP/1.1\r\nHost: x\r\n") == b""
    assert 0.4 < time.monotonic() - began < 5


def test_a_second_head_that_never_ends_is_not_waited_for(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "HEAD_SECONDS", 0.5)
    began = time.monotonic()
    answer = send(served, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost:")
    assert answer.startswith(b"HTTP/1.1 200")
    assert time.monotonic() - began < 5


def test_calls_in_a_row_on_one_connection(served: Served) -> None:
    answer = send(
        served, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 3 + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    assert answer.count(b"HTTP/1.1 200") == 4


def test_a_body_that_never_ends_is_cut(served: Served) -> None:
    head = b"POST /api/v1/administrators/enroll HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    try:
        answer = send(served, head + chunk * 40)
    except ConnectionError:
        return
    assert answer.startswith(b"HTTP/1.1 413"), answer[:100]


def test_the_end_comes_while_clients_idle(tmp_path: Path) -> None:
    service = ServiceRig(tmp_path)
    with serving(RestRig(service), tmp_path) as running:
        idle = running.anybody()
        assert ask(idle, "/healthz")[0] == 200
        plain = socket.create_connection(("localhost", running.server.web_port), 5)
        running.connections.clear()  # Neither says good-bye.
        began = time.monotonic()
    assert time.monotonic() - began < 10
    idle.close()
    plain.close()
    service.close()


def test_a_port_that_is_taken_is_a_sentence(served: Served, tmp_path: Path) -> None:
    write_server_certificate(tmp_path)
    service = ServiceRig(tmp_path)
    rest = RestRig(service)
    for web_port, administrator_port in ((served.server.web_port, 0), (0, served.server.web_port)):
        with pytest.raises(Unavailable, match="cannot be listened on") as refusal:
            serve_web(
                rest.app,
                host="127.0.0.1",
                web_port=web_port,
                administrator_port=administrator_port,
                certificate_file=tmp_path / "server.pem",
                key_file=tmp_path / "server.key",
                administrators_ca_pem=certificate_to_pem(service.house.administrators_authority.root),
                stop=threading.Event(),
            )
        assert refusal.value.kind == "port"
    service.close()


@pytest.mark.parametrize("content", [None, b"", b"nonsense"])
def test_tls_files_that_are_none_are_a_sentence(tmp_path: Path, content: bytes | None) -> None:
    write_server_certificate(tmp_path)
    key_file = tmp_path / "other.key"
    if content is not None:
        key_file.write_bytes(content)
    with pytest.raises(Unavailable, match="cannot be used") as refusal:
        portal_context(tmp_path / "server.pem", key_file)
    assert refusal.value.kind == "tls"
