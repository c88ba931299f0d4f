"""C2SP signed notes with Ed25519: a text, a blank line, and signature lines that name their key.

The format of https://c2sp.org/signed-note, as Go's sumdb/note reads it. A verifier key (vkey) is
``name+hash+base64``; the key name of a log is its origin. Signatures of unknown keys (witnesses) are passed over.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from privyseal_wire.errors import NoteRefused

MAX_NOTE_BYTES = 64 * 1024
MAX_SIGNATURES = 100

_ED25519 = b"\x01"  # C2SP signed-note, signature types: Ed25519.
_KEY_ID_BYTES = 4
_PUBLIC_KEY_BYTES = 32
_SIGNATURE_PREFIX = "— "


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A parsed vkey. ``key_id`` has 4 bytes, ``public_key`` 32."""

    name: str
    key_id: bytes
    public_key: bytes


def make_vkey(name: str, public_key: Ed25519PublicKey) -> str:
    """Return the verifier key as text; raises NoteRefused ``note-key-name``."""
    raw = public_key.public_bytes_raw()
    key_id = _key_id(_require_name(name), raw)
    return f"{name}+{key_id.hex()}+{base64.b64encode(_ED25519 + raw).decode()}"


def parse_vkey(vkey: str) -> VerifierKey:
    """Return the parts of a verifier key, surrounding blanks allowed; raises NoteRefused ``note-key``."""
    name, plus, rest = vkey.strip().partition("+")
    key_hash, second_plus, encoded = rest.partition("+")
    data = _decode_base64(encoded)
    if not plus or not second_plus or not _is_name(name) or data is None or len(data) != 1 + _PUBLIC_KEY_BYTES or data[:1] != _ED25519:
        raise NoteRefused("note-key", 'The key is not a verifier key of the form "name+hash+base64" for Ed25519.')
    key_id = _key_id(name, data[1:])
    if key_hash != key_id.hex():
        raise NoteRefused("note-key", f"The verifier key of {name} does not carry its own hash; it was copied incompletely or changed.")
    return VerifierKey(name, key_id, data[1:])


def sign_note(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """Return the note: ``text``, which ends with a line break, a blank line and one signature line.

    Raises NoteRefused ``note-text`` for control characters, a missing last line break or too much text, and
    ``note-key-name``.
    """
    data = _require_text(text)
    key_id = _key_id(_require_name(name), key.public_key().public_bytes_raw())
    signature = base64.b64encode(key_id + key.sign(data)).decode()
    note = f"{text}\n{_SIGNATURE_PREFIX}{name} {signature}\n"
    if len(note.encode()) > MAX_NOTE_BYTES:
        raise NoteRefused("note-size", f"A note has at most {MAX_NOTE_BYTES:,} bytes.")
    return note


def open_note(note: str, vkey: str) -> str:
    """Return the text of a note that the key of ``vkey`` signed.

    Raises NoteRefused: ``note-key`` for the vkey, ``note-size``, ``note-text``, ``note-form``, ``note-unsigned`` when
    no signature is by this key, ``note-signature`` when one is but does not verify.
    """
    key = parse_vkey(vkey)
    if len(note) > MAX_NOTE_BYTES:
        raise NoteRefused("note-size", f"A note has at most {MAX_NOTE_BYTES:,} bytes.")
    # The last blank line divides: a text may contain blank lines of its own.
    head, blank_line, tail = note.rpartition("\n\n")
    if not blank_line or not tail.endswith("\n"):
        raise NoteRefused("note-form", "The note has no blank line with signature lines after it.")
    text = head + "\n"
    data = _require_text(text)
    _require_text(tail)
    signature = _find_signature(tail, key)
    if signature is None:
        raise NoteRefused("note-unsigned", f"The note is not signed by the key of {key.name}.")
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, data)
    except InvalidSignature as error:
        sentence = f"The signature of {key.name} on the note does not verify; the text was changed or the key is another."
        raise NoteRefused("note-signature", sentence) from error
    return text


def _find_signature(lines: str, key: VerifierKey) -> bytes | None:
    # Every line has to have the form; only the first one by this key counts, as in Go's sumdb/note.
    found: bytes | None = None
    signature_lines = lines.removesuffix("\n").split("\n")
    if len(signature_lines) > MAX_SIGNATURES:
        raise NoteRefused("note-form", f"The note has more than {MAX_SIGNATURES} signatures.")
    for line in signature_lines:
        name, _, encoded = line.removeprefix(_SIGNATURE_PREFIX).partition(" ")
        data = _decode_base64(encoded)
        if not line.startswith(_SIGNATURE_PREFIX) or not _is_name(name) or data is None or len(data) <= _KEY_ID_BYTES:
            raise NoteRefused("note-form", "A signature line of the note is malformed.")
        if found is None and name == key.name and data[:_KEY_ID_BYTES] == key.key_id:
            found = data[_KEY_ID_BYTES:]
    return found


def _key_id(name: str, public_key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:_KEY_ID_BYTES]


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(character.isspace() or not character.isprintable() for character in name)


def _require_name(name: str) -> str:
    if not _is_name(name):
        raise NoteRefused("note-key-name", "The name of a key is not empty and has neither blanks nor a plus sign.")
    return name


def _require_text(text: str) -> bytes:
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise NoteRefused("note-text", "The note is not UTF-8 text.") from error
    if len(data) > MAX_NOTE_BYTES or not text.endswith("\n") or any(character < " " and character != "\n" for character in text):
        raise NoteRefused("note-text", "The text of a note ends with a line break and has no other control characters.")
    return data


def _decode_base64(text: str) -> bytes | None:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:  # binascii.Error is one, and so is the refusal of text outside ASCII.
        return None
    return data if base64.b64encode(data).decode() == text else None
