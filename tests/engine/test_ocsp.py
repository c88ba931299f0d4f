"""OCSP: the strict reader against pyca's and openssl's requests, the answers against pyca, openssl and pkilint."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st

from privyseal.engine import der
from privyseal.engine.certificate import Issuer, build_reference
from privyseal.engine.crl import CRL_REASONS
from privyseal.engine.hierarchy import CaName, CaPlan, KeyKind, generate_key, make_ocsp_responder
from privyseal.engine.ocsp import (
    GOOD,
    INTERNAL_ERROR,
    MALFORMED_REQUEST,
    TRY_LATER,
    UNAUTHORIZED,
    UNKNOWN,
    CertificateStatus,
    OcspResponder,
    make_responder,
    revoked,
    sign_answer,
)
from privyseal.engine.ocsp_request import NONCE, CertId, IssuerHashes, read_request, read_usual_request
from privyseal.engine.pem import certificate_to_pem
from privyseal.engine.serials import new_serial
from privyseal.engine.signers import SigningKey
from privyseal.model.errors import BadRequest, Refused
from tests.engine.sample_issuers import NOW, ca_key, content, issuing_ca, root

UNTIL = NOW + timedelta(hours=8)
SERIAL = 0x01D2C3B4A5968778695A4B3C2D1E0F0123
SERIALS = st.integers(min_value=1, max_value=(1 << 159) - 1)
HASHES: tuple[hashes.HashAlgorithm, ...] = (hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512())  # noqa: S303 - CertIDs name by it


@cache
def issuer_hashes() -> IssuerHashes:
    return IssuerHashes.of(issuing_ca().certificate_der)


@cache
def delegate(kind: KeyKind, ca: KeyKind) -> tuple[bytes, SigningKey]:
    """Certificate and key of a responder under ``issuing_ca(ca)``."""
    key = generate_key(kind)
    plan = CaPlan(CaName("Sample OCSP Responder"), new_serial(2, os.urandom), NOW, 90)
    return make_ocsp_responder(plan, key.public_key(), issuing_ca(ca), ca_key(ca, 1)), key


@cache
def responder(kind: KeyKind = "p256", ca: KeyKind = "p256") -> OcspResponder:
    certificate, key = delegate(kind, ca)
    return make_responder(certificate, issuing_ca(ca).certificate_der, key)


def request_for(
    serial: int,
    *,
    issuer: Issuer | None = None,
    algorithm: hashes.HashAlgorithm | None = None,
    extensions: tuple[x509.ExtensionType, ...] = (),
) -> bytes:
    """A request as pyca writes it."""
    algorithm = algorithm or hashes.SHA1()  # noqa: S303 - what nearly every client sends
    named = IssuerHashes.of((issuer or issuing_ca()).certificate_der).names
    sizes = {len(name_hash): (name_hash, key_hash) for name_hash, key_hash in named.values()}
    name_hash, key_hash = sizes[algorithm.digest_size]
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(name_hash, key_hash, serial, algorithm)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.build().public_bytes(Encoding.DER)


def request_of(singles: list[bytes], *, extensions: bytes = b"", before: bytes = b"") -> bytes:
    """A request assembled by hand from encoded Request values."""
    tail = der.tlv(0xA2, der.sequence(extensions)) if extensions else b""
    return der.sequence(der.sequence(before, der.sequence(*singles), tail))


def single(serial: int = SERIAL, extensions: bytes = b"") -> bytes:
    cert_id = read_request(request_for(serial)).cert_ids[0].der
    return der.sequence(cert_id, der.tlv(0xA0, der.sequence(extensions)) if extensions else b"")


def extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    return der.sequence(der.object_identifier(oid), b"\x01\x01\xff" if critical else b"", der.octet_string(value))


# ----------------------------------------------------------------------------------------------------------- requests


@given(SERIALS, st.sampled_from(HASHES), st.none() | st.binary(min_size=1, max_size=128))
def test_requests_of_pyca_are_read(serial: int, algorithm: hashes.HashAlgorithm, nonce: bytes | None) -> None:
    extensions = () if nonce is None else (x509.OCSPNonce(nonce),)
    request = read_request(request_for(serial, algorithm=algorithm, extensions=extensions))
    assert request.nonce == nonce
    (cert_id,) = request.cert_ids
    assert cert_id.serial == serial
    assert issuer_hashes().includes(cert_id)
    assert not IssuerHashes.of(root().certificate_der).includes(cert_id)


def test_key_and_name_hashes_are_those_of_pyca() -> None:
    ca = x509.load_der_x509_certificate(issuing_ca().certificate_der)
    theirs = (
        ocsp.OCSPRequestBuilder().add_certificate(x509.load_der_x509_certificate(delegate("p256", "p256")[0]), ca, hashes.SHA256()).build()
    )
    (cert_id,) = read_request(theirs.public_bytes(Encoding.DER)).cert_ids
    assert issuer_hashes().includes(cert_id)


@given(SERIALS, st.sampled_from(HASHES))
def test_the_quick_reader_agrees_with_the_strict_one(serial: int, algorithm: hashes.HashAlgorithm) -> None:
    data = request_for(serial, algorithm=algorithm)
    quick = read_usual_request(data, issuer_hashes())
    assert quick is None or quick == read_request(data)
    assert (quick is not None) == (algorithm.digest_size <= 32)


@given(st.data())
def test_changed_bytes_are_refused_or_read_alike_by_all_readers(data: st.DataObject) -> None:
    nonce = data.draw(st.sampled_from([(), (x509.OCSPNonce(b"0123456789abcdef"),)]))
    request = bytearray(request_for(SERIAL, extensions=nonce))
    for _ in range(data.draw(st.integers(1, 3))):
        request[data.draw(st.integers(0, len(request) - 1))] = data.draw(st.integers(0, 255))
    agree(bytes(request))


def test_every_single_changed_byte_of_a_usual_request(*, long_run: bool) -> None:
    usual = request_for(SERIAL)
    values = range(256) if long_run else random.Random(1).sample(range(256), 24)
    for place, value in itertools.product(range(len(usual)), values):
        agree(usual[:place] + bytes((value,)) + usual[place + 1 :])
    for size in range(len(usual)):
        agree(usual[:size])
    agree(usual + b"\x00")


def agree(data: bytes) -> None:
    """Ours refuses with BadRequest alone; what ours reads, pyca reads alike; the quick reader invents nothing."""
    quick = read_usual_request(data, issuer_hashes())
    try:
        ours = read_request(data)
    except BadRequest:
        assert quick is None
        return
    assert quick is None or quick == ours
    theirs = ocsp.load_der_ocsp_request(data)
    assert theirs.serial_number == ours.cert_ids[0].serial
    assert theirs.issuer_name_hash == ours.cert_ids[0].issuer_name_hash


@given(st.binary(max_size=200))
def test_noise_is_refused(data: bytes) -> None:
    with pytest.raises(BadRequest):
        read_request(data)


def test_several_certificates_in_their_order() -> None:
    request = read_request(request_of([single(serial) for serial in (5, 9, 7)]))
    assert [cert_id.serial for cert_id in request.cert_ids] == [5, 9, 7]
    assert read_usual_request(request_of([single(5), single(9)]), issuer_hashes()) is None


def test_extensions_that_need_no_answer_pass() -> None:
    archive = extension("1.3.6.1.5.5.7.48.1.6", der.NULL)
    basic = extension("1.3.6.1.5.5.7.48.1.4", der.sequence(der.object_identifier("1.3.6.1.5.5.7.48.1.1")), critical=True)
    locator = extension("1.3.6.1.5.5.7.48.1.7", der.sequence(der.sequence()))
    request = read_request(request_of([single(5, locator)], extensions=archive + basic))
    assert request.nonce is None


def test_a_requestors_name_and_signature_are_read_past(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(certificate_to_pem(issuing_ca().certificate_der), encoding="ascii")
    certificate, key = delegate("p256", "p256")
    (tmp_path / "client.pem").write_text(certificate_to_pem(certificate), encoding="ascii")
    (tmp_path / "client.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    command = ["openssl", "ocsp", "-issuer", "ca.pem", "-serial", "0x0abc", "-serial", "0x0def", "-signer", "client.pem"]
    command += ["-signkey", "client.key", "-reqout", "request.der"]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    request = read_request((tmp_path / "request.der").read_bytes())
    assert [cert_id.serial for cert_id in request.cert_ids] == [0xABC, 0xDEF]
    assert request.nonce is not None
    assert all(issuer_hashes().includes(cert_id) for cert_id in request.cert_ids)


NONCE_DOTTED = "1.3.6.1.5.5.7.48.1.2"
WRONG = {
    "nothing asked": request_of([]),
    "empty": b"",
    "another tag": b"\x31" + request_for(SERIAL)[1:],
    "empty nonce": request_of([single()], extensions=extension(NONCE_DOTTED, der.octet_string(b""))),
    "nonce of 129 octets": request_of([single()], extensions=extension(NONCE_DOTTED, der.octet_string(bytes(129)))),
    "nonce without its own octet string": request_of([single()], extensions=extension(NONCE_DOTTED, b"0123456789")),
    "two nonces": request_of([single()], extensions=extension(NONCE_DOTTED, b"\x04\x01a") + extension(NONCE_DOTTED, b"\x04\x01b")),
    "unknown critical extension": request_of([single()], extensions=extension("1.2.3.4", b"", critical=True)),
    "unknown critical extension of one": request_of([single(5, extension("1.2.3.4", b"", critical=True))]),
    "no extensions in extensions": der.sequence(der.sequence(der.sequence(single()), der.tlv(0xA2, der.sequence()))),
    "version 2": request_of([single()], before=der.tlv(0xA0, der.integer(1))),
    "version 1 written out, which DER forbids": request_of([single()], before=der.tlv(0xA0, der.integer(0))),
    "indefinite length": b"\x30\x80" + request_for(SERIAL)[2:] + b"\x00\x00",
    "two names of a requestor": request_of([single()], before=der.tlv(0xA1, der.tlv(0x81, b"a@b") * 2)),
    "hash with parameters": request_of(
        [der.sequence(der.sequence(der.sequence(NONCE, der.integer(1)), b"\x04\x01a\x04\x01b\x02\x01\x01"))]
    ),
    "hash without identifier": request_of([der.sequence(der.sequence(der.sequence(der.integer(1)), b"\x04\x01a\x04\x01b\x02\x01\x01"))]),
    "empty identifier": request_of([der.sequence(der.sequence(der.sequence(b"\x06\x00"), b"\x04\x01a\x04\x01b\x02\x01\x01"))]),
    "unended identifier": request_of([der.sequence(der.sequence(der.sequence(b"\x06\x02\x2a\x86"), b"\x04\x01a\x04\x01b\x02\x01\x01"))]),
    "padded identifier": request_of([der.sequence(der.sequence(der.sequence(b"\x06\x03\x2a\x80\x01"), b"\x04\x01a\x04\x01b\x02\x01\x01"))]),
    "a CRL": b"-----BEGIN X509 CRL-----",
}


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG.keys())
def test_what_is_no_request_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(BadRequest, match="RFC 6960") as refusal:
        read_request(data)
    assert refusal.value.kind == "ocsp-request"
    assert read_usual_request(data, issuer_hashes()) is None


def test_nonces_of_1_and_128_octets_are_read() -> None:
    for size in (1, 128):
        data = request_of([single()], extensions=extension(NONCE_DOTTED, der.octet_string(bytes(size))))
        assert read_request(data).nonce == bytes(size)


def test_a_hash_that_is_not_computed_names_nobody() -> None:
    md5 = der.sequence(der.object_identifier("1.2.840.113549.2.5"), der.NULL)
    data = request_of([der.sequence(der.sequence(md5, der.octet_string(bytes(16)), der.octet_string(bytes(16)), der.integer(5)))])
    assert not issuer_hashes().includes(read_request(data).cert_ids[0])


def test_odd_serials_are_left_to_the_strict_reader() -> None:
    for serial in (b"\x00\x01", b"\xff", b""):
        usual = request_for(SERIAL)
        prefix = next(prefix for prefix, _ in issuer_hashes().usual if usual.startswith(prefix, 10))
        data = prefix + bytes((der.INTEGER, len(serial))) + serial
        for _ in range(5):
            data = der.tlv(der.SEQUENCE, data)
        assert read_usual_request(data, issuer_hashes()) is None


# ------------------------------------------------------------------------------------------------------------ answers


def answer(
    singles: list[tuple[CertId, CertificateStatus]], *, by: OcspResponder | None = None, nonce: bytes | None = None
) -> ocsp.OCSPResponse:
    return ocsp.load_der_ocsp_response(sign_answer(by or responder(), singles, NOW, UNTIL, nonce))


def cert_id_of(serial: int = SERIAL) -> CertId:
    return read_request(request_for(serial)).cert_ids[0]


MOMENTS = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone


@given(SERIALS, MOMENTS, st.sampled_from([None, 0, *sorted(CRL_REASONS)]), st.none() | st.binary(min_size=1, max_size=128))
def test_pyca_reads_what_was_said(serial: int, moment: datetime, reason: int | None, nonce: bytes | None) -> None:
    said = answer([(cert_id_of(serial), revoked(moment, reason))], nonce=nonce)
    assert said.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert said.serial_number == serial
    assert said.revocation_time_utc == moment.replace(microsecond=0)
    assert (said.revocation_reason is None) == (not reason)
    assert said.this_update_utc == said.produced_at_utc == NOW.replace(microsecond=0)
    assert said.next_update_utc == UNTIL.replace(microsecond=0)
    found = [one.value.nonce for one in said.extensions if isinstance(one.value, x509.OCSPNonce)]
    assert found == ([] if nonce is None else [nonce])


@pytest.mark.parametrize("status", [GOOD, UNKNOWN, revoked(NOW, 4), revoked(NOW, None)])
def test_to_be_signed_bytes_equal_those_of_pycas_builder(status: CertificateStatus) -> None:
    certificate, key = delegate("p256", "p256")
    known = {"good": ocsp.OCSPCertStatus.GOOD, "unknown": ocsp.OCSPCertStatus.UNKNOWN, "revoked": ocsp.OCSPCertStatus.REVOKED}
    said = answer([(cert_id_of(), status)], nonce=b"12345678")
    names = issuer_hashes().names[cert_id_of().hash_algorithm]
    moment = NOW.replace(tzinfo=None) if status.word == "revoked" else None
    builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
        *names,
        SERIAL,
        hashes.SHA1(),  # noqa: S303 - what the client sent
        known[status.word],
        NOW,
        UNTIL,
        moment,
        said.revocation_reason,
    )
    parsed = x509.load_der_x509_certificate(certificate)
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, parsed).certificates([parsed])
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    theirs = builder.add_extension(x509.OCSPNonce(b"12345678"), critical=False).sign(key, hashes.SHA256())

    # producedAt is the clock in pyca's builder, the rest is the same.
    assert said.tbs_response_bytes[:28] == theirs.tbs_response_bytes[:28]
    assert said.tbs_response_bytes[45:] == theirs.tbs_response_bytes[45:]


@pytest.mark.parametrize(("kind", "ca"), [("p256", "p256"), ("p384", "p256"), ("rsa2048", "p256"), ("p256", "rsa2048")])
def test_every_kind_of_responder_key_under_every_ca(kind: KeyKind, ca: KeyKind) -> None:
    said = answer([(cert_id_of(), GOOD)], by=responder(kind, ca))
    (certificate,) = said.certificates
    key = certificate.public_key()
    assert said.signature_hash_algorithm is not None
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(said.signature, said.tbs_response_bytes, padding.PKCS1v15(), said.signature_hash_algorithm)
    else:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(said.signature, said.tbs_response_bytes, ec.ECDSA(said.signature_hash_algorithm))
    assert said.responder_key_hash == x509.SubjectKeyIdentifier.from_public_key(key).digest


def test_an_ed25519_responder_signs_too() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    plan = CaPlan(CaName("Sample OCSP Responder"), new_serial(2, os.urandom), NOW, 90)
    certificate = make_ocsp_responder(plan, key.public_key(), issuing_ca(), ca_key("p256", 1))
    said = answer([(cert_id_of(), GOOD)], by=make_responder(certificate, issuing_ca().certificate_der, key))
    key.public_key().verify(said.signature, said.tbs_response_bytes)


def test_several_certificates_are_answered_in_order() -> None:
    said = answer([(cert_id_of(5), GOOD), (cert_id_of(6), revoked(NOW, 1)), (cert_id_of(7), UNKNOWN)])
    words = [(one.serial_number, one.certificate_status.name) for one in said.responses]
    assert words == [(5, "GOOD"), (6, "REVOKED"), (7, "UNKNOWN")]


def test_answers_that_are_no_success_are_read_as_such() -> None:
    meant = {
        MALFORMED_REQUEST: ocsp.OCSPResponseStatus.MALFORMED_REQUEST,
        INTERNAL_ERROR: ocsp.OCSPResponseStatus.INTERNAL_ERROR,
        TRY_LATER: ocsp.OCSPResponseStatus.TRY_LATER,
        UNAUTHORIZED: ocsp.OCSPResponseStatus.UNAUTHORIZED,
    }
    for data, status in meant.items():
        assert ocsp.load_der_ocsp_response(data).response_status is status


def test_an_answer_with_dates_in_the_wrong_order_or_about_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="nextUpdate"):
        sign_answer(responder(), [(cert_id_of(), GOOD)], NOW, NOW)
    with pytest.raises(ValueError, match="one certificate"):
        sign_answer(responder(), [], NOW, UNTIL)


def test_certificates_that_clients_would_not_accept_make_no_responder() -> None:
    certificate, key = delegate("p256", "p256")
    ca, ca_signing_key = issuing_ca().certificate_der, ca_key("p256", 1)
    leaf_key = ec.generate_private_key(ec.SECP256R1())
    wrong: dict[str, tuple[bytes, bytes, SigningKey]] = {
        "the key is not": (certificate, ca, generate_key("p256")),
        "did not sign": (certificate, root().certificate_der, key),
        "OCSPSigning": (ca, root().certificate_der, ca_signing_key),
        "damaged": (certificate[:-1], ca, key),
    }
    broken = certificate[:-1] + bytes((certificate[-1] ^ 1,))
    wrong["did not sign it"] = (broken, ca, key)
    spki = leaf_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    leaf = build_reference(replace(content("www.acme.test"), spki_der=spki), issuing_ca(), ca_signing_key)
    wrong["OCSPSigning alone"] = (leaf, ca, leaf_key)
    for sentence, arguments in wrong.items():
        with pytest.raises(Refused, match=sentence) as refusal:
            make_responder(*arguments)
        assert refusal.value.kind == "ocsp-responder"


# ------------------------------------------------------------------------------------------------- independent judges


@pytest.mark.parametrize(
    ("status", "said"), [(GOOD, "good"), (UNKNOWN, "unknown"), (revoked(NOW, 4), "revoked"), (revoked(NOW, None), "revoked")]
)
def test_openssl_verifies_the_answer(tmp_path: Path, status: CertificateStatus, said: str) -> None:
    (tmp_path / "root.pem").write_text(certificate_to_pem(root().certificate_der), encoding="ascii")
    (tmp_path / "ca.pem").write_text(certificate_to_pem(issuing_ca().certificate_der), encoding="ascii")
    # openssl takes -attime for the certificates but compares the answer's dates with the real clock.
    now = datetime.now(UTC)
    (tmp_path / "answer.der").write_bytes(sign_answer(responder(), [(cert_id_of(), status)], now, now + timedelta(hours=8)))
    command = ["openssl", "ocsp", "-issuer", "ca.pem", "-serial", hex(SERIAL), "-respin", "answer.der", "-no_nonce"]
    command += ["-CAfile", "root.pem", "-verify_other", "ca.pem", "-attime", str(int(NOW.timestamp()) + 5)]
    judged = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)
    assert "Response verify OK" in judged.stderr, judged.stderr
    assert f"{hex(SERIAL)}: {said}" in judged.stdout
    assert ("Reason: superseded" in judged.stdout) == (status == revoked(NOW, 4))


def test_pkilint_finds_nothing(tmp_path: Path) -> None:
    answers = {
        "several": sign_answer(responder(), [(cert_id_of(), revoked(NOW, 1)), (cert_id_of(6), GOOD)], NOW, UNTIL, b"12345678"),
        "unauthorized": UNAUTHORIZED,
    }
    lint = Path(sys.executable).with_name("lint_ocsp_response")
    for name, data in answers.items():
        path = tmp_path / f"{name}.der"
        path.write_bytes(data)
        command: list[str | Path] = [lint, "lint", "-s", "NOTICE", "-f", "TEXT", path]
        judged = subprocess.run(command, check=False, capture_output=True, text=True)
        assert judged.returncode == 0, (name, judged.stdout)
        assert judged.stdout.strip() == "", name
