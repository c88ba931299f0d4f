"""Signers for the tests of CMS: a key and a self-signed certificate of each kind, made once per run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from privyseal_wire.cms import PrivateKey

NOW = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
KINDS = ("rsa2048", "rsa3072", "p256", "p384", "p521")
CURVES = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1(), "k256": ec.SECP256K1()}


@dataclass(frozen=True, slots=True)
class Signer:
    """A key and its certificate."""

    key: PrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def new_key(kind: str) -> PrivateKey:
    """A fresh key; ``rsa`` is followed by its bits."""
    if kind in CURVES:
        return ec.generate_private_key(CURVES[kind])
    return rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))


def certify(key: PrivateKey, name: str, *, serial: int = 1, key_identifier: bool = True) -> x509.Certificate:
    """A self-signed certificate with names that make its DER worth comparing."""
    subject = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "US"),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Zürcher & Co."),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, name),
        ]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .serial_number(serial)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=36_500))
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    )
    if key_identifier:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return builder.sign(key, hashes.SHA256())


@cache
def signer(kind: str, name: str = "Administrator") -> Signer:
    """The signer of this kind; another name is another person with another key."""
    key = new_key(kind)
    return Signer(key, certify(key, f"{name} {kind}", serial=2**130 + len(name)))
