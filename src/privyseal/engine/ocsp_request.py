"""Reading OCSP requests (RFC 6960 4.1) from anybody: strict DER, several certificates, nonces of RFC 9654.

cryptography's own reader gives up at the second certificate of a request, therefore this one, on ``hazmat.asn1``. It
never decides who may ask or what the answer is; ``engine/ocsp.py`` makes the answers, ``status/`` calls both.

Object identifiers are compared as bytes and our own certificates are walked as DER, because importing ``cryptography.x509``
alone takes as long as the status front has for its whole start (E9).

A request's signature and the name of the requestor are read past and not checked: RFC 6960 2.1 leaves it to the
responder whether it cares, and ours tells everybody the same.
"""

# No `from __future__ import annotations` here: hazmat.asn1 reads the annotations of the classes below when it makes them.

import hashlib
from dataclasses import dataclass
from typing import Annotated, Self

from cryptography.hazmat import asn1

from privyseal.engine import der
from privyseal.model.errors import BadRequest

MAX_NONCE = 128
"""RFC 9654 2.1: a nonce has 1 to 128 octets; requests with another one MUST be answered malformedRequest."""

NONCE = der.object_identifier("1.3.6.1.5.5.7.48.1.2")

_UNDERSTOOD = frozenset(
    {
        # Acceptable responses: only the basic type exists, and that is what everybody gets.
        der.object_identifier("1.3.6.1.5.5.7.48.1.4"),
        # Service locator: for responders that forward; we answer for our own CAs alone.
        der.object_identifier("1.3.6.1.5.5.7.48.1.7"),
        # Preferred signature algorithms: RFC 6960 4.4.7 lets a responder go on with its own.
        der.object_identifier("1.3.6.1.5.5.7.48.1.8"),
    }
)

_HASHES = {
    der.object_identifier("1.3.14.3.2.26"): "sha1",
    der.object_identifier("2.16.840.1.101.3.4.2.1"): "sha256",
    der.object_identifier("2.16.840.1.101.3.4.2.2"): "sha384",
    der.object_identifier("2.16.840.1.101.3.4.2.3"): "sha512",
}
"""Hashes of CertIDs that are computed for each CA. SHA-1 names here, it protects nothing (RFC 6960 4.3, RFC 5019 2.1.1)."""

_COMMON = frozenset((NONCE, *_UNDERSTOOD, *_HASHES))
"""Identifiers that need not be checked again."""

_MAX_SHORT = 129  # with one-byte lengths throughout, the outer SEQUENCE ends at 2 + 127
_MAX_USUAL_HASH = 32


@dataclass(frozen=True, slots=True)
class CertId:
    """The certificate that is asked about. ``der`` is the CertID as it came; the answer repeats these very bytes.

    ``hash_algorithm`` is the encoded object identifier of the hash.
    """

    der: bytes
    hash_algorithm: bytes
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial: int


@dataclass(frozen=True, slots=True)
class OcspRequest:
    """One or more certificates asked about, in their order, and the nonce or None."""

    cert_ids: tuple[CertId, ...]
    nonce: bytes | None


@asn1.sequence
class _Extension:
    oid: asn1.TLV
    critical: Annotated[bool, asn1.Default(value=False)]
    value: bytes


@asn1.sequence
class _CertId:
    # AlgorithmIdentifier: an OID and optional parameters, which hazmat.asn1 cannot yet declare as OPTIONAL ANY.
    hash_algorithm: Annotated[list[asn1.TLV], asn1.Size(1, 2)]
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial: int


@asn1.sequence
class _Request:
    cert_id: asn1.TLV
    extensions: Annotated[list[_Extension] | None, asn1.Explicit(0)]


@asn1.sequence
class _TbsRequest:
    version: Annotated[int, asn1.Explicit(0), asn1.Default(0)]
    # An explicit tag around any GeneralName reads as an implicit SEQUENCE of one TLV.
    requestor: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]
    requests: Annotated[list[_Request], asn1.Size(1, None)]
    extensions: Annotated[list[_Extension] | None, asn1.Explicit(2)]


@asn1.sequence
class _OcspRequest:
    tbs: _TbsRequest
    signature: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]


def read_request(data: bytes) -> OcspRequest:
    """The request in ``data``. Raises BadRequest kind ``ocsp-request`` if it is not strict DER of RFC 6960 4.1.1.

    That includes a nonce of 0 or more than 128 octets (RFC 9654 2.1), two nonces, a critical extension that nobody here
    understands (RFC 6960 4.4) and a request for no certificate at all.
    """
    try:
        request = asn1.decode_der(_OcspRequest, data)
        if request.tbs.version != 0 or (request.tbs.requestor is not None and len(request.tbs.requestor) != 1):
            raise _malformed()
        for single in request.tbs.requests:
            # Nothing that a client can say about one certificate changes our answer, but critical unknown things end it.
            _understand(single.extensions)
        cert_ids = tuple(_read_cert_id(single.cert_id) for single in request.tbs.requests)
        return OcspRequest(cert_ids, _understand(request.tbs.extensions))
    except ValueError:
        raise _malformed() from None


def _read_cert_id(value: asn1.TLV) -> CertId:
    cert_id = value.parse(_CertId)
    oid, *parameters = cert_id.hash_algorithm
    # NULL or nothing: no hash algorithm has parameters (RFC 5754 2).
    if parameters and (parameters[0].tag_bytes != b"\x05" or len(parameters[0].data)):
        raise _malformed()
    return CertId(asn1.encode_der(value), _oid(oid), cert_id.issuer_name_hash, cert_id.issuer_key_hash, cert_id.serial)


