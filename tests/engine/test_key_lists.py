"""What lists of known keys look like: folders of PEM files, lines of hashes, and parts that are neither."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from privyseal.engine.key_lists import KeyList, read_key_list
from tests.vectors.known_keys import DEBIAN_KEY, DEBIAN_KEY_SHA256

CURVE = ec.generate_private_key(ec.SECP256R1())
SPKI = CURVE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
HASH = hashlib.sha256(SPKI).hexdigest()
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "known")])


def test_the_published_sample_of_debians_faulty_generator() -> None:
    assert read_key_list(DEBIAN_KEY) == KeyList((DEBIAN_KEY_SHA256,), 0)


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL, PrivateFormat.OpenSSH])
def test_private_keys(form: PrivateFormat) -> None:
    pem = CURVE.private_bytes(Encoding.PEM, form, NoEncryption())
    assert read_key_list(b"from a router\n" + pem) == KeyList((HASH,), 0)
    locked = CURVE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    assert read_key_list(locked + pem) == KeyList((HASH,), 1), "what cannot be opened is counted, and the rest is read"


def test_public_keys_certificates_and_requests() -> None:
    point = CURVE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(NAME, NAME, CURVE.public_key(), 7, now, now + timedelta(days=1))
    certificate = builder.sign(CURVE, SHA256()).public_bytes(Encoding.PEM)
    request = x509.CertificateSigningRequestBuilder(NAME).sign(CURVE, SHA256()).public_bytes(Encoding.PEM)
    for content in (point, certificate, request, request.replace(b"CERTIFICATE REQUEST", b"NEW CERTIFICATE REQUEST")):
        assert read_key_list(content) == KeyList((HASH,), 0)
    weak = rsa.generate_private_key(65537, 1024).public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1)
    both = read_key_list(certificate + weak.replace(b"\n", b"\r\n") + point)
    assert len(both.keys) == 2
    assert both.unread == 0


def test_lines_of_hashes() -> None:
    colons = ":".join(HASH.upper()[at : at + 2] for at in range(0, 64, 2))
    lines = f"\ufeff# known since 2008\r\n{HASH}\r\n\r\n{colons}\nnot a hash\n{HASH[:-1]}\n{'f' * 64}\n"
    assert read_key_list(lines.encode()) == KeyList((HASH, "f" * 64), 2)


@pytest.mark.parametrize("label", [b"PUBLIC KEY", b"CERTIFICATE", b"CERTIFICATE REQUEST", b"PRIVATE KEY", b"X509 CRL"])
def test_a_part_that_cannot_be_read_is_counted(label: bytes) -> None:
    assert read_key_list(b"-----BEGIN %s-----\nAAAA\n-----END %s-----\n" % (label, label)) == KeyList((), 1)


@given(st.binary())
def test_never_raises(content: bytes) -> None:
    assert read_key_list(content).keys == ()
    read_key_list(b"-----BEGIN PUBLIC KEY-----\n" + content + b"\n-----END PUBLIC KEY-----\n")
