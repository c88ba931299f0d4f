"""What a CMS signer is known by: issuer and serial, key identifier, public key, read from his certificate.

Read as bytes and compared as bytes; nothing else of the certificate matters here, because the service knows it by the
digest of the whole. Certificates that came along with a message may be anything, so reading them raises one error only.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from privyseal_wire.ber import encode_tlv
from privyseal_wire.cms_algorithms import CURVES, MIN_RSA_BITS, PublicKey
from privyseal_wire.cms_types import Certificate, Extensions, KeyIdentifier, SignerInfo
from privyseal_wire.errors import CmsRefused

_SEQUENCE = b"\x30"
_VERSION = b"\xa0"
_EXTENSIONS = b"\xa3"
_KEY_IDENTIFIER = "2.5.29.14"
_FIXED_FIELDS = 6


@dataclass(frozen=True, slots=True)
class SignerName:
    """``issuer`` is DER, ``serial`` the contents of the INTEGER, ``key_identifier`` None where the certificate has none."""

    issuer: bytes
    serial: bytes
    key_identifier: bytes | None

    def is_named_by(self, signer: SignerInfo) -> bool:
        """Tell whether a SignerInfo names this certificate (RFC 5652 5.3, SignerIdentifier)."""
        named = signer.signer
        if isinstance(named, bytes):
            return self.key_identifier is not None and named == self.key_identifier
        return _raw(named.issuer) == self.issuer and bytes(named.serial.data) == self.serial


@dataclass(frozen=True, slots=True)
class SignerCertificate:
    """The name of a signer and the key that verifies for him."""

    name: SignerName
    public_key: PublicKey


@functools.lru_cache(maxsize=32)
def read_signer_name(certificate_der: bytes) -> SignerName:
    """Return what a signer is named by; raises CmsRefused ``cms-certificate`` for bytes that are no certificate.

    Remembers only a few, because anybody may send certificates, and large ones.
    """
    fields = _read_fields(certificate_der)
    return SignerName(_raw(fields[2]), bytes(fields[0].data), _read_key_identifier(fields[_FIXED_FIELDS:]))


@functools.lru_cache(maxsize=1024)
def read_signer_certificate(certificate_der: bytes) -> SignerCertificate:
    """Return name and key; RSA of 2048 bits and more, P-256, P-384, P-521.

    Remembered, because loading a key costs as much as verifying with it and administrators sign again and again.
    Raises CmsRefused ``cms-certificate``.
    """
    name = read_signer_name(certificate_der)
    try:
        key = load_der_public_key(_raw(_read_fields(certificate_der)[_FIXED_FIELDS - 1]))
    except (ValueError, OverflowError, TypeError, UnsupportedAlgorithm) as error:
        raise _unreadable() from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS:
        return SignerCertificate(name, key)
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in CURVES:
        return SignerCertificate(name, key)
    sentence = "The certificate of the signer has no RSA key of 2048 bits or more and no P-256, P-384 or P-521 key."
    raise CmsRefused("cms-certificate", sentence)


def _read_fields(certificate_der: bytes) -> list[asn1.TLV]:
    # RFC 5280 4.1: serial number, signature, issuer, validity, subject, key, then optional fields; version is left out.
    try:
        fields = asn1.decode_der(Certificate, certificate_der).tbs
    except (ValueError, OverflowError) as error:
        raise _unreadable() from error
    if fields and fields[0].tag_bytes == _VERSION:
        fields = fields[1:]
    if len(fields) < _FIXED_FIELDS:
        raise _unreadable()
    return fields


def _read_key_identifier(optional_fields: list[asn1.TLV]) -> bytes | None:
    for field in optional_fields:
        if field.tag_bytes == _EXTENSIONS:
            try:
                extensions = asn1.decode_der(Extensions, encode_tlv(_SEQUENCE, bytes(field.data))).extensions
                values = [extension.value for extension in extensions if extension.id.dotted_string == _KEY_IDENTIFIER]
                return asn1.decode_der(KeyIdentifier, encode_tlv(_SEQUENCE, values[0])).digest if values else None
            except (ValueError, OverflowError) as error:
                raise _unreadable() from error
    return None


def _raw(element: asn1.TLV) -> bytes:
    return encode_tlv(element.tag_bytes, bytes(element.data))


def _unreadable() -> CmsRefused:
    return CmsRefused("cms-certificate", "The certificate of the signer cannot be read.")