def _understand(extensions: list[_Extension] | None) -> bytes | None:
    """The nonce among ``extensions``, or None. Raises BadRequest for what RFC 6960 4.4 and RFC 9654 do not let pass."""
    if extensions is None:
        return None
    seen = [_oid(extension.oid) for extension in extensions]
    # RFC 5280 4.1 (Extensions has at least one element), 4.2 (each at most once).
    if not seen or len(set(seen)) != len(seen):
        raise _malformed()
    nonce = None
    for extension, oid in zip(extensions, seen, strict=True):
        if oid == NONCE:
            nonce = _read_nonce(extension.value)
        elif extension.critical and oid not in _UNDERSTOOD:
            raise _malformed()
    return nonce


def _oid(value: asn1.TLV) -> bytes:
    encoded = asn1.encode_der(value)
    if encoded not in _COMMON and not _is_oid(encoded):
        raise _malformed()
    return encoded


def _is_oid(encoded: bytes) -> bool:
    content = encoded[der.read_header(encoded).start :]
    if encoded[0] != der.OBJECT_IDENTIFIER or not content or content[-1] > 0x7F:
        return False
    # X.690 8.19.2: an arc, which begins behind a byte below 0x80, never begins with 0x80.
    return not any(byte == 0x80 and before < 0x80 for before, byte in zip(b"\x00" + content, content, strict=False))


def _read_nonce(value: bytes) -> bytes:
    nonce = asn1.decode_der(bytes, value)
    if not 1 <= len(nonce) <= MAX_NONCE:
        raise _malformed()
    return nonce


def _malformed() -> BadRequest:
    sentence = (
        "The bytes are no OCSP request: RFC 6960 4.1 wants DER with at least one certificate in it, known critical extensions and, if "
        "any, one nonce of 1 to 128 octets (RFC 9654). Send what `openssl ocsp -reqout` writes."
    )
    return BadRequest("ocsp-request", sentence)


def subject_and_key(certificate_der: bytes) -> tuple[bytes, bytes]:
    """Subject name and SubjectPublicKeyInfo of a certificate of ours, as they stand in it (RFC 5280 4.1)."""
    to_be_signed = der.children(certificate_der)[0]
    # version, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo: ours are all version 3.
    fields = der.children(to_be_signed)
    return fields[5], fields[6]


def key_bits(spki: bytes) -> bytes:
    """What KeyHash is taken of: the public key's BIT STRING without tag, length and unused bits (RFC 6960 4.1.1)."""
    bits = der.children(spki)[1]
    return bits[der.read_header(bits).start + 1 :]


@dataclass(frozen=True, slots=True)
class IssuerHashes:
    """How CertIDs name one CA: for each hash algorithm the hashes of its name and of its key (RFC 6960 4.1.1)."""

    names: dict[bytes, tuple[bytes, bytes]]
    usual: tuple[tuple[bytes, bytes], ...]
    """The first fields of usual CertIDs of this CA, down to the serial number, and the object identifier of their hash."""

    @classmethod
    def of(cls, certificate_der: bytes) -> Self:
        """The hashes of the CA with this certificate; computed once for each CA."""
        name, spki = subject_and_key(certificate_der)
        key = key_bits(spki)
        names = {oid: (hashlib.new(kind, name).digest(), hashlib.new(kind, key).digest()) for oid, kind in _HASHES.items()}
        usual = tuple(
            (der.sequence(oid, *parameters) + der.octet_string(name_hash) + der.octet_string(key_hash), oid)
            for oid, (name_hash, key_hash) in names.items()
            for parameters in ((der.NULL,), ())
            # Longer hashes leave no room for a serial number within one-byte lengths.
            if len(name_hash) <= _MAX_USUAL_HASH
        )
        return cls(names, usual)

    def includes(self, cert_id: CertId) -> bool:
        """Whether ``cert_id`` names this CA. A hash that we do not compute names nobody."""
        return self.names.get(cert_id.hash_algorithm) == (cert_id.issuer_name_hash, cert_id.issuer_key_hash)


def read_usual_request(data: bytes, issuer: IssuerHashes) -> OcspRequest | None:
    """What ``read_request`` would answer, for the request of nearly every client; None for all others.

    The usual request asks about one certificate of ``issuer`` by SHA-1 or SHA-256 and carries nothing else, so its every
    byte but the serial number is known beforehand (87 bytes for SHA-1 and a serial of 20 octets).
    """
    size = len(data)
    if not 12 < size <= _MAX_SHORT:
        return None
    if data[:10] != bytes((0x30, size - 2, 0x30, size - 4, 0x30, size - 6, 0x30, size - 8, 0x30, size - 10)):
        return None
    for prefix, algorithm in issuer.usual:
        if not data.startswith(prefix, 10):
            continue
        start = 12 + len(prefix)
        serial = data[start:]
        if data[start - 2 : start] != bytes((der.INTEGER, size - start)) or not serial:
            return None
        # X.690 8.3.2: the shortest form, and not negative; everything else is left to the strict reader.
        if serial[0] > 0x7F or (serial[0] == 0 and len(serial) > 1 and serial[1] < 0x80):
            return None
        return OcspRequest((CertId(data[8:], algorithm, *issuer.names[algorithm], int.from_bytes(serial)),), None)
    return None
