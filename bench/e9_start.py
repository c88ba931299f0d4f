"""E9: from the start of the status process to its first OCSP answer, with an empty and with a filled database.

Floor: 0.5 s, and no more than a tenth longer with 100,000 certificates. The shortest of nine starts counts, because what
is longer was the work of others on the machine. The reference is what the imports of an ordinary web stack alone cost in the
same minute, shortest too: the front does without them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure
from bench.status_process import connect, make_data_directory, read_answer, status_process
from privyseal.engine.serials import new_serial
from tests.rigs.ports import free_port
from tests.status.sample_service import ocsp_request

FLOOR_SECONDS = 0.5
GROWTH = 1.1
STARTS = 9
CERTIFICATES = 100_000
STACK = "import fastapi, sqlalchemy.orm, cryptography.x509"


def run() -> Iterator[Figure]:
    """Both figures; the starts on the two databases and the reference take turns, so that a busy minute meets all."""
    with tempfile.TemporaryDirectory() as empty_name, tempfile.TemporaryDirectory() as full_name:
        directories = (Path(empty_name), Path(full_name))
        requests = []
        for directory, count in zip(directories, (0, CERTIFICATES), strict=True):
            service = make_data_directory(directory)
            serial = service.issue()
            service.issue_many(new_serial(1, os.urandom) for _ in range(count))
            service.close()
            requests.append(ocsp_request(serial))
        times: list[list[float]] = [[], [], []]
        for number in range(STARTS):
            for place, (directory, request) in enumerate(zip(directories, requests, strict=True)):
                times[place].append(start_and_ask(directory, request))
            if number % 3 == 0:
                times[2].append(import_stack())
        empty, full, stack = map(min, times)
        yield _figure("start to first OCSP answer", empty, stack, ok=empty <= FLOOR_SECONDS)
        what = f"start to first OCSP answer, {CERTIFICATES:,} certificates"
        yield _figure(what, full, stack, ok=full <= FLOOR_SECONDS and full <= empty * GROWTH)


def start_and_ask(directory: Path, request: bytes) -> float:
    """Seconds from the start of the process to its first OCSP answer."""
    port = free_port()
    head = f"POST /ocsp/issuing HTTP/1.1\r\nHost: a\r\nContent-Length: {len(request)}\r\n\r\n".encode()
    began = time.perf_counter()
    with status_process(directory, port), connect(port) as connection:
        connection.sendall(head + request)
        answer = read_answer(connection)
        took = time.perf_counter() - began
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"application/ocsp-response" in answer
    assert len(answer) > 500
    return took


def import_stack() -> float:
    """Seconds for a bare interpreter that imports an ordinary web stack."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", STACK], check=True)
    return time.perf_counter() - began


def _figure(what: str, value: float, reference: float, *, ok: bool) -> Figure:
    return Figure(
        figure="E9",
        what=what,
        value=round(value, 3),
        unit="s",
        reference="importing fastapi, sqlalchemy.orm and cryptography.x509",
        reference_value=round(reference, 3),
        ratio=round(reference / value, 2),
        n=STARTS,
        ok=ok,
    )
