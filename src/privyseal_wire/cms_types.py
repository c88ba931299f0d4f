"""ASN.1 of CMS SignedData, RSASSA-PSS and of what a certificate says about its owner, as ``hazmat.asn1`` reads it.

Declared only as deep as ``cms`` looks. Sets whose order is not ours to judge (certificates, signed attributes) are
declared as lists under their implicit tag, which is encoded alike and not order-checked; algorithm identifiers stay raw
because they are compared with a table of permitted bytes.
"""

from __future__ import annotations

from typing import Annotated

from cryptography import x509
from cryptography.hazmat import asn1

# The declarations must be there at run time, so every name in an annotation is an ordinary import.


@asn1.sequence
class ContentInfo:
    """RFC 5652 3."""

    content_type: x509.ObjectIdentifier
    content: Annotated[asn1.TLV, asn1.Explicit(0)]


@asn1.sequence
class EncapsulatedContent:
    """RFC 5652 5.2; without ``content`` the signature is detached."""

    content_type: x509.ObjectIdentifier
    content: Annotated[bytes | None, asn1.Explicit(0)]


@asn1.sequence
class SignedData:
    """RFC 5652 5.1; ``digest_algorithms`` and ``signer_infos`` are SETs read by ``cms``."""

    version: int
    digest_algorithms: asn1.TLV
    encapsulated: EncapsulatedContent
    certificates: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    revocations: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]
    signer_infos: asn1.TLV


@asn1.sequence
class IssuerAndSerial:
    """RFC 5652 10.2.4; both kept raw, to be compared byte for byte."""

    issuer: asn1.TLV
    serial: asn1.TLV


@asn1.sequence
class SignerInfo:
    """RFC 5652 5.3."""

    version: int
    signer: IssuerAndSerial | Annotated[bytes, asn1.Implicit(0)]
    digest_algorithm: asn1.TLV
    signed_attributes: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    signature_algorithm: asn1.TLV
    signature: bytes
    unsigned_attributes: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]


@asn1.sequence
class Attribute:
    """RFC 5652 5.3; ``values`` is a SET."""

    type: x509.ObjectIdentifier
    values: asn1.TLV


@asn1.sequence
class AlgorithmIdentifier:
    """RFC 5280 4.1.1.2 with parameters that are there."""

    algorithm: x509.ObjectIdentifier
    parameters: asn1.TLV


@asn1.sequence
class PssParameters:
    """RFC 4055 3.1; what has a default is optional here, because some programs write the default out."""

    hash: Annotated[list[asn1.TLV] | None, asn1.Explicit(0)]
    mask: Annotated[AlgorithmIdentifier | None, asn1.Explicit(1)]
    salt_length: Annotated[int | None, asn1.Explicit(2)]
    trailer: Annotated[int | None, asn1.Explicit(3)]


@asn1.sequence
class Certificate:
    """RFC 5280 4.1, only the outermost frame."""

    tbs: list[asn1.TLV]
    signature_algorithm: asn1.TLV
    signature: asn1.BitString


@asn1.sequence
class Extension:
    """RFC 5280 4.1."""

    id: x509.ObjectIdentifier
    critical: Annotated[bool, asn1.Default(value=False)]
    value: bytes


@asn1.sequence
class Extensions:
    """RFC 5280 4.1: the contents of the frame [3] of a certificate."""

    extensions: list[Extension]


@asn1.sequence
class KeyIdentifier:
    """RFC 5280 4.2.1.2 in a frame of its own, because ``hazmat.asn1`` reads a bare type only as a field."""

    digest: bytes


@asn1.sequence
class SigningTime:
    """RFC 5652 11.3 in a frame of its own, as above."""

    time: asn1.UTCTime | asn1.GeneralizedTime
