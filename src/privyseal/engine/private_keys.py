"""Finding private keys that somebody pasted into a place where they do not belong.

What lives here: looking through any text or file for private keys in the forms that servers and tools write (PKCS#8,
PKCS#1, SEC1, encrypted or not, OpenSSH, PuTTY, PKCS#12, bare base64, DER), and for those that can be read the SHA-256
of their canonical SubjectPublicKeyInfo, so that the caller can block the key for ever. What does not: storing anything.
The text of a key never appears in an error (requirements A49: the private key never leaves the server; a form that gets
one refuses it). Called by engine/csr.py and by every action that takes free text.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from itertools import islice

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_ssh_private_key,
)

from privyseal.engine.lax_csr import layout, total_length
from privyseal.engine.reader_errors import READER_ERRORS
from privyseal.model.errors import Refused

_MAX_BLOCK_LENGTH = 24_000
"""Characters of one block that are looked at: base64 of an RSA key of 16,384 bits, with room for its headers."""

_MAX_READ_KEYS = 10
"""How many keys of one text are read for their hashes; the text is refused whatever their number."""

_BEGIN = re.compile(r"[-\u2010-\u2015\u2212]\s{0,3}BEGIN\s{1,3}(?P<label>(?:[A-Z0-9]{1,12}\s{1,3}){0,3})PRIVATE\s{1,3}KEY", re.IGNORECASE)
"""The begin line (RFC 7468 10, 11) as it arrives: with line breaks inside, or dashes that a word processor made pretty."""

_END = re.compile(r"[-\u2010-\u2015\u2212]\s{0,3}(?:END|BEGIN)\s", re.IGNORECASE)

_BARE = re.compile(r"MI[I-L][A-Za-z0-9+/]{2}[AQgw]IBA|MI[GH][A-Za-z0-9+/]AgE[AB]|M[C-H][A-Za-z0-9+/]CAQ[AE]")
"""Base64 of SEQUENCE { INTEGER 0 or 1, ...}: PKCS#8, PKCS#1 and SEC1 begin so, certificates and requests do not."""

_HEADER_LINE = re.compile(r"^[A-Za-z][A-Za-z-]{0,30}:[^\r\n]*(?:[\r\n]|$)", re.MULTILINE)
"""Proc-Type, DEK-Info and Comment lines inside of the block (RFC 1421 4.4)."""

_NOT_BASE64 = re.compile(r"\\[rnt]|[^A-Za-z0-9+/]")
"""Line breaks, also those that were written as backslash and n, quotation marks of mails, padding."""

_LAYOUTS = ("023004", "02020202", "0204")
"""Tags of PKCS#8, PKCS#1 and SEC1 (RFC 5958 2, RFC 8017 A.1.2, RFC 5915 3): private keys even if they cannot be read."""

_PKCS12_VERSION = bytes.fromhex("02010330")  # INTEGER 3, then a SEQUENCE: PFX (RFC 7292 4)


@dataclass(frozen=True, slots=True)
class FoundPrivateKey:
    """A private key in a text. ``spki_sha256`` is None when the key is encrypted, damaged or of an unknown kind."""

    spki_sha256: bytes | None


class PrivateKeyFound(Refused):
    """Somebody sent a private key. ``spki_sha256`` has the keys to block: those that could be read, proven to be whole.

    ``is_known`` tells whether that is all of them, so that none of them would be certified by mistake. ``certificates`` are
    name and serial number of what the caller's organization has with these keys, once the refusal is recorded.
    """

    def __init__(self, sentence: str, *, spki_sha256: tuple[bytes, ...], field: str, is_known: bool) -> None:
        super().__init__("private-key-found", sentence, field=field)
        self.spki_sha256 = spki_sha256
        self.is_known = is_known
        self.certificates: tuple[tuple[str, str], ...] = ()


def find_private_keys(content: str | bytes) -> tuple[FoundPrivateKey, ...]:
    """All private keys in a text or file, also in UTF-16; empty when there is none. Never raises, never asks for a passphrase.

    A hash is given only for a key whose private half is really there, so that nobody can have the key of somebody
    else blocked by pasting its public half in the shape of a private key.
    """
    text = _text_of(content)
    found: list[FoundPrivateKey] = []
    if "PRIVATE" in text.upper():  # A look that costs little, because every request passes here.
        found.extend(_read_block(text, begin) for begin in islice(_BEGIN.finditer(text), _MAX_READ_KEYS))
    if "PuTTY-User-Key-File-" in text:
        found.append(FoundPrivateKey(None))
    if not found:
        found = [key for bare in islice(_BARE.finditer(text), _MAX_READ_KEYS) if (key := _read_bare(text, bare))]
    if not found and isinstance(content, bytes) and content[:1] == b"\x30":
        found = _read_der_file(content)
    return tuple(dict.fromkeys(found))


