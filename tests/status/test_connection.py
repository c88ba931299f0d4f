"""HTTP as clients really send it: in pieces, in a row, too large, too slow, wrong; and never a traceback."""

from __future__ import annotations

import contextlib
import http.client
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography.x509.ocsp import load_der_ocsp_response

from privyseal.status.settings import Limits
from tests.status.conftest import settings_for
from tests.status.running_front import RunningFront, request
from tests.status.sample_service import SampleService, ocsp_request

SHORT = Limits(connections=5, request_seconds=0.4, idle_seconds=0.8, drain_seconds=0.5, linger_seconds=0.3)


@pytest.fixture
def strict_front(sqlite_service: SampleService) -> Iterator[RunningFront]:
    """A front with limits that a test can wait for."""
    with RunningFront(replace(settings_for(sqlite_service), limits=SHORT)) as front:
        yield front


def test_requests_in_a_row_are_answered_in_their_order(sqlite_service: SampleService, sqlite_front: RunningFront) -> None:
    asked = [ocsp_request(sqlite_service.issue()) for _ in range(40)]
    row = b"".join(
        request("POST", "/ocsp/issuing", body=body) + request("GET", "/healthz") + request("HEAD", "/ca/root.cer") for body in asked
    )
    with sqlite_front.client() as client:
        client.send(row)
        bodies = []
        for _ in asked:
            bodies.append(client.read().body)
            assert client.read().body == b"ok\n"
            assert client.read(head_only=True).status == 200
    assert bodies == [sqlite_front.post_ocsp("issuing", body).body for body in asked]


def test_a_long_row_of_look_ups_to_a_client_that_reads_late(sqlite_front: RunningFront) -> None:
    """Each asks the database; what comes in meanwhile waits outside until there is room."""
    row = [request("POST", "/ocsp/issuing", body=ocsp_request(serial)) for serial in range(1, 1500)]
    with sqlite_front.client() as client:
        sender = threading.Thread(target=client.send, args=(b"".join(row),))
        sender.start()
        time.sleep(0.3)
        for serial in range(1, 1500):
            assert load_der_ocsp_response(client.read().body).serial_number == serial
        sender.join()


def test_a_long_row_of_different_heads_to_a_client_that_reads_late(sqlite_front: RunningFront) -> None:
    count = 5000
    with sqlite_front.client() as client:
        row = b"".join(request("GET", "/ca/issuing.pem", f"X-Number: {number}") for number in range(count))
        sender = threading.Thread(target=client.send, args=(row,))
        sender.start()
        time.sleep(0.5)
        bodies = {client.read().body for _ in range(count)}
        sender.join()
    assert len(bodies) == 1


def test_every_way_to_cut_two_requests_in_pieces(sqlite_service: SampleService, sqlite_front: RunningFront) -> None:
    body = ocsp_request(sqlite_service.issue())
    data = request("POST", "/ocsp/issuing", body=body) + request("GET", "/healthz")
    with sqlite_front.client() as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for cut in range(1, len(data), 3):
            client.send(data[:cut])
            time.sleep(0.001)
            client.send(data[cut:])
            assert client.read().fields["content-type"] == "application/ocsp-response"
            assert client.read().body == b"ok\n"


def test_pythons_own_client_keeps_one_connection(sqlite_service: SampleService, sqlite_front: RunningFront) -> None:
    body = ocsp_request(sqlite_service.issue())
    connection = http.client.HTTPConnection("127.0.0.1", sqlite_front.port, timeout=10)
    connection.connect()
    local = connection.sock.getsockname()
    for _ in range(3):
        connection.request("POST", "/ocsp/issuing", body, {"Content-Type": "application/ocsp-request"})
        with connection.getresponse() as answer:
            assert (answer.status, len(answer.read()) > 200) == (200, True)
    assert connection.sock.getsockname() == local
    connection.close()


def test_http_1_0_and_connection_close_end_the_connection(sqlite_front: RunningFront) -> None:
    for data in (b"GET /healthz HTTP/1.0\r\n\r\n", request("GET", "/healthz", "Connection: Close")):
        with sqlite_front.client() as client:
            client.send(data)
            reply = client.read()
            assert (reply.body, reply.fields["connection"]) == (b"ok\n", "close")
            assert client.is_ended()


