"""The whole front as a process: starts at once, answers, ends on SIGTERM; and CA certificates, health, metrics."""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.rigs.ports import free_port
from tests.rigs.processes import Child
from tests.status.conftest import settings_for
from tests.status.running_front import Client, RunningFront, request
from tests.status.sample_service import SampleService, ocsp_request, sample_cas

PROGRAM = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from privyseal.status.server import serve
from privyseal.status.settings import StatusSettings

def load(responder_id):
    return load_pem_private_key(Path(sys.argv[3]).read_bytes(), None)

serve(StatusSettings(sys.argv[1], port=int(sys.argv[2]), responder_keys={"issuing": load}), lambda: datetime.now(UTC))
print("ended", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def start_process(service: SampleService, tmp_path: Path) -> tuple[Child, int]:
    key = tmp_path / "responder.key"
    key.write_bytes(service.load_key("rsp-1").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    port = free_port()
    return Child([sys.executable, "-c", PROGRAM, service.url.replace("+psycopg", ""), str(port), key]), port


def test_a_process_serves_and_ends_cleanly_and_imports_nothing_heavy(service: SampleService, tmp_path: Path) -> None:
    serial = service.issue()
    service.publish("full")
    child, port = start_process(service, tmp_path)
    with child:
        child.wait_for_port(port)
        with Client(port) as client:
            client.send(request("POST", "/ocsp/issuing", body=ocsp_request(serial)) + request("GET", "/crl/issuing/full.crl"))
            assert [client.read().status, client.read().status] == [200, 200]
            began = time.monotonic()
            assert child.terminate() == 0
            assert time.monotonic() - began < 2
            assert client.is_ended()
        loaded = child.output.split()
        assert loaded[0] == "ended", child.output
        heavy = {"sqlalchemy", "jinja2", "fastapi", "starlette", "pydantic", "alembic", "dbos", "pkilint", "prometheus_client"}
        assert not heavy & set(loaded)
        assert ("psycopg" in loaded) == (not service.url.startswith("sqlite"))


def test_what_is_on_its_way_is_finished_before_the_end(sqlite_service: SampleService) -> None:
    front = RunningFront(settings_for(sqlite_service))
    with front.client() as client, front.client() as idle:
        client.send(request("GET", "/ca/root.pem") * 500)
        assert client.read().status == 200
        front.close()
        count = 1
        with contextlib.suppress(EOFError):
            while True:
                assert client.read().status == 200
                count += 1
        # Answers that had left arrive whole, the connection ends without an error, also that of a client that asked nothing.
        assert count >= 1
        assert idle.is_ended()


def test_the_first_answer_comes_half_a_second_after_the_start(sqlite_service: SampleService, tmp_path: Path) -> None:
    """E9; the figure itself is measured by bench/e9_start.py on a quiet machine, here with room for a busy one."""
    serial = sqlite_service.issue()
    times = []
    for _ in range(3):
        began = time.monotonic()
        child, port = start_process(sqlite_service, tmp_path)
        with child:
            child.wait_for_port(port)
            with Client(port) as client:
                client.send(request("POST", "/ocsp/issuing", body=ocsp_request(serial)))
                assert client.read().status == 200
            times.append(time.monotonic() - began)
    assert min(times) < 1.5


def test_a_port_that_is_taken_is_an_error_at_the_start(sqlite_service: SampleService, sqlite_front: RunningFront) -> None:
    with pytest.raises(OSError, match="in use"):
        RunningFront(replace(settings_for(sqlite_service), port=sqlite_front.port))


def test_ca_certificates_for_a_day(sqlite_front: RunningFront) -> None:
    for slug, issuer in (("root", sample_cas().root), ("issuing", sample_cas().issuing)):
        der = sqlite_front.get(f"/ca/{slug}.cer")
        assert (der.fields["content-type"], der.body) == ("application/pkix-cert", issuer.certificate_der)
        pem = sqlite_front.get(f"/ca/{slug}.pem")
        assert x509.load_pem_x509_certificate(pem.body).public_bytes(Encoding.DER) == issuer.certificate_der
        for reply in (der, pem):
            assert "max-age=86400" in reply.fields["cache-control"]
            assert "set-cookie" not in reply.fields
            assert sqlite_front.get(f"/ca/{slug}.cer", f"If-None-Match: {der.fields['etag']}").status == 304
    assert sqlite_front.get("/ca/nobody.cer").status == 404


def test_a_front_starts_before_its_database_and_finds_it_later(sqlite_service: SampleService) -> None:
    path = Path(sqlite_service.url.removeprefix("sqlite:///"))
    sqlite_service.close()
    path.rename(path.with_suffix(".away"))
    with RunningFront(settings_for(sqlite_service)) as front:
        assert front.get("/healthz").status == 200
        for path_asked in ("/readyz", "/ca/root.cer", "/crl/issuing/full.crl"):
            reply = front.get(path_asked)
            assert reply.status == 503, path_asked
            assert b"database" in reply.body
        reply = front.post_ocsp("issuing", ocsp_request(5))
        assert (reply.status, reply.fields["content-type"]) == (503, "application/ocsp-response")
        path.with_suffix(".away").rename(path)
        deadline = time.monotonic() + 6
        while front.get("/readyz").status != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert front.get("/ca/root.cer").status == 200


def test_a_damaged_ca_certificate_silences_only_its_own_ca(sqlite_service: SampleService) -> None:
    sqlite_service.execute("UPDATE cas SET certificate = ? WHERE slug = 'root'", b"\x30\x03\x02\x01\x05")
    sqlite_service.execute("UPDATE ocsp_responders SET certificate = ?", b"\x30\x00")
    with RunningFront(settings_for(sqlite_service)) as front:
        assert front.get("/ca/root.cer").status == 404
        assert front.get("/ca/issuing.cer").status == 200
        assert front.get("/readyz").status == 503
        assert front.post_ocsp("issuing", ocsp_request(5)).status == 503


def test_metrics_are_prometheus_text(sqlite_service: SampleService, sqlite_front: RunningFront) -> None:
    sqlite_front.post_ocsp("issuing", ocsp_request(sqlite_service.issue()))
    sqlite_front.get("/nothing")
    reply = sqlite_front.get("/metrics")
    assert reply.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    text = reply.body.decode()
    for line in (
        'privyseal_status_answers_total{route="ocsp-post",status="200"} 1',
        'privyseal_status_answers_total{route="none",status="404"} 1',
        'privyseal_status_ocsp_total{kind="signed"} 1',
        "privyseal_status_database_up 1",
        "privyseal_status_connections 1",
    ):
        assert line in text.splitlines()
