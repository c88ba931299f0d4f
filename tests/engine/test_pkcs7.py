"""PKCS #7 files as openssl reads them."""

from __future__ import annotations

import subprocess

import pytest
from cryptography.hazmat.primitives.serialization import pkcs7

from privyseal.engine.pem import certificate_to_pem
from privyseal.engine.pkcs7 import certs_only, certs_only_pem
from privyseal.model.errors import BadRequest
from tests.engine.sample_issuers import issuing_ca, root

CHAIN = [issuing_ca().certificate_der, root().certificate_der]


@pytest.mark.parametrize("form", ["DER", "PEM"])
def test_openssl_prints_the_certificates(form: str) -> None:
    data = certs_only(CHAIN) if form == "DER" else certs_only_pem(CHAIN).encode()
    command = ["openssl", "pkcs7", "-inform", form, "-print_certs"]
    printed = subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode()
    for certificate in CHAIN:
        assert certificate_to_pem(certificate) in printed
    assert printed.count("BEGIN CERTIFICATE") == 2


def test_pyca_reads_them_back() -> None:
    assert len(pkcs7.load_der_pkcs7_certificates(certs_only(CHAIN))) == 2
    assert certs_only_pem(CHAIN).startswith("-----BEGIN PKCS7-----\n")


@pytest.mark.parametrize("certificates", [[], [b""], [CHAIN[0], b"garbage"], [CHAIN[0][:-1]]])
def test_what_is_no_certificate_is_refused(certificates: list[bytes]) -> None:
    for function in (certs_only, certs_only_pem):
        with pytest.raises(BadRequest, match="at least one certificate") as caught:
            function(certificates)
        assert caught.value.kind == "pkcs7-certificate"
