"""The Administrator ID: a certificate of the administrators' CA and its key, for logging in and for signing (A39)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from privyseal_agent.errors import Refused
from privyseal_agent.keys import private_key
from privyseal_agent.keys.pyca import UNREADABLE
from privyseal_agent.private_files import read_file
from privyseal_wire.cms import sign_attached


@dataclass(frozen=True, slots=True)
class AdministratorId:
    """``sha256`` is the hex digest of the certificate, by which the service knows it; ``name`` is the person's."""

    certificate_der: bytes
    name: str
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


def load(certificate: Path, key: Path, passphrase: str | None) -> AdministratorId:
    """Return the Administrator ID of two files; the first certificate in the file counts.

    Raises Refused: the kinds of private_files and of :func:`private_key.load`, ``certificate-form``, and
    ``administrator-id-pair`` when the key belongs to another certificate.
    """
    content = read_file(certificate, "the Administrator ID")
    try:
        parsed = x509.load_pem_x509_certificates(content)[0]
        public_key = parsed.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        names = parsed.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    except (*UNREADABLE, IndexError) as error:
        raise Refused("certificate-form", f"The file {certificate} is no certificate in PEM. Check that it is not the key.") from error
    loaded = private_key.load(key, passphrase)
    if loaded.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != public_key:
        raise Refused(
            "administrator-id-pair", f"The key {key} does not belong to the certificate {certificate}. Give the pair that belongs together."
        )
    der = parsed.public_bytes(Encoding.DER)
    name = str(names[0].value) if names else "without a name"
    return AdministratorId(der, name, parsed.not_valid_after_utc, hashlib.sha256(der).hexdigest(), loaded)
