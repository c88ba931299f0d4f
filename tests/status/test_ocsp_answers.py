"""OCSP over HTTP: openssl as the client, both databases, memory and what ends it."""

from __future__ import annotations

import base64
import os
import subprocess
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from privyseal.engine.hierarchy import generate_key
from privyseal.engine.ocsp_request import IssuerHashes
from privyseal.engine.pem import certificate_to_pem
from privyseal.engine.serials import new_serial
from privyseal.engine.signers import SigningKey
from privyseal.model.errors import NotFound
from privyseal.model.revocation import RevocationReason
from tests.status.conftest import settings_for
from tests.status.running_front import Reply, RunningFront, TurnableClock, request
from tests.status.sample_service import SampleService, ocsp_request, sample_cas


def word(reply: Reply) -> str:
    """What an answer says: good, revoked, unknown, or the word of an error."""
    assert reply.fields["content-type"] == "application/ocsp-response"
    answer = ocsp.load_der_ocsp_response(reply.body)
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return answer.response_status.name.lower()
    return answer.certificate_status.name.lower()


def metrics(front: RunningFront) -> dict[str, float]:
    """All metrics by name and labels."""
    lines = front.get("/metrics").body.decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def test_openssl_verifies_good_revoked_and_unknown(service: SampleService, front: RunningFront, tmp_path: Path) -> None:
    cas = sample_cas()
    (tmp_path / "root.pem").write_text(certificate_to_pem(cas.root.certificate_der), encoding="ascii")
    (tmp_path / "ca.pem").write_text(certificate_to_pem(cas.issuing.certificate_der), encoding="ascii")
    good, bad, unknown = service.issue(), service.issue(), new_serial(1, os.urandom)
    service.revoke(bad, RevocationReason.KEY_COMPROMISE)

    def ask(serial: int, *options: str) -> str:
        command = [
            "openssl",
            "ocsp",
            *options,
            "-issuer",
            "ca.pem",
            "-serial",
            hex(serial),
            "-CAfile",
            "root.pem",
            "-verify_other",
            "ca.pem",
        ]
        command += ["-url", f"http://127.0.0.1:{front.port}/ocsp/issuing"]
        judged = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path, timeout=20)
        assert "Response verify OK" in judged.stderr, judged.stderr
        assert "Nonce" not in judged.stderr  # openssl sends one unless told otherwise, and compares what comes back
        return judged.stdout.partition(": ")[2].partition("\n")[0]

    for options in ((), ("-no_nonce",), ("-sha256",), ("-header", "Host=status.example.test")):
        assert [ask(serial, *options) for serial in (good, bad, unknown)] == ["good", "revoked", "unknown"]


