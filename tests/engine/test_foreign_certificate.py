"""Certificates of strangers: corpora of others, mutations and noise are read or refused with a sentence, and nothing else."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from privyseal.engine.foreign_certificate import MAXIMUM_BYTES, MAXIMUM_SHOWN_NAMES, ForeignCertificate, read_certificate
from privyseal.engine.pem import certificate_to_pem
from privyseal.engine.pkcs7 import certs_only
from privyseal.engine.private_keys import PrivateKeyFound
from privyseal.model.errors import BadRequest, PrivysealError
from tests.engine.sample_csrs import p256_key, request_pem
from tests.engine.sample_issuers import issuing_ca, root

VECTORS = Path(cryptography_vectors.__file__).parent / "x509"
MUTATIONS = 5_000
LONG_MUTATIONS = 200_000


def make_certificate(*names: str, holder: str = "Acme Test", days: tuple[int, int] = (-1, 30), now: datetime | None = None) -> bytes:
    """DER of a certificate that nobody vouches for, with the key of ``p256_key``; valid from and until so many ``days`` from now."""
    key, now = p256_key(), now or datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, holder), x509.NameAttribute(NameOID.COMMON_NAME, "acme.test")])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 4711, now + timedelta(days[0]), now + timedelta(days[1]))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def outcome(data: bytes) -> ForeignCertificate | PrivysealError:
    """What was read, or the refusal as a value; anything else that is raised fails the test."""
    try:
        read = read_certificate(data, AUTHORITIES)
    except (BadRequest, PrivateKeyFound) as error:
        assert error.field == "certificate"
        assert error.sentence.endswith(".")
        return error
    assert len(read.names) <= MAXIMUM_SHOWN_NAMES
    assert all(text.isprintable() for text in (*read.names, read.holder, read.issuer, read.serial_hex, read.key_algorithm))
    assert isinstance(read.not_before, datetime)
    return read


AUTHORITIES = (("root", root().certificate_der), ("issuing", issuing_ca().certificate_der))


@pytest.mark.filterwarnings("ignore")  # The library warns about some of the old kinds of keys.
@pytest.mark.parametrize(
    ("folder", "least_read"), [("custom", 0.7), ("", 0.8), ("PKITS_data/certs", 0.8), ("ocsp", 0.0), ("requests", 0.0), ("../pkcs7", 0.3)]
)
def test_the_corpora_are_read_or_refused(folder: str, least_read: float) -> None:
    kinds: Counter[str] = Counter()
    for path in sorted((VECTORS / folder).iterdir()):
        if path.is_file():
            found = outcome(path.read_bytes())
            kinds["read" if isinstance(found, ForeignCertificate) else found.kind] += 1
            assert not isinstance(found, ForeignCertificate) or not found.vouched_by, path
    assert kinds["read"] >= least_read * kinds.total(), kinds
    assert kinds.total() > 5, "the corpus is not there"


@pytest.mark.filterwarnings("ignore")
def test_mutations_are_read_or_refused(*, long_run: bool) -> None:
    chance = random.Random(68)
    originals = [make_certificate("www.acme.test", "*.acme.test"), issuing_ca().certificate_der, certs_only([make_certificate("a.test")])]
    originals += [certificate_to_pem(der).encode() for der in originals]
    kinds: Counter[str] = Counter()
    for number in range(LONG_MUTATIONS if long_run else MUTATIONS):
        data = bytearray(originals[number % len(originals)])
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            place = chance.randrange(len(data))
            match chance.randrange(3):
                case 0:
                    data[place] = chance.randrange(256)
                case 1:
                    del data[place : place + chance.randrange(1, 4)]
                case _:
                    data[place:place] = chance.randbytes(chance.randrange(1, 4))
        found = outcome(bytes(data))
        kinds["read" if isinstance(found, ForeignCertificate) else found.kind] += 1
    assert kinds["read"] > 0.05 * kinds.total(), kinds
    assert kinds["certificate-form"] > 0.05 * kinds.total(), kinds


@given(st.binary(max_size=2_000))
def test_noise_is_refused(data: bytes) -> None:
    assert isinstance(outcome(data), PrivysealError)


@given(
    st.lists(st.from_regex(r"[a-z0-9]{1,20}(\.[a-z]{2,8}){1,3}", fullmatch=True), min_size=1, max_size=20), st.text(min_size=1, max_size=60)
)
def test_what_was_put_in_comes_out(names: list[str], holder: str) -> None:
    try:
        der = make_certificate(*names, holder=holder)
    except ValueError:
        return  # No such name can be written at all.
    found = outcome(der)
    assert isinstance(found, ForeignCertificate)
    assert found.names == tuple(names)
    assert len(found.holder) == len(holder)
    assert found.der == der


def test_a_certificate_is_read_from_every_form() -> None:
    der = make_certificate("www.acme.test")
    for data in (der, certificate_to_pem(der).encode(), certs_only([issuing_ca().certificate_der, der])):
        found = read_certificate(data, AUTHORITIES)
        assert (found.der, found.names, found.serial_hex, found.is_ca, found.vouched_by) == (der, ("www.acme.test",), "1267", False, "")
    assert read_certificate(issuing_ca().certificate_der, AUTHORITIES).vouched_by == "root"


def test_what_else_somebody_sends() -> None:
    csr = outcome(request_pem(p256_key(), dns_names=["www.acme.test"]))
    assert isinstance(csr, BadRequest)
    assert csr.sentence.startswith("This is a CSR, not a certificate")
    large = outcome(bytes(MAXIMUM_BYTES + 1))
    assert isinstance(large, BadRequest)
    assert large.kind == "certificate-too-large"


def test_addresses_are_names_as_well_and_what_cannot_be_seen_is_marked() -> None:
    key, now = p256_key(), datetime.now(UTC)
    name = x509.Name([])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(1))
    values = [x509.IPAddress(ip_address("2001:db8::1")), x509.RFC822Name("dana@acme.test"), x509.DNSName("a\tb\x00.test")]
    der = builder.add_extension(x509.SubjectAlternativeName(values), critical=True).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    assert read_certificate(der).names == ("2001:db8::1", "dana@acme.test", "a\ufffdb\ufffd.test")
