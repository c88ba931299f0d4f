"""Noticing a private key in a file that is about to be sent: once it left the computer it is lost (A49)."""

from __future__ import annotations

import base64
import re
from typing import Final

from cryptography.hazmat.primitives import serialization

from privyseal_agent.keys.pyca import UNREADABLE

_WORDS: Final = re.compile(rb"PRIVATE\s{1,3}KEY|PuTTY-User-Key-File-", re.IGNORECASE)
"""In the label of every PEM key, encrypted or not. No CSR has these words in clear: its own text is base64."""

_LABEL: Final = re.compile(rb"-{2,}[^\n-]{0,80}-{2,}")
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]")
_PKCS12_VERSION: Final = bytes.fromhex("02010330")  # INTEGER 3, then a SEQUENCE: PFX (RFC 7292 4)


def has_private_key(data: bytes) -> bool:
    """Tell whether a file has a private key in it: PEM, also in UTF-16, base64 under any label or none, DER, PKCS #12."""
    text = data.replace(b"\0", b"")
    if _WORDS.search(text) or _is_key(data):
        return True
    return any(_is_key(_decode(block)) for block in _LABEL.split(text))


def _decode(block: bytes) -> bytes:
    characters = _NOT_BASE64.sub(b"", block)
    characters = characters[: len(characters) - (len(characters) % 4 == 1)]
    return base64.b64decode(characters + b"=" * (-len(characters) % 4))


def _is_key(der: bytes) -> bool:
    if not der.startswith(b"\x30"):
        return False
    if _PKCS12_VERSION in der[2:10]:
        return True
    try:
        serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    except TypeError:
        return True  # pyca's answer to a key that is encrypted.
    except UNREADABLE:
        return False
    return True