def test_openssl_reads_our_refusal_for_another_ca(sqlite_front: RunningFront, tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_text(certificate_to_pem(sample_cas().root.certificate_der), encoding="ascii")
    command = ["openssl", "ocsp", "-issuer", "root.pem", "-serial", "0x55", "-url", f"http://127.0.0.1:{sqlite_front.port}/ocsp/issuing"]
    judged = subprocess.run([*command, "-CAfile", "root.pem"], check=False, capture_output=True, text=True, cwd=tmp_path, timeout=20)
    assert "Responder Error: unauthorized (6)" in judged.stdout + judged.stderr


def test_get_says_the_same_with_and_without_encoded_slashes(service: SampleService, front: RunningFront) -> None:
    serials = [service.issue() for _ in range(20)]
    for serial in serials:
        data = ocsp_request(serial)
        text = base64.b64encode(data).decode()
        posted = front.post_ocsp("issuing", data)
        for path in (quote(text, safe=""), quote(text), text):
            got = front.get(f"/ocsp/issuing/{path}")
            assert got.body == posted.body
            assert word(got) == "good"
    assert any("/" in base64.b64encode(ocsp_request(serial)).decode() for serial in serials)


def test_get_can_be_cached_for_30_seconds_and_asked_again_by_etag(service: SampleService, front: RunningFront) -> None:
    path = "/ocsp/issuing/" + quote(base64.b64encode(ocsp_request(service.issue())).decode(), safe="")
    first = front.get(path)
    assert first.status == 200
    assert "max-age=30" in first.fields["cache-control"]
    assert first.fields["etag"].strip('"').isalnum()
    again = front.get(path, f"If-None-Match: {first.fields['etag']}")
    assert again.status == 304
    assert again.body == b""
    assert again.fields["etag"] == first.fields["etag"]
    assert "max-age=30" in again.fields["cache-control"]
    head = front.ask(request("HEAD", path))
    assert (head.status, head.fields["content-length"]) == (200, str(len(first.body)))


@pytest.mark.parametrize("path", ["!!!!", "AAAA", "%", "%zz", "a", "=" * 4000])
def test_a_get_that_holds_no_request_is_malformed(sqlite_front: RunningFront, path: str) -> None:
    reply = sqlite_front.get(f"/ocsp/issuing/{path}")
    assert (reply.status, word(reply)) == (200, "malformed_request")
    assert reply.fields["cache-control"] == "no-store"


def test_noise_is_malformed_and_other_media_types_are_refused(sqlite_front: RunningFront) -> None:
    reply = sqlite_front.post_ocsp("issuing", b"hello")
    assert (reply.status, word(reply)) == (200, "malformed_request")
    reply = sqlite_front.ask(request("POST", "/ocsp/issuing", "Content-Type: text/plain", body=ocsp_request(5)))
    assert reply.status == 415
    reply = sqlite_front.ask(request("POST", "/ocsp/issuing", body=ocsp_request(5)))
    assert word(reply) == "unknown"
    reply = sqlite_front.ask(request("POST", "/ocsp/issuing/", "content-type: Application/OCSP-Request ;x=1", body=ocsp_request(5)))
    assert word(reply) == "unknown"
    assert sqlite_front.get("/ocsp/issuing").status == 405
    assert sqlite_front.post_ocsp("nobody", ocsp_request(5)).status == 404


def test_a_ca_without_responder_is_not_answered_for(sqlite_front: RunningFront) -> None:
    assert word(sqlite_front.post_ocsp("root", ocsp_request(5, issuer=sample_cas().root))) == "unauthorized"


def test_a_nonce_comes_back_and_is_never_cached(service: SampleService, front: RunningFront) -> None:
    serial = service.issue()
    name_hash, key_hash = next(iter(IssuerHashes.of(sample_cas().issuing.certificate_der).names.values()))

    def with_nonce(nonce: bytes) -> bytes:
        builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(name_hash, key_hash, serial, hashes.SHA1())  # noqa: S303 - as clients do
        return builder.add_extension(x509.OCSPNonce(nonce), critical=False).build().public_bytes(Encoding.DER)

    for nonce in (b"1", b"2" * 32, b"3" * 128):
        reply = front.post_ocsp("issuing", with_nonce(nonce))
        answer = ocsp.load_der_ocsp_response(reply.body)
        assert answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == nonce
        assert answer.certificate_status is ocsp.OCSPCertStatus.GOOD
        assert reply.fields["cache-control"] == "no-store"
        assert "etag" not in reply.fields
    assert word(front.post_ocsp("issuing", with_nonce(b"4" * 129))) == "malformed_request"


def test_several_certificates_and_a_foreign_one_among_them(service: SampleService, front: RunningFront) -> None:
    good, bad = service.issue(), service.issue()
    service.revoke(bad)
    singles = [ocsp_request(serial)[6:] for serial in (good, bad, 77)] + [ocsp_request(78, issuer=sample_cas().root)[6:]]
    data = b"".join(singles)
    for _ in range(3):
        data = (b"\x30\x82" + len(data).to_bytes(2)) + data
    answer = ocsp.load_der_ocsp_response(front.post_ocsp("issuing", data).body)
    said = [(one.serial_number, one.certificate_status.name) for one in answer.responses]
    assert said == [(good, "GOOD"), (bad, "REVOKED"), (77, "UNKNOWN"), (78, "UNKNOWN")]


def test_a_revocation_shows_at_once_and_says_when_and_why(service: SampleService, front: RunningFront) -> None:
    serial, other = service.issue(), service.issue()
    assert word(front.post_ocsp("issuing", ocsp_request(serial))) == "good"
    before = front.post_ocsp("issuing", ocsp_request(other))
    service.revoke(serial, RevocationReason.CESSATION_OF_OPERATION)
    front.beat()
    reply = front.post_ocsp("issuing", ocsp_request(serial))
    answer = ocsp.load_der_ocsp_response(reply.body)
    assert answer.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert answer.revocation_reason is x509.ReasonFlags.cessation_of_operation
    assert answer.revocation_time_utc is not None
    assert abs(answer.revocation_time_utc - service.now()) < timedelta(seconds=10)
    # The other one was only checked again and not signed again.
    assert front.post_ocsp("issuing", ocsp_request(other)).body == before.body
    assert metrics(front)['privyseal_status_ocsp_total{kind="checked"}'] == 1


def test_a_revocation_shows_within_two_seconds_without_help(service: SampleService, front: RunningFront) -> None:
    """I24 asks for 60 s, the contract for 30; the pulse looks once a second."""
    serial = service.issue()
    assert word(front.post_ocsp("issuing", ocsp_request(serial))) == "good"
    service.revoke(serial)
    began = time.monotonic()
    while word(front.post_ocsp("issuing", ocsp_request(serial))) == "good":
        assert time.monotonic() - began < 5
        time.sleep(0.02)
    assert time.monotonic() - began < 2.5


def test_unknown_is_forgotten_at_once(service: SampleService, front: RunningFront) -> None:
    serial = new_serial(1, os.urandom)
    reply = front.post_ocsp("issuing", ocsp_request(serial))
    assert word(reply) == "unknown"
    assert reply.fields["cache-control"] == "no-store"
    service.issue(serial)
    # No revocation, no CRL: the generation is the same, and still it is good from now on (facts: BR 4.9.9).
    assert word(front.post_ocsp("issuing", ocsp_request(serial))) == "good"


def test_an_abandoned_serial_is_revoked_without_a_certificate(service: SampleService, front: RunningFront) -> None:
    serial = new_serial(1, os.urandom)
    service.revoke(serial)
    assert word(front.post_ocsp("issuing", ocsp_request(serial))) == "revoked"


def test_odd_serials_are_unknown(sqlite_front: RunningFront) -> None:
    for serial in (0, 1 << 159, 1 << 400):
        octets = serial.to_bytes(serial.bit_length() // 8 + 1)
        data = IssuerHashes.of(sample_cas().issuing.certificate_der).usual[0][0] + bytes((2, len(octets))) + octets
        for _ in range(5):
            data = bytes((0x30, len(data))) + data if len(data) < 128 else bytes((0x30, 0x81, len(data))) + data
        assert word(sqlite_front.post_ocsp("issuing", data)) == "unknown"


def test_memory_answers_without_the_database_and_is_renewed_at_half_life(
    sqlite_service: SampleService, sqlite_front: RunningFront, clock: TurnableClock
) -> None:
    data = ocsp_request(sqlite_service.issue())
    first = sqlite_front.post_ocsp("issuing", data)
    assert sqlite_front.post_ocsp("issuing", data).body == first.body
    assert metrics(sqlite_front)['privyseal_status_ocsp_total{kind="remembered"}'] == 1
    clock.ahead = timedelta(hours=3, minutes=59)
    assert sqlite_front.post_ocsp("issuing", data).body == first.body
    clock.ahead = timedelta(hours=4, minutes=1)
    renewed = ocsp.load_der_ocsp_response(sqlite_front.post_ocsp("issuing", data).body)
    assert renewed.next_update_utc is not None
    assert renewed.next_update_utc - renewed.this_update_utc == timedelta(hours=8)
    assert renewed.this_update_utc - ocsp.load_der_ocsp_response(first.body).this_update_utc > timedelta(hours=4)


def test_memory_is_bounded(sqlite_service: SampleService) -> None:
    settings = replace(settings_for(sqlite_service), answer_cache_entries=5)
    with RunningFront(settings) as front:
        for _ in range(12):
            assert word(front.post_ocsp("issuing", ocsp_request(sqlite_service.issue()))) == "good"
        assert metrics(front)['privyseal_status_ocsp_memory_answers{ca="issuing"}'] == 5
        # Long requests are answered but not kept.
        single = ocsp_request(sqlite_service.issue())[6:]
        data = single * 8
        for _ in range(3):
            data = (b"\x30\x82" + len(data).to_bytes(2)) + data
        assert word_of_first(front.post_ocsp("issuing", data)) == "GOOD"
        assert metrics(front)['privyseal_status_ocsp_memory_answers{ca="issuing"}'] == 5


def word_of_first(reply: Reply) -> str:
    return next(ocsp.load_der_ocsp_response(reply.body).responses).certificate_status.name


def test_a_new_responder_is_taken_over_without_a_restart(sqlite_service: SampleService, sqlite_front: RunningFront) -> None:
    data = ocsp_request(sqlite_service.issue())

    def signer() -> x509.Certificate:
        (certificate,) = ocsp.load_der_ocsp_response(sqlite_front.post_ocsp("issuing", data).body).certificates
        return certificate

    first = signer()
    key = sqlite_service.add_responder("rsp-2")
    sqlite_front.beat()
    second = signer()
    assert second.public_key() == key.public_key()
    assert second != first
    # A certificate whose key is not there yet, or is another one, changes nothing.
    sqlite_service.add_responder("rsp-3")
    sqlite_service.responder_keys["rsp-3"] = generate_key("p256")
    sqlite_front.beat()
    assert signer() == second
    assert sqlite_front.get("/readyz").status == 200


def test_a_missing_key_leaves_the_older_responder_in_use(sqlite_service: SampleService) -> None:
    sqlite_service.add_responder("rsp-2")

    def load(responder_id: str) -> SigningKey:
        if responder_id == "rsp-2":
            raise NotFound("key-file-missing", "There is no key file.")
        return sqlite_service.load_key(responder_id)

    settings = replace(settings_for(sqlite_service), responder_keys={"issuing": load})
    with RunningFront(settings) as front:
        assert word(front.post_ocsp("issuing", ocsp_request(sqlite_service.issue()))) == "good"


def test_a_responder_that_has_ended_signs_nothing(sqlite_service: SampleService, sqlite_front: RunningFront, clock: TurnableClock) -> None:
    data = ocsp_request(sqlite_service.issue())
    clock.ahead = timedelta(days=89, hours=23)
    answer = ocsp.load_der_ocsp_response(sqlite_front.post_ocsp("issuing", data).body)
    assert answer.next_update_utc is not None
    assert answer.next_update_utc == answer.certificates[0].not_valid_after_utc
    clock.ahead = timedelta(days=90, hours=1)
    reply = sqlite_front.post_ocsp("issuing", data)
    assert (reply.status, word(reply)) == (503, "try_later")
    assert int(reply.fields["retry-after"]) > 0
    ready = sqlite_front.get("/readyz")
    assert ready.status == 503
    assert b"issuing" in ready.body


def test_without_the_database_revoked_is_still_said_and_good_is_not(sqlite_service: SampleService, sqlite_front: RunningFront) -> None:
    good, bad = sqlite_service.issue(), sqlite_service.issue()
    sqlite_service.revoke(bad)
    sqlite_front.beat()
    said = {serial: sqlite_front.post_ocsp("issuing", ocsp_request(serial)).body for serial in (good, bad)}
    # Something was revoked, and then nobody can say what.
    sqlite_service.revoke(sqlite_service.issue())
    sqlite_front.beat()
    sqlite_service.execute("ALTER TABLE revocations RENAME TO away")
    time.sleep(0.1)
    assert sqlite_front.post_ocsp("issuing", ocsp_request(bad)).body == said[bad]
    reply = sqlite_front.post_ocsp("issuing", ocsp_request(good))
    assert (reply.status, word(reply), int(reply.fields["retry-after"]) > 0) == (503, "try_later", True)
    sqlite_service.execute("ALTER TABLE away RENAME TO revocations")
    time.sleep(1.1)
    assert sqlite_front.post_ocsp("issuing", ocsp_request(good)).body == said[good]


def test_a_row_that_cannot_be_understood_is_an_internal_error_and_no_traceback(
    sqlite_service: SampleService, sqlite_front: RunningFront
) -> None:
    serial = sqlite_service.issue()
    sqlite_service.revoke(serial)
    sqlite_service.publish("full")
    sqlite_service.execute("UPDATE revocations SET revoked_at = 'yesterday'")
    sqlite_service.execute("UPDATE crls SET tail = 5")
    reply = sqlite_front.post_ocsp("issuing", ocsp_request(serial))
    assert (reply.status, word(reply)) == (500, "internal_error")
    crl = sqlite_front.get("/crl/issuing/full.crl")
    assert crl.status == 500
    assert b"Traceback" not in crl.body
    assert crl.body.decode().strip().endswith(".")
    assert sqlite_front.get("/healthz").status == 200
