"""Certificates in a PKCS #7 file: a degenerate SignedData without signers (RFC 2315 9.1, RFC 8551 3.8).

Windows and Java import such ``.p7b`` files whole. The certificates form a SET, so a reader may not rely on their order.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from privyseal.model.errors import BadRequest


def certs_only(certificates_der: Sequence[bytes]) -> bytes:
    """The certificates as DER for a ``.p7b`` file.

    Raises BadRequest kind ``pkcs7-certificate`` if there are none or one is not a certificate.
    """
    return _serialize(certificates_der, Encoding.DER)


def certs_only_pem(certificates_der: Sequence[bytes]) -> str:
    """The same in PEM (``BEGIN PKCS7``). Raises as ``certs_only``."""
    return _serialize(certificates_der, Encoding.PEM).decode("ascii")


def _serialize(certificates_der: Sequence[bytes], encoding: Encoding) -> bytes:
    try:
        certificates = [x509.load_der_x509_certificate(certificate) for certificate in certificates_der]
        return pkcs7.serialize_certificates(certificates, encoding)
    except (ValueError, TypeError):
        sentence = "A PKCS #7 file holds at least one certificate, and each must be a whole X.509 certificate in DER."
        raise BadRequest("pkcs7-certificate", sentence) from None
