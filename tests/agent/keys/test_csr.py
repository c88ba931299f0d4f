"""CSRs: made, verified by openssl, and read for their key however odd the rest of them is."""

from __future__ import annotations

import base64
import hashlib
import random
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from privyseal_agent.errors import Refused
from privyseal_agent.keys import private_key
from privyseal_agent.keys.csr import host_name, make_csr, spki_sha256

KEY = private_key.generate("p256")
SPKI = hashlib.sha256(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def armored(der: bytes, label: str = "CERTIFICATE REQUEST") -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n"


def test_a_csr_carries_its_names() -> None:
    pem = make_csr(KEY, ["WWW.acme.test.", "*.acme.test", "bücher.acme.test"])
    csr = x509.load_pem_x509_csr(pem)
    assert csr.is_signature_valid
    assert csr.subject.rfc4514_string() == "CN=www.acme.test"
    names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.DNSName) == ["www.acme.test", "*.acme.test", "xn--bcher-kva.acme.test"]
    assert not names.critical
    told = subprocess.run(["openssl", "req", "-verify", "-noout", "-text"], input=pem, capture_output=True, check=True, timeout=30)
    assert b"verify OK" in told.stderr + told.stdout
    assert spki_sha256(pem.decode()) == SPKI


def test_a_csr_without_names_and_one_with_a_long_name() -> None:
    assert not x509.load_pem_x509_csr(make_csr(KEY, ())).subject
    long_name = f"{'a' * 60}.{'b' * 10}.test"
    csr = x509.load_pem_x509_csr(make_csr(KEY, [long_name]))
    assert not csr.subject
    assert csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


@pytest.mark.parametrize(
    "name", ["", "*", "a b.test", "192.0.2.1", "2001:db8::1", "-a.test", "under_score.test", f"{'a' * 64}.test", "w*.acme.test"]
)
def test_what_is_no_host_name(name: str) -> None:
    with pytest.raises(Refused) as caught:
        host_name(name)
    assert caught.value.kind == "name"


def test_the_key_is_read_from_odd_csrs() -> None:
    pem = make_csr(KEY, ["www.acme.test"]).decode()
    assert spki_sha256(pem.replace("\n", "\r\n") + "\n  \n") == SPKI
    assert spki_sha256(pem.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")) == SPKI
    der = x509.load_pem_x509_csr(pem.encode()).public_bytes(Encoding.DER)
    # Attributes out of order break DER and pyca's reader, not the place of the key.
    broken = der.replace(bytes.fromhex("06092a864886f70d01090e"), bytes.fromhex("06092a864886f70d01090f"))
    assert broken != der
    assert spki_sha256(armored(broken)) == SPKI


@pytest.mark.parametrize(
    "text", ["", "no pem", "-----BEGIN CERTIFICATE REQUEST-----\n*\n-----END CERTIFICATE REQUEST-----", armored(b"\x30\x80")]
)
def test_what_is_no_csr(text: str) -> None:
    with pytest.raises(Refused, match="nobody can tell which key"):
        spki_sha256(text)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_csr_or_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        spki_sha256(armored(data))


def test_a_changed_csr_has_its_key_or_another_or_is_refused() -> None:
    der = x509.load_pem_x509_csr(make_csr(KEY, ["www.acme.test"])).public_bytes(Encoding.DER)
    source = random.Random(5)
    for _ in range(2_000):
        changed = bytearray(der)
        changed[source.randrange(len(der))] = source.randrange(256)
        try:
            assert len(spki_sha256(armored(bytes(changed)))) == 64
        except Refused:
            continue
