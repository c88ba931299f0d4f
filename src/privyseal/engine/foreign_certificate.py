"""Reading a certificate that a visitor pastes or a server shows: any certificate of the world, told in plain values.

Every accessor is guarded: what cannot be read is a refusal, and what is odd is left out rather than guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs7
from cryptography.x509.oid import NameOID

from privyseal.engine.key_policy import CURVES
from privyseal.engine.private_keys import refuse_private_keys
from privyseal.engine.reader_errors import READER_ERRORS
from privyseal.model.errors import BadRequest
from privyseal.model.profile import KeyAlgorithm

MAXIMUM_BYTES = 100_000
MAXIMUM_SHOWN_NAMES = 200
_PEM = b"-----BEGIN CERTIFICATE-----"
_PKCS7 = b"-----BEGIN PKCS7-----"


@dataclass(frozen=True, slots=True)
class ForeignCertificate:
    """``names`` are DNS names, IP and mail addresses; ``holder`` and ``issuer`` organization or common name, or "".

    ``key_algorithm`` is the value of a KeyAlgorithm, the name of another kind of key, or ""; ``vouched_by`` is the slug of the
    CA of ours whose key made the signature, or "".
    """

    der: bytes
    sha256: str
    spki_sha256: str
    serial_hex: str
    names: tuple[str, ...]
    holder: str
    issuer: str
    not_before: datetime
    not_after: datetime
    key_algorithm: str
    key_bits: int
    is_ca: bool
    vouched_by: str


def read_certificate(data: bytes, authorities: Iterable[tuple[str, bytes]] = ()) -> ForeignCertificate:
    """Read one certificate in PEM (the first of several), DER or PKCS #7 (of several that of no CA).

    ``authorities`` are (slug, certificate DER) of ours.

    Raises BadRequest ``certificate-form`` or ``certificate-too-large``, PrivateKeyFound for a private key in it.
    """
    if len(data) > MAXIMUM_BYTES:
        raise BadRequest("certificate-too-large", "That is more than 100 KB. Send only the certificate itself.", field="certificate")
    refuse_private_keys(data, field="certificate")
    try:
        certificate = _load(data)
        der = certificate.public_bytes(Encoding.DER)
        dates = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        serial = certificate.serial_number
    except READER_ERRORS as error:
        if _is_csr(data):
            sentence = "This is a CSR, not a certificate: it asks for one. Send the file that you got for it."
            raise BadRequest("certificate-form", sentence, field="certificate") from error
        sentence = (
            "That is no certificate that can be read. Paste the text from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, "
            "both lines included."
        )
        raise BadRequest("certificate-form", sentence, field="certificate") from error
    algorithm, bits = _key(certificate)
    return ForeignCertificate(
        der=der,
        sha256=hashlib.sha256(der).hexdigest(),
        spki_sha256=_spki_sha256(certificate),
        serial_hex=f"{serial:x}".rjust(2, "0") if serial >= 0 else f"-{-serial:x}",
        names=_names(certificate),
        holder=_organization(_read(lambda: certificate.subject)),
        issuer=_organization(_read(lambda: certificate.issuer)),
        not_before=dates[0],
        not_after=dates[1],
        key_algorithm=algorithm,
        key_bits=bits,
        is_ca=_is_ca(certificate),
        vouched_by=_voucher(certificate, authorities),
    )


def _load(data: bytes) -> x509.Certificate:
    """Raise one of READER_ERRORS unless there is a certificate."""
    if _PEM in data:
        return x509.load_pem_x509_certificate(data)
    if _PKCS7 in data:
        return _leaf(pkcs7.load_pem_pkcs7_certificates(data))
    try:
        return x509.load_der_x509_certificate(data)
    except READER_ERRORS:
        return _leaf(pkcs7.load_der_pkcs7_certificates(data))


def _leaf(certificates: list[x509.Certificate]) -> x509.Certificate:
    """Return the certificate that is no CA's, whatever their order; the first one where all are."""
    if not certificates:
        raise ValueError("a PKCS #7 file without a certificate")
    return next((certificate for certificate in certificates if not _is_ca(certificate)), certificates[0])


def _is_csr(data: bytes) -> bool:
    if b"CERTIFICATE REQUEST-----" in data:
        return True
    try:
        x509.load_der_x509_csr(data)
    except READER_ERRORS:
        return False
    return True


def _spki_sha256(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of the key in hex, or "" for a key that cannot be read."""
    try:
        spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except READER_ERRORS:
        return ""
    return hashlib.sha256(spki).hexdigest()


def _read(accessor: Callable[[], x509.Name]) -> x509.Name | None:
    try:
        return accessor()
    except READER_ERRORS:
        return None


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = [str(name.value) for name in found if isinstance(name, x509.DNSName | x509.IPAddress | x509.RFC822Name)]
    except READER_ERRORS:
        names = []
    if not names:
        subject = _read(lambda: certificate.subject)
        names = [_text(subject, NameOID.COMMON_NAME)] if subject is not None else []
    return tuple(_visible(name) for name in names if name)[:MAXIMUM_SHOWN_NAMES]


def _organization(name: x509.Name | None) -> str:
    if name is None:
        return ""
    return _text(name, NameOID.ORGANIZATION_NAME) or _text(name, NameOID.COMMON_NAME)


def _text(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    values = [attribute.value for attribute in name.get_attributes_for_oid(oid)]
    return _visible(values[0]) if values and isinstance(values[0], str) else ""


def _visible(text: str) -> str:
    # What cannot be seen, such as a sign that turns the direction of writing, would let a name read like another one.
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _key(certificate: x509.Certificate) -> tuple[str, int]:
    try:
        key = certificate.public_key()
    except READER_ERRORS:
        return "", 0
    match key:
        case rsa.RSAPublicKey():
            return KeyAlgorithm.RSA.value, key.key_size
        case ec.EllipticCurvePublicKey():
            known = CURVES.get(key.curve.name)
            return known.value if known else f"ECDSA {key.curve.name}", key.key_size
        case ed25519.Ed25519PublicKey():
            return KeyAlgorithm.ED25519.value, 256
        case ed448.Ed448PublicKey():
            return "Ed448", 456
        case _:
            return type(key).__name__.removesuffix("PublicKey"), 0


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except READER_ERRORS:
        return False


def _voucher(certificate: x509.Certificate, authorities: Iterable[tuple[str, bytes]]) -> str:
    for slug, der in authorities:
        try:
            certificate.verify_directly_issued_by(x509.load_der_x509_certificate(der))
        except READER_ERRORS:
            continue
        return slug
    return ""
