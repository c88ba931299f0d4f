"""OCSP answers by a delegated responder (RFC 6960 4.2): everything fixed is encoded once, the rest is pasted and signed.

cryptography's builder makes one SingleResponse per answer and costs twice as much; its reader and openssl judge ours in the
tests. What a certificate's status *is* the caller looks up; here it is only said, dated and signed. The status front
is the caller, with a key of its own that signs nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from privyseal.engine import der
from privyseal.engine.ocsp_request import NONCE, CertId, key_bits, subject_and_key
from privyseal.engine.signers import SigningKey, VerifyingKey, signature_algorithm, signature_hash, verify
from privyseal.model.errors import BadRequest, Refused

# RFC 6960 4.2.1: an answer that is no success is this ENUMERATED and nothing else, and it is never signed.
MALFORMED_REQUEST = b"\x30\x03\x0a\x01\x01"
INTERNAL_ERROR = b"\x30\x03\x0a\x01\x02"
TRY_LATER = b"\x30\x03\x0a\x01\x03"
UNAUTHORIZED = b"\x30\x03\x0a\x01\x06"
"""Also the answer for a CA that is not ours: we cannot speak for it (RFC 5019 2.2.3)."""

_BASIC = der.object_identifier("1.3.6.1.5.5.7.48.1.1")
_SUCCESSFUL = b"\x0a\x01\x00"
_EXTENDED_KEY_USAGE = der.object_identifier("2.5.29.37")
_OCSP_SIGNING_ALONE = der.sequence(der.object_identifier("1.3.6.1.5.5.7.3.9"))


@dataclass(frozen=True, slots=True)
class CertificateStatus:
    """What is known of one certificate: a word for the caller and the encoded CertStatus of RFC 6960 4.2.1."""

    word: Literal["good", "revoked", "unknown"]
    encoded: bytes


GOOD = CertificateStatus("good", b"\x80\x00")
"""Issued by this CA and not revoked."""

UNKNOWN = CertificateStatus("unknown", b"\x82\x00")
"""Not issued, as far as is known *now*: never good, and not to be remembered, it may be issued in the next second."""


def revoked(revoked_at: datetime, reason: int | None) -> CertificateStatus:
    """The status of a revoked certificate; fractions of a second are dropped.

    A reason of None or 0 (unspecified) is left out, as in the CRL (RFC 5280 5.3.1), so that both say the same. Which
    reasons there are was checked by ``crl.encode_entry`` when the certificate was revoked.
    """
    encoded = der.generalized_time(revoked_at)
    if reason:
        encoded += b"\xa0\x03\x0a\x01" + bytes((reason,))
    return CertificateStatus("revoked", der.tlv(0xA1, encoded))


Sign: TypeAlias = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class OcspResponder:
    """One delegated responder, ready to sign: the parts that its every answer shares."""

    sign: Sign
    head: bytes
    """ResponderID, byKey (RFC 6960 4.2.2.3)."""
    trailer: bytes
    """The certs field with the responder's certificate, for clients that know the CA alone."""
    algorithm: bytes


def make_responder(certificate_der: bytes, issuer_certificate_der: bytes, key: SigningKey) -> OcspResponder:
    """The responder with this certificate and key; made once per process and certificate.

    Raises Refused kind ``ocsp-responder`` if clients would not accept it: RFC 6960 4.2.2.2 wants a certificate with
    OCSPSigning, signed by the CA itself, and of course the certificate's own key.
    """
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        _check(certificate_der, issuer_certificate_der, spki)
    except (BadRequest, IndexError, ValueError) as error:
        raise _no_responder("its bytes or those of the CA certificate are damaged") from error
    # RFC 6960 4.2.1: the KeyHash that identifies a responder is always SHA-1.
    key_hash = hashlib.sha1(key_bits(spki), usedforsecurity=False).digest()
    return OcspResponder(
        sign=_signer(key),
        head=der.tlv(0xA2, der.octet_string(key_hash)),
        trailer=der.tlv(0xA0, der.sequence(certificate_der)),
        algorithm=signature_algorithm(key).identifier,
    )


def _check(certificate_der: bytes, issuer_certificate_der: bytes, spki: bytes) -> None:
    if subject_and_key(certificate_der)[1] != spki:
        raise _no_responder("the key is not the certificate's")
    to_be_signed, _, signature = der.children(certificate_der)
    fields = der.children(to_be_signed)
    if _extensions(fields[-1]).get(_EXTENDED_KEY_USAGE) != _OCSP_SIGNING_ALONE:
        raise _no_responder("its extended key usage is not OCSPSigning alone")
    issuer_name, issuer_spki = subject_and_key(issuer_certificate_der)
    issuer_key = load_der_public_key(issuer_spki)
    try:
        if fields[3] != issuer_name or not isinstance(issuer_key, VerifyingKey):
            raise InvalidSignature
        verify(to_be_signed, signature[der.read_header(signature).start + 1 :], issuer_key)
    except InvalidSignature:
        raise _no_responder("the CA did not sign it") from None


def _extensions(field: bytes) -> dict[bytes, bytes]:
    """Object identifier and value, both as they are encoded, of each extension in the last field of a certificate."""
    extensions = {}
    for extension in der.children(der.children(field)[0]):
        identifier, *_, value = der.children(extension)
        extensions[identifier] = value[der.read_header(value).start :]
    return extensions


def _signer(key: SigningKey) -> Sign:
    """What signs one answer.

    Not verified afterwards as certificates are: that would triple the cost of each, and a wrong one does no lasting harm.
    """
    algorithm = signature_hash(key) or hashes.SHA256()
    if isinstance(key, rsa.RSAPrivateKey):
        rsa_key, pkcs1 = key, padding.PKCS1v15()
        return lambda message: rsa_key.sign(message, pkcs1, algorithm)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        ec_key, ecdsa = key, ec.ECDSA(algorithm)
        return lambda message: ec_key.sign(message, ecdsa)
    return key.sign


def sign_answer(
    responder: OcspResponder,
    singles: Sequence[tuple[CertId, CertificateStatus]],
    this_update: datetime,
    next_update: datetime,
    nonce: bytes | None = None,
) -> bytes:
    """The signed OCSPResponse in DER that says of each CertID its status, in order, known to be right at ``this_update``.

    ``nonce`` is repeated as it was sent (RFC 9654 2.1). Dates are whole seconds once encoded. Raises ValueError if the
    dates are in the wrong order or nothing is to be said.
    """
    if next_update <= this_update or not singles:
        raise ValueError("an OCSP answer speaks of one certificate at least and its nextUpdate lies behind its thisUpdate")
    now = der.generalized_time(this_update)
    dates = now + der.tlv(0xA0, der.generalized_time(next_update))
    responses = der.sequence(*[der.sequence(cert_id.der, status.encoded, dates) for cert_id, status in singles])
    extensions = b""
    if nonce is not None:
        extension = der.sequence(NONCE, der.octet_string(der.octet_string(nonce)))
        extensions = der.tlv(0xA1, der.sequence(extension))
    to_be_signed = der.sequence(responder.head, now, responses, extensions)
    signature = der.bit_string(responder.sign(to_be_signed))
    basic = der.sequence(to_be_signed, responder.algorithm, signature, responder.trailer)
    return der.sequence(_SUCCESSFUL, der.tlv(0xA0, der.sequence(_BASIC, der.octet_string(basic))))


def _no_responder(why: str) -> Refused:
    sentence = f"This certificate cannot sign OCSP answers for the CA: {why}. Issue a new responder certificate for the status front's key."
    return Refused("ocsp-responder", sentence)