def test_a_client_that_stops_sending_still_gets_its_answers(sqlite_service: SampleService, sqlite_front: RunningFront) -> None:
    data = request("POST", "/ocsp/issuing", body=ocsp_request(sqlite_service.issue()))
    with sqlite_front.client() as client:
        client.send(data * 3)
        client.socket.shutdown(socket.SHUT_WR)
        for _ in range(3):
            assert client.read().status == 200
        assert client.is_ended()


def test_a_client_that_leaves_early_harms_nobody(sqlite_service: SampleService, sqlite_front: RunningFront) -> None:
    data = request("POST", "/ocsp/issuing", body=ocsp_request(sqlite_service.issue()))
    for _ in range(50):
        client = sqlite_front.client()
        client.send(data)
        # An RST instead of a FIN.
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    assert sqlite_front.get("/healthz").status == 200


def test_expect_continue_is_answered_before_the_body(sqlite_front: RunningFront) -> None:
    body = ocsp_request(5)
    data = request("POST", "/ocsp/issuing", "Expect: 100-continue", body=body)
    with sqlite_front.client() as client:
        client.send(data[: -len(body)])
        assert client.read().status == 100
        client.send(body)
        assert client.read().status == 200


def test_absolute_addresses_queries_and_empty_lines_before_a_request(sqlite_front: RunningFront) -> None:
    with sqlite_front.client() as client:
        client.send(b"\r\n\r\n" + request("GET", "http://status.example.test/healthz?x=1#y") + b"\r\n" + request("GET", "/healthz?"))
        assert client.read().body == b"ok\n"
        assert client.read().body == b"ok\n"


