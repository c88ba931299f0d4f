"""Signatures of administrators over statements: CMS SignedData with the content inside (RFC 5652).

``sign_attached`` writes what ``openssl cms -sign -binary -nodetach`` writes; ``verify_attached`` reads that and what
smart-card tools make. Exactly one signer, signed attributes, SHA-2, content of the type id-data. Whose certificate
may decide what, and whether it is revoked, is asked elsewhere: ``signer_fingerprint`` names the certificate to look
up, and the registered certificate is then the only one that verifies. Other certificates in the message mean nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from privyseal_wire import cms_algorithms as algorithms
from privyseal_wire.ber import encode_tlv
from privyseal_wire.cms_message import CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME, Message, read_message
from privyseal_wire.cms_types import SigningTime
from privyseal_wire.errors import CmsRefused
from privyseal_wire.signer_certificate import read_signer_certificate, read_signer_name

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
"""Any object of these classes, also one whose ``sign`` calls a token or a key service."""

_INTEGER = 0x02
_OCTET_STRING = 0x04
_SEQUENCE = 0x30
_SET = 0x31
_CONTEXT_0 = 0xA0
_UTC_TIME = 0x17
_GENERALIZED_TIME = 0x18
_UTC_TIME_ENDS = 2050  # RFC 5652 11.3: later years are written as GeneralizedTime.

_DER_DATA = bytes.fromhex("06092a864886f70d010701")
_DER_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_DER_CONTENT_TYPE = bytes.fromhex("06092a864886f70d010903")
_DER_MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
_DER_SIGNING_TIME = bytes.fromhex("06092a864886f70d010905")
_DER_VERSION_1 = bytes.fromhex("020101")


@dataclass(frozen=True, slots=True)
class SignedContent:
    """What was signed. ``signing_time`` is what the signer claims, in UTC; ``digest_algorithm`` is ``sha256`` and up."""

    content: bytes
    signing_time: datetime | None
    digest_algorithm: str


def sign_attached(content: bytes, certificate_der: bytes, key: PrivateKey, *, now: datetime) -> bytes:
    """Return DER SignedData over ``content``: one signer, attributes content type, digest and ``now``, the certificate.

    RSA signs PKCS#1 v1.5 with SHA-256, P-256 with SHA-256, P-384 with SHA-384, P-521 with SHA-512. Raises CmsRefused
    ``cms-certificate`` for an unreadable certificate or one of another kind of key, ``cms-key`` for a certificate of
    another key.
    """
    owner = read_signer_certificate(certificate_der)
    if _spki(key.public_key()) != _spki(owner.public_key):
        raise CmsRefused("cms-key", "The private key is not the one of the certificate; take the pair that belongs together.")
    digest, digest_oid, signature_name = _algorithms_for(owner.public_key)
    digest_name = encode_tlv(_SEQUENCE, digest_oid)
    attributes = sorted(
        (
            _attribute(_DER_CONTENT_TYPE, _DER_DATA),
            _attribute(_DER_SIGNING_TIME, _encode_time(now)),
            _attribute(_DER_MESSAGE_DIGEST, encode_tlv(_OCTET_STRING, _hash(digest, content))),
        )
    )
    signer_info = encode_tlv(
        _SEQUENCE,
        _DER_VERSION_1,
        encode_tlv(_SEQUENCE, owner.name.issuer, encode_tlv(_INTEGER, owner.name.serial)),
        digest_name,
        encode_tlv(_CONTEXT_0, *attributes),
        signature_name,
        encode_tlv(_OCTET_STRING, _sign(key, digest, encode_tlv(_SET, *attributes))),
    )
    signed_data = encode_tlv(
        _SEQUENCE,
        _DER_VERSION_1,
        encode_tlv(_SET, digest_name),
        encode_tlv(_SEQUENCE, _DER_DATA, encode_tlv(_CONTEXT_0, encode_tlv(_OCTET_STRING, content))),
        encode_tlv(_CONTEXT_0, certificate_der),
        encode_tlv(_SET, signer_info),
    )
    return encode_tlv(_SEQUENCE, _DER_SIGNED_DATA, encode_tlv(_CONTEXT_0, signed_data))


def verify_attached(data: bytes, *, signer_certificate_der: bytes) -> SignedContent:
    """Return the content of a CMS signature (DER, BER, PEM or bare base64) made with the key of this certificate.

    Raises CmsRefused: the kinds of :func:`privyseal_wire.cms_message.read_message`; ``cms-certificate``;
    ``cms-signer`` when the message names another signer; ``cms-attributes`` for a missing or wrong content type or
    time; ``cms-weak``; ``cms-algorithm``; ``cms-digest`` when the content was changed; ``cms-signature``.
    """
    message = read_message(data)
    owner = read_signer_certificate(signer_certificate_der)
    if not owner.name.is_named_by(message.signer):
        raise CmsRefused("cms-signer", "The signature names another certificate as its signer than the registered one.")
    digest = algorithms.digest_algorithm(_identifier(message.signer.digest_algorithm))
    if message.attributes.get(CONTENT_TYPE) != _DER_DATA:
        raise CmsRefused("cms-attributes", "The signed attribute content type is missing, or does not say plain data (RFC 5652 11.1).")
    stated = message.attributes.get(MESSAGE_DIGEST)
    if stated is None:
        raise CmsRefused("cms-attributes", "The signed attribute message digest is missing (RFC 5652 11.2).")
    if stated != encode_tlv(_OCTET_STRING, _hash(digest, message.content)):
        raise CmsRefused("cms-digest", "The content is not the one that was signed: its digest differs from the signed digest.")
    signing_time = _read_time(message.attributes.get(SIGNING_TIME))
    algorithm = _identifier(message.signer.signature_algorithm)
    algorithms.require_signature(owner.public_key, algorithm, digest, message.signer.signature, message.signed_bytes)
    return SignedContent(message.content, signing_time, digest.name)


def signer_fingerprint(data: bytes) -> bytes:
    """Return SHA-256 of the included certificate that the signer names, 32 bytes; nothing is verified.

    Raises CmsRefused as :func:`verify_attached` does for form, and ``cms-signer`` when no included certificate, or
    more than one, is the named one.
    """
    message = read_message(data)
    found = {certificate for certificate in message.certificates if _is_named(message, certificate)}
    if len(found) != 1:
        sentence = "The signature does not include the one certificate of its signer. Sign without -nocerts."
        raise CmsRefused("cms-signer", sentence)
    return hashlib.sha256(found.pop()).digest()


def _is_named(message: Message, certificate_der: bytes) -> bool:
    # Certificates of the message may be anything; unreadable ones are nobody's.
    try:
        return read_signer_name(certificate_der).is_named_by(message.signer)
    except CmsRefused:
        return False


def _identifier(algorithm: asn1.TLV) -> bytes:
    return bytes(algorithm.data) if algorithm.tag_bytes == bytes((_SEQUENCE,)) else b""


def _read_time(values: bytes | None) -> datetime | None:
    if values is None:
        return None
    try:
        return asn1.decode_der(SigningTime, encode_tlv(_SEQUENCE, values)).time.as_datetime().replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise CmsRefused("cms-attributes", "The signed attribute signing time is malformed (RFC 5652 11.3).") from error


def _encode_time(moment: datetime) -> bytes:
    text = moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")
    if moment.astimezone(UTC).year < _UTC_TIME_ENDS:
        return encode_tlv(_UTC_TIME, text[2:].encode())
    return encode_tlv(_GENERALIZED_TIME, text.encode())


def _attribute(oid: bytes, value: bytes) -> bytes:
    return encode_tlv(_SEQUENCE, oid, encode_tlv(_SET, value))


def _algorithms_for(key: algorithms.PublicKey) -> tuple[algorithms.Hash, bytes, bytes]:
    # Returns the digest, the DER of its OID and the signature algorithm identifier (RFC 3370 3.2, RFC 5754 3.3).
    if isinstance(key, rsa.RSAPublicKey):
        return hashes.SHA256(), algorithms.SHA256, encode_tlv(_SEQUENCE, algorithms.RSA_ENCRYPTION, algorithms.NULL)
    if key.curve.name == "secp256r1":
        return hashes.SHA256(), algorithms.SHA256, encode_tlv(_SEQUENCE, algorithms.ECDSA_WITH_SHA256)
    if key.curve.name == "secp384r1":
        return hashes.SHA384(), algorithms.SHA384, encode_tlv(_SEQUENCE, algorithms.ECDSA_WITH_SHA384)
    return hashes.SHA512(), algorithms.SHA512, encode_tlv(_SEQUENCE, algorithms.ECDSA_WITH_SHA512)


def _sign(key: PrivateKey, digest: algorithms.Hash, message: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), digest)
    return key.sign(message, ec.ECDSA(digest))


def _hash(digest: algorithms.Hash, data: bytes) -> bytes:
    return hashlib.new(digest.name, data).digest()


def _spki(key: algorithms.PublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
