"""PEM text as openssl reads and writes it."""

from __future__ import annotations

import subprocess

from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from privyseal.engine.pem import certificate_to_pem, chain_to_pem
from tests.engine.sample_issuers import issuing_ca, root


def test_openssl_writes_the_same_pem() -> None:
    for issuer in (root(), issuing_ca()):
        command = ["openssl", "x509", "-inform", "DER"]
        written = subprocess.run(command, input=issuer.certificate_der, capture_output=True, check=True).stdout
        assert certificate_to_pem(issuer.certificate_der).encode() == written


def test_a_chain_keeps_its_order() -> None:
    chain = [issuing_ca().certificate_der, root().certificate_der]
    read = x509.load_pem_x509_certificates(chain_to_pem(chain).encode())
    assert [certificate.subject for certificate in read] == [x509.load_der_x509_certificate(der).subject for der in chain]
    assert chain_to_pem([]) == ""


@given(st.binary(max_size=300))
def test_no_line_is_longer_than_64_characters(data: bytes) -> None:
    text = certificate_to_pem(data)
    assert text.endswith("-----END CERTIFICATE-----\n")
    assert all(len(line) <= 64 for line in text.splitlines())