ENDING = {
    "line feeds alone": (b"GET /healthz HTTP/1.1\nHost: x\n\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "no host": (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
    "two hosts": (request("GET", "/healthz", "Host: other"), 400),
    "three words": (b"GET /health z HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "no version": (b"GET /healthz\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "no path": (b"GET healthz HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "all": (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "folded field": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n", 400),
    "blank before colon": (b"GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    "control character": (request("GET", "/healthz", "X: a\x00b"), 400),
    "bare carriage return": (request("GET", "/healthz", "X: a\rb"), 400),
    "no name": (request("GET", "/healthz", ": a"), 400),
    "not ASCII in the path": ("GET /ü HTTP/1.1\r\nHost: x\r\n\r\n".encode(), 400),
    "chunks": (request("POST", "/ocsp/issuing", "Transfer-Encoding: chunked").replace(b"Content-Length: 0\r\n", b""), 411),
    "chunks and length": (request("POST", "/ocsp/issuing", "Transfer-Encoding: chunked", body=b"x"), 400),
    "two lengths": (request("POST", "/ocsp/issuing", "Content-Length: 1", body=b"x"), 400),
    "list of lengths": (b"POST /ocsp/issuing HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\nx", 400),
    "negative length": (b"POST /ocsp/issuing HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
    "signed length": (b"POST /ocsp/issuing HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\nx", 400),
    "huge length": (b"POST /ocsp/issuing HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
    "two types": (request("POST", "/ocsp/issuing", "Content-Type: a/b", "Content-Type: c/d"), 400),
    "body too large": (b"POST /ocsp/issuing HTTP/1.1\r\nHost: x\r\nContent-Length: 16385\r\n\r\n", 413),
    "field too long": (request("GET", "/healthz", "X: " + "a" * 9000), 431),
    "head without end": (b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 9000, 431),
    "path too long": (request("GET", "/" + "a" * 9000), 431),
    "too many fields": (request("GET", "/healthz", *(f"X{number}: 1" for number in range(70))), 431),
}


@pytest.mark.parametrize(("data", "status"), ENDING.values(), ids=ENDING.keys())
def test_what_is_not_http_gets_a_sentence_and_the_connection_ends(sqlite_front: RunningFront, data: bytes, status: int) -> None:
    with sqlite_front.client() as client:
        client.send(data)
        reply = client.read()
        assert reply.status == status
        assert reply.fields["content-type"].startswith("text/plain")
        assert reply.body.decode().strip().endswith(".")
        assert client.is_ended()


def test_a_large_body_that_is_sent_all_the_same_does_not_hide_the_answer(sqlite_front: RunningFront) -> None:
    with sqlite_front.client() as client:
        client.send(b"POST /ocsp/issuing HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            client.send(b"x" * 1_000_000)
        assert client.read().status == 413


def test_methods_that_an_address_does_not_know(sqlite_front: RunningFront) -> None:
    with sqlite_front.client() as client:
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "BREW"):
            client.send(request(method, "/ca/root.cer"))
            reply = client.read()
            assert (reply.status, reply.fields["allow"]) == (405, "GET, HEAD")
            client.send(request(method, "/nothing"))
            assert client.read().status == 404
        client.send(request("GET", "/ocsp/issuing"))
        assert client.read().fields["allow"] == "POST"


def test_a_slow_sender_is_cut_off(strict_front: RunningFront) -> None:
    data = request("GET", "/healthz")
    with strict_front.client() as client:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for byte in data[:60]:
                client.send(bytes((byte,)))
                time.sleep(0.05)
        assert client.read().status == 408
        assert client.is_ended()


def test_an_idle_connection_ends_without_a_word(strict_front: RunningFront) -> None:
    with strict_front.client() as client:
        client.send(request("GET", "/healthz"))
        assert client.read().status == 200
        began = time.monotonic()
        assert client.is_ended()
        assert 0.5 < time.monotonic() - began < 4


def test_a_connection_that_is_in_use_lives_longer_than_the_limits(strict_front: RunningFront) -> None:
    with strict_front.client() as client:
        for _ in range(12):
            client.send(request("GET", "/healthz"))
            assert client.read().status == 200
            time.sleep(0.25)


def test_there_is_a_last_connection(strict_front: RunningFront) -> None:
    clients = [strict_front.client() for _ in range(SHORT.connections)]
    for client in clients:
        client.send(request("GET", "/healthz"))
        assert client.read().status == 200
    with strict_front.client() as late:
        reply = late.read()
        assert (reply.status, "retry-after" in reply.fields) == (503, True)
        assert late.is_ended()
    for client in clients:
        client.close()
    time.sleep(0.2)
    assert strict_front.get("/healthz").status == 200


def test_a_reader_that_does_not_read_is_cut_off_and_stops_nobody(sqlite_service: SampleService, strict_front: RunningFront) -> None:
    sqlite_service.publish("full")
    with strict_front.client() as greedy:
        greedy.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        row = request("GET", "/ca/issuing.pem") * 200
        greedy.socket.settimeout(0.5)
        with contextlib.suppress(OSError):
            while True:
                greedy.send(row)
        assert strict_front.get("/healthz").status == 200
        strict_front.wait_for_connections(1)


def test_noise_never_brings_a_5xx_or_an_open_end(sqlite_service: SampleService, *, long_run: bool) -> None:
    """Changed bytes of real requests: every answer is below 500 and the front lives on."""
    chance = random.Random(7)
    limits = replace(SHORT, connections=1000, request_seconds=0.2)
    samples = [
        request("POST", "/ocsp/issuing", "Content-Type: application/ocsp-request", body=ocsp_request(sqlite_service.issue())),
        request("GET", "/crl/issuing/full.crl", 'If-None-Match: "a"'),
        request("GET", "/ocsp/issuing/MFMwUTBPME0wSzAJBgUrDgMCGgUABBQ%3D"),
        request("GET", "/log/provider/tile/0/x001/234.p/7"),
    ]
    sqlite_service.publish("full")
    with RunningFront(replace(settings_for(sqlite_service), limits=limits)) as front:
        for _ in range(20_000 if long_run else 600):
            data = bytearray(chance.choice(samples))
            for _ in range(chance.randint(1, 4)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            with front.client() as client:
                client.send(bytes(data))
                client.socket.shutdown(socket.SHUT_WR)
                with contextlib.suppress(EOFError, ConnectionResetError):
                    assert client.read(head_only=True).status < 500
        assert front.get("/readyz").status == 200
