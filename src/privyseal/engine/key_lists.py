"""Reading lists of keys whose private half others have: what researchers and other authorities publish (BR 6.1.1.3; incident I18).

The keys of Debian's faulty generator (CVE-2008-0166), for example, are published as folders of PEM files, other findings as lines of
hashes. What becomes of a key that is on a list is for the action that blocks it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from privyseal.engine.private_keys import find_private_keys
from privyseal.engine.reader_errors import READER_ERRORS

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_HASH = re.compile(r"[0-9a-f]{64}")

_READERS: Final[dict[bytes, Callable[[bytes], PublicKeyTypes | CertificatePublicKeyTypes]]] = {
    b"PUBLIC KEY": load_pem_public_key,
    b"RSA PUBLIC KEY": load_pem_public_key,
    b"CERTIFICATE": lambda pem: x509.load_pem_x509_certificate(pem).public_key(),
    b"CERTIFICATE REQUEST": lambda pem: x509.load_pem_x509_csr(pem).public_key(),
    b"NEW CERTIFICATE REQUEST": lambda pem: x509.load_pem_x509_csr(pem).public_key(),
}


@dataclass(frozen=True, slots=True)
class KeyList:
    """What one file names: SHA-256 of each SubjectPublicKeyInfo in lower-case hex, and how many of its parts could not be read."""

    keys: tuple[str, ...]
    unread: int


def read_key_list(content: bytes) -> KeyList:
    """Read a file of PEM blocks (private and public keys, certificates, CSRs; text around them is skipped) or of lines.

    A line is the SHA-256 of a SubjectPublicKeyInfo in hex, with or without colons; empty lines and those that begin with # say nothing.
    Never raises: a list of many thousands is not given up for one of its parts.
    """
    blocks = list(_BLOCK.finditer(content))
    if blocks:
        found = [_of_block(block.group(1), block.group()) for block in blocks]
    else:
        lines = (line.strip() for line in content.decode("utf-8-sig", "replace").splitlines())
        found = [_of_line(line) for line in lines if line and not line.startswith("#")]
    return KeyList(tuple(dict.fromkeys(key for key in found if key)), found.count(""))


def _of_line(line: str) -> str:
    written = line.replace(":", "").lower()
    return written if _HASH.fullmatch(written) else ""


def _of_block(label: bytes, pem: bytes) -> str:
    """The hash of the key in a PEM block, or "" when it has none that can be read."""
    if b"PRIVATE KEY" in label:
        return next((key.spki_sha256.hex() for key in find_private_keys(pem) if key.spki_sha256 is not None), "")
    read = _READERS.get(label)
    if read is None:
        return ""
    try:
        # Encoded anew, so that the hash is that of the one canonical form in which keys are certified.
        spki_der = read(pem).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except READER_ERRORS:
        return ""
    return hashlib.sha256(spki_der).hexdigest()
