"""The Administrator ID: a certificate of the administrators' CA and its key, for logging in and for signing (A39)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from privyseal_agent.errors import Refused
from privyseal_agent.keys import private_key
from privyseal_agent.keys.pyca import UNREADABLE
from privyseal_agent.private_files import read_file
from privyseal_wire.cms import sign_attached

if TYPE_CHECKING:
    from privyseal_agent.keys.card import Card


@dataclass(frozen=True, slots=True)
class AdministratorId:
    """``sha256`` is the hex digest of the certificate, by which the service knows it; ``name`` is the person's.

    ``person`` is the id of the administrator that the certificate carries, "" in very old ones.
    """

    certificate_der: bytes
    name: str
    person: str
    not_before: datetime
    not_after: datetime
    sha256: str
    key: private_key.PrivateKey = field(repr=False)

    def sign(self, content: bytes, now: datetime) -> str:
        """Return CMS SignedData with ``content`` inside (RFC 5652), as base64; ``now`` becomes the signing time.

        Raises Refused ``administrator-id-expired``: the service would refuse the signature later, with less to say.
        """
        if now > self.not_after:
            day = f"{self.not_after:%d %B %Y}".lstrip("0")
            raise Refused(
                "administrator-id-expired", f"Your Administrator ID expired on {day}. Ask another administrator to invite you again."
            )
        return base64.b64encode(sign_attached(content, self.certificate_der, self.key, now=now)).decode()


def of_card(card: Card, certificate: Path | None) -> AdministratorId:
    """Return the Administrator ID on an open card; of several that fit, the one that ends last, and of these the newest.

    ``certificate`` is its file where the card had no room for it. Raises Refused ``card-empty``, and as :func:`load`.
    """
    keys = card.own_keys()
    given = _read(certificate) if certificate is not None else None
    found = [_made(item.certificate_der, item.key) for item in keys if item.certificate_der is not None]
    if given is not None:
        found = [_made(given, item.key) for item in keys if _spki(item.key.public_key()) == _spki_of(given)]
        if not found:
            raise Refused("administrator-id-pair", f"The card {card.facts.token} has no key for the certificate {certificate}.")
    if not found:
        sentence = f"The card {card.facts.token} holds no Administrator ID that the URI fits. Get one with: seal administrator enroll."
        raise Refused("card-empty", sentence)
    # A replacement ends when the old one would have, and may begin in the same second: then the younger key tells.
    newest_first = reversed(found)
    return max(newest_first, key=lambda identity: (identity.not_after, identity.not_before))


def load(certificate: Path, key: Path, passphrase: str | None) -> AdministratorId:
    """Return the Administrator ID of two files; the first certificate in the file counts.

    Raises Refused: the kinds of private_files and of :func:`private_key.load`, ``certificate-form``, and
    ``administrator-id-pair`` when the key belongs to another certificate.
    """
    der = _read(certificate)
    loaded = private_key.load(key, passphrase)
    if _spki(loaded.public_key()) != _spki_of(der):
        raise Refused(
            "administrator-id-pair", f"The key {key} does not belong to the certificate {certificate}. Give the pair that belongs together."
        )
    return _made(der, loaded)


def certificate_in(pem: str) -> bytes:
    """Return the first certificate of a text in PEM as DER; raises Refused ``certificate-form``."""
    try:
        return x509.load_pem_x509_certificates(pem.encode())[0].public_bytes(Encoding.DER)
    except (*UNREADABLE, IndexError) as error:
        raise Refused("certificate-form", "The service answered something that is no certificate in PEM.") from error


def expiry_of(pem: str) -> datetime:
    """Return when a certificate in PEM ends; raises Refused ``certificate-form``."""
    return x509.load_der_x509_certificate(certificate_in(pem)).not_valid_after_utc


def _read(certificate: Path) -> bytes:
    content = read_file(certificate, "the Administrator ID")
    try:
        parsed = x509.load_pem_x509_certificates(content)[0]
        parsed.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        _spki(parsed.public_key())
    except (*UNREADABLE, IndexError) as error:
        raise Refused("certificate-form", f"The file {certificate} is no certificate in PEM. Check that it is not the key.") from error
    return parsed.public_bytes(Encoding.DER)


def _made(der: bytes, key: private_key.PrivateKey) -> AdministratorId:
    try:
        parsed = x509.load_der_x509_certificate(der)
        names, ids = (parsed.subject.get_attributes_for_oid(oid) for oid in (x509.NameOID.COMMON_NAME, x509.NameOID.USER_ID))
    except UNREADABLE as error:
        raise Refused("certificate-form", "The certificate on the card cannot be read.") from error
    name = str(names[0].value) if names else "without a name"
    person = str(ids[0].value) if ids else ""
    dates = (parsed.not_valid_before_utc, parsed.not_valid_after_utc)
    return AdministratorId(der, name, person, *dates, hashlib.sha256(der).hexdigest(), key)


def _spki_of(der: bytes) -> bytes:
    return _spki(x509.load_der_x509_certificate(der).public_key())


def _spki(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
