"""A key is noticed in every form in which it lies in files, and nothing else is taken for one."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)

from privyseal_agent.keys.csr import make_csr
from privyseal_agent.keys.disclosed import has_private_key

P256, RSA, EDWARDS = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()
DER = P256.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
PEM = P256.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
SECRET = BestAvailableEncryption(b"a passphrase")

FILES = {
    "PKCS #8": PEM,
    "SEC 1": P256.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
    "PKCS #1": RSA.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
    "Ed25519": EDWARDS.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    "OpenSSH": EDWARDS.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()),
    "encrypted": P256.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, SECRET),
    "encrypted as of old": RSA.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, SECRET),
    "UTF-16": PEM.decode().encode("utf-16"),
    "UTF-16 without a mark": PEM.decode().encode("utf-16-le"),
    "DER": DER,
    "encrypted DER": P256.private_bytes(Encoding.DER, PrivateFormat.PKCS8, SECRET),
    "DER of PKCS #1": RSA.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
    "PKCS #12": pkcs12.serialize_key_and_certificates(b"www", P256, None, None, SECRET),
    "base64 alone": base64.encodebytes(DER),
    "under another label": b"-----BEGIN CERTIFICATE REQUEST-----\n" + base64.encodebytes(DER) + b"-----END CERTIFICATE REQUEST-----\n",
    "PuTTY": b"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n",
    "behind the CSR": make_csr(P256, ["www.acme.test"]) + PEM,
}


@pytest.mark.parametrize("data", FILES.values(), ids=FILES.keys())
def test_a_key_is_noticed(data: bytes) -> None:
    assert has_private_key(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"-----",
        b"0",
        b"no CSR at all",
        make_csr(P256, ["www.acme.test"]),
        make_csr(RSA, ["www.acme.test"]),
        P256.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        P256.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    ],
    ids=("empty", "dashes", "zero", "text", "P-256 CSR", "RSA CSR", "PEM key", "DER key"),
)
def test_what_may_be_sent(data: bytes) -> None:
    assert not has_private_key(data)