def refuse_private_keys(*readings: str | bytes, field: str = "") -> None:
    """Raise PrivateKeyFound if the text or file has a private key in it. Nothing of the text stands in the error.

    Several ``readings`` are the same bytes with and without an encoding taken off, in which a key may look damaged in one
    and whole in another.
    """
    found = [keys for reading in readings if (keys := find_private_keys(reading))]
    if not found:
        return
    hashes = tuple(dict.fromkeys(key.spki_sha256 for keys in found for key in keys if key.spki_sha256 is not None))
    is_known = any(all(key.spki_sha256 is not None for key in keys) for keys in found)
    blocked = (
        "the key is never certified from now on"
        if is_known
        else "the key is not to be certified from now on. One that is under a passphrase or damaged cannot be read here, so the service "
        "would not know it again: it is for you never to use it"
    )
    raise PrivateKeyFound(
        f"This contains a private key. A private key must never leave its server, so nothing of what was sent is kept, and {blocked}. Make "
        "a new key and a new certificate signing request on the server, and send only the request; if the old key is in use anywhere, "
        "replace it there.",
        spki_sha256=hashes,
        field=field,
        is_known=is_known,
    )


def _text_of(content: str | bytes) -> str:
    """The content as text for searching. Without its NUL characters UTF-16 of ASCII reads as ASCII, in either byte order."""
    if isinstance(content, str):
        return content.replace("\0", "")
    return content.replace(b"\0", b"").decode("utf-8", "replace")


def _read_block(text: str, begin: re.Match[str]) -> FoundPrivateKey:
    """The key of a block with a begin line; the line alone is enough to refuse, whatever follows it."""
    end = _END.search(text, begin.end(), begin.end() + _MAX_BLOCK_LENGTH)
    body = text[begin.end() : end.start() if end else begin.end() + _MAX_BLOCK_LENGTH]
    data = _decode(_HEADER_LINE.sub("", body))
    if "OPENSSH" in begin["label"].upper():
        return FoundPrivateKey(_hash_openssh(data))
    return FoundPrivateKey(_hash_der(data))


def _read_bare(text: str, start: re.Match[str]) -> FoundPrivateKey | None:
    """The key of base64 without a begin line; None if the base64 is something else."""
    data = _decode(text[start.start() : start.start() + _MAX_BLOCK_LENGTH])
    digest = _hash_der(data)
    is_key = digest is not None or (total_length(data) <= len(data) and _looks_like_a_key(data))
    return FoundPrivateKey(digest) if is_key else None


def _read_der_file(data: bytes) -> list[FoundPrivateKey]:
    """The key of a binary file: DER in any of its forms, or a PKCS#12 file, which is a private key under a password."""
    digest = _hash_der(data)
    return [FoundPrivateKey(digest)] if digest is not None or _looks_like_a_key(data) else []


def _looks_like_a_key(data: bytes) -> bool:
    """Whether DER has the outer layers of a private key or of a PKCS#12 file, whatever is inside of them."""
    outer, first = layout(data)
    encrypted = outer == "3004" and first.startswith("06")  # EncryptedPrivateKeyInfo (RFC 5958 3)
    archive = outer.startswith("0230") and _PKCS12_VERSION in data[2:10]
    return encrypted or archive or outer.startswith(_LAYOUTS)


def _decode(text: str) -> bytes:
    """The bytes of base64 text, whatever stands between its characters and whether or not it is padded."""
    characters = _NOT_BASE64.sub("", text)
    characters = characters[: len(characters) - (len(characters) % 4 == 1)]
    return base64.b64decode(characters + "=" * (-len(characters) % 4))


def _hash_der(data: bytes) -> bytes | None:
    """The SPKI hash of a DER private key at the beginning of the bytes; None if there is none that can be read."""
    try:
        key = load_der_private_key(data[: total_length(data)], None, unsafe_skip_rsa_key_validation=True)
        return _digest(_proven_public_key(key))
    except READER_ERRORS:
        return None


def _hash_openssh(data: bytes) -> bytes | None:
    """The SPKI hash of an OpenSSH private key; None if it is encrypted or cannot be read."""
    pem = b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + base64.b64encode(data) + b"\n-----END OPENSSH PRIVATE KEY-----\n"
    try:
        return _digest(_proven_public_key(load_ssh_private_key(pem, None, unsafe_skip_rsa_key_validation=True)))
    except READER_ERRORS:
        return None


def _proven_public_key(key: PrivateKeyTypes) -> PublicKeyTypes:
    """The public key that follows from the private half. Raises ValueError if the private half is not the real one.

    Private key files carry the public half as well, and a stranger may have written another one there. RSA validation
    by the library is skipped: it tests primes for half a second, while a factorization proves itself.
    """
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.private_numbers()
        modulus = numbers.public_numbers.n
        if not 1 < numbers.p < modulus or numbers.p * numbers.q != modulus:
            raise ValueError("the factors are not those of the modulus")
        return key.public_key()
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return ec.derive_private_key(key.private_numbers().private_value, key.curve).public_key()
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return ed25519.Ed25519PrivateKey.from_private_bytes(key.private_bytes_raw()).public_key()
    return key.public_key()


def _digest(key: PublicKeyTypes) -> bytes:
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
