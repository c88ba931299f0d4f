"""E3: OCSP answers per CPU-second of the server, from memory, against ``openssl ocsp`` on the same request bytes.

Floor: 5 times openssl. CPU is the server process's own, from /proc; the load generator is this process and does not count.
``openssl ocsp`` listens on all interfaces, so both servers and the load run in a private network namespace, where nobody
else is. Two more figures have no floor yet: a new connection for each request, as openssl wants it (E3c; most of that
is the kernel's work), and a nonce in each request, so that each answer is signed (E3s, aim 1.5).
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp

from bench.figure import Figure
from bench.status_process import connect, cpu_seconds, make_data_directory, read_answer, status_process
from privyseal.engine import der
from privyseal.engine.pem import certificate_to_pem
from privyseal.engine.serials import serial_hex
from tests.rigs.ports import free_port
from tests.status.sample_service import SampleCas, ocsp_request

FLOOR = 5.0
NO_FLOOR = 0.0

SECONDS = 3.0
CONNECTIONS = 32
INDEX_ENTRIES = 10_000


def run() -> Iterator[Figure]:
    """The figures, measured in a child inside the namespace. Raises CalledProcessError where the system has no such namespaces."""
    command = ["unshare", "--net", "--map-root-user", sys.executable, "-m", "bench.e3_ocsp"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
    for line in done.stdout.splitlines():
        figure: Figure = json.loads(line)
        yield figure


def measure_all() -> Iterator[Figure]:
    """Runs inside the namespace."""
    _raise_loopback()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        service = make_data_directory(directory)
        serial = service.issue()
        service.close()
        data = ocsp_request(serial)
        with openssl_responder(directory, service.cas, serial) as (process_id, port):
            openssl, count = per_cpu_second(process_id, lambda seconds: ask_one_by_one(port, data, seconds))
        front_port = free_port()
        with status_process(directory, front_port) as process_id:
            loads: list[tuple[str, str, float, Callable[[float], int]]] = [
                ("E3", "OCSP from memory, keep-alive", FLOOR, lambda seconds: ask_in_rounds(front_port, lambda: data, seconds)),
                (
                    "E3c",
                    "OCSP from memory, a connection for each request",
                    NO_FLOOR,
                    lambda seconds: ask_one_by_one(front_port, data, seconds),
                ),
                (
                    "E3s",
                    "OCSP signed each time (nonce)",
                    NO_FLOOR,
                    lambda seconds: ask_in_rounds(front_port, with_nonces(data), seconds),
                ),
            ]
            for figure, what, floor, load in loads:
                value, n = per_cpu_second(process_id, load)
                yield Figure(
                    figure=figure,
                    what=what,
                    value=round(value),
                    unit="requests per CPU-second",
                    reference=f"openssl ocsp, signs each ({count} requests)",
                    reference_value=round(openssl),
                    ratio=round(value / openssl, 2),
                    n=n,
                    ok=value / openssl >= floor,
                )


def _raise_loopback() -> None:
    """A new namespace's loopback is down: SIOCGIFFLAGS, set IFF_UP, SIOCSIFFLAGS (netdevice(7)); spares the program ``ip``."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh22x", b"lo", 0)
        (flags,) = struct.unpack_from("h", fcntl.ioctl(control, 0x8913, request), 16)
        fcntl.ioctl(control, 0x8914, struct.pack("16sh22x", b"lo", flags | 1))


@contextlib.contextmanager
def openssl_responder(directory: Path, cas: SampleCas, serial: int) -> Iterator[tuple[int, int]]:
    """``openssl ocsp`` as a responder with an index of 10,000 certificates; gives its process id and port."""
    place = directory / "openssl"
    place.mkdir()
    (place / "ca.pem").write_text(certificate_to_pem(cas.issuing.certificate_der), encoding="ascii")
    (place / "ca.key").write_bytes(cas.issuing_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    end = f"{datetime.now(UTC).year % 100 + 1:02}0101000000Z"
    others = (f"V\t{end}\t\t{os.urandom(17).hex().upper()}\tunknown\t/CN={os.urandom(8).hex()}\n" for _ in range(INDEX_ENTRIES))
    own = serial_hex(serial).upper()
    (place / "index.txt").write_text(f"V\t{end}\t\t{own}\tunknown\t/CN=own\n" + "".join(others), encoding="ascii")
    port = free_port()
    # The CA itself as responder: one certificate less in each answer than ours carries.
    command = ["openssl", "ocsp", "-port", str(port), "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "ca.pem", "-rkey", "ca.key"]
    process = subprocess.Popen([*command, "-ndays", "1"], cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        # No empty connection to see whether it is there: openssl 3.0 would spin on that one for ever.
        yield process.pid, port
    finally:
        process.kill()
        process.wait()


def per_cpu_second(process_id: int, load: Callable[[float], int]) -> tuple[float, int]:
    """Requests per CPU-second of the process under this load, and how many were measured; a warm-up goes before."""
    load(0.5)
    before = cpu_seconds(process_id)
    count = load(SECONDS)
    return count / (cpu_seconds(process_id) - before), count


def _post(data: bytes, *, close: bool = False) -> bytes:
    end = "Connection: close\r\n" if close else ""
    head = f"POST /ocsp/issuing HTTP/1.1\r\nHost: status.example.test\r\nContent-Type: application/ocsp-request\r\n{end}"
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data


def _check(answer: bytes) -> None:
    """A figure that rests on wrong answers is none: a success about the certificate, and it is good."""
    response = ocsp.load_der_ocsp_response(answer.partition(b"\r\n\r\n")[2])
    assert response.certificate_status is ocsp.OCSPCertStatus.GOOD


def ask_one_by_one(port: int, data: bytes, seconds: float) -> int:
    """A connection for each request, one after the other; returns how many were answered."""
    request, count, size = _post(data, close=True), 0, 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with connect(port) as connection:
            connection.sendall(request)
            answer = read_answer(connection)
        if count % 1000 == 0:
            _check(answer)
            size = len(answer)
        assert abs(len(answer) - size) < 8  # ECDSA signatures differ by a few bytes in length
        count += 1
    return count


def ask_in_rounds(port: int, request: Callable[[], bytes], seconds: float) -> int:
    """Keep-alive on 32 connections: all ask, then all are answered; returns how many answers there were."""
    connections = [connect(port) for _ in range(CONNECTIONS)]
    count = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for connection in connections:
            connection.sendall(_post(request()))
        answers = [read_answer(connection) for connection in connections]
        assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)
        if count % (CONNECTIONS * 100) == 0:
            _check(answers[0])
        count += len(answers)
    for connection in connections:
        connection.close()
    return count


def with_nonces(data: bytes) -> Callable[[], bytes]:
    """The same request with another nonce each time."""
    single = data[4:]
    numbers = itertools.count()

    def request() -> bytes:
        nonce = der.octet_string(der.octet_string(next(numbers).to_bytes(16)))
        extension = der.sequence(der.object_identifier("1.3.6.1.5.5.7.48.1.2"), nonce)
        return der.sequence(der.sequence(single, der.tlv(0xA2, der.sequence(extension))))

    return request


if __name__ == "__main__":
    for measured in measure_all():
        print(json.dumps(measured), flush=True)
