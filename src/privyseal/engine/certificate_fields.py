"""ASN.1 of a certificate of ours, as ``hazmat.asn1`` reads it to compare an issued certificate with what was meant.

Narrower than RFC 5280: what this service never writes - unique identifiers, other string types, other kinds of names -
does not parse. The reader takes DER only.
"""

from __future__ import annotations

from typing import Annotated, Literal

from cryptography import x509
from cryptography.hazmat import asn1

# The declarations must be there at run time, so every name in an annotation is an ordinary import.


@asn1.sequence
class Attribute:
    """RFC 5280 4.1.2.4: an attribute of a name."""

    type: x509.ObjectIdentifier
    value: str | asn1.PrintableString


@asn1.sequence
class Validity:
    """RFC 5280 4.1.2.5."""

    not_before: asn1.UTCTime | asn1.GeneralizedTime
    not_after: asn1.UTCTime | asn1.GeneralizedTime


@asn1.sequence
class Extension:
    """RFC 5280 4.1."""

    id: x509.ObjectIdentifier
    critical: Annotated[bool, asn1.Default(value=False)]
    value: bytes


@asn1.sequence
class ToBeSigned:
    """RFC 5280 4.1.2; what is fixed by the issuer or the key is kept raw, to be compared byte for byte."""

    version: Annotated[int, asn1.Explicit(0)]
    serial: int
    algorithm: asn1.TLV
    issuer: asn1.TLV
    validity: Validity
    subject: list[asn1.SetOf[Attribute]]
    key: asn1.TLV
    extensions: Annotated[list[Extension], asn1.Explicit(3)]


@asn1.sequence
class Certificate:
    """RFC 5280 4.1."""

    tbs: ToBeSigned
    algorithm: asn1.TLV
    signature: asn1.BitString


@asn1.sequence
class AlternativeNames:
    """RFC 5280 4.2.1.6 in a frame of its own, because ``hazmat.asn1`` reads a bare type only as a field."""

    names: list[
        Annotated[asn1.Variant[asn1.IA5String, Literal["email"]], asn1.Implicit(1)]
        | Annotated[asn1.Variant[asn1.IA5String, Literal["dns"]], asn1.Implicit(2)]
    ]
