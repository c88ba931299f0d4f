"""The checkpoint of a log: how many entries it has and their root, as signed text (C2SP tlog-checkpoint).

Three lines: origin, decimal size, base64 root. Optional extension lines of others are kept and mean nothing here. The
signature is a note (``note``) by the key whose name is the origin.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privyseal_wire.errors import NoteRefused
from privyseal_wire.merkle import HASH_BYTES
from privyseal_wire.note import open_note, parse_vkey, sign_note

MAX_TREE_SIZE = 2**63 - 1  # Go's sumdb/tlog counts in int64.

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_FIXED_LINES = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """``origin`` names the log (and its key), ``size`` counts entries, ``root`` has 32 bytes."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def to_text(self) -> str:
        """Return the text that is signed; every line ends with a line break.

        Raises NoteRefused ``checkpoint-form`` when the values have no such text.
        """
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        text = "".join(f"{line}\n" for line in lines)
        if Checkpoint.from_text(text) != self:
            raise _malformed()
        return text

    @classmethod
    def from_text(cls, text: str) -> Checkpoint:
        """Return the checkpoint that the text is; raises NoteRefused ``checkpoint-form``."""
        if not text.endswith("\n"):
            raise _malformed()
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < _FIXED_LINES or not all(lines):
            raise _malformed()
        origin, size, root_text, *extensions = lines
        root = _read_root(root_text)
        if not _SIZE.fullmatch(size) or int(size) > MAX_TREE_SIZE:
            raise _malformed()
        return cls(origin, int(size), root, tuple(extensions))


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Return the checkpoint as a signed note whose key name is the origin; raises NoteRefused."""
    return sign_note(checkpoint.to_text(), checkpoint.origin, key)


def open_checkpoint(note: str, vkey: str) -> Checkpoint:
    """Return the checkpoint that the key of ``vkey`` signed.

    Raises NoteRefused as :func:`privyseal_wire.note.open_note` does, ``checkpoint-form``, and ``checkpoint-origin``
    when the checkpoint is of another log than the key.
    """
    checkpoint = Checkpoint.from_text(open_note(note, vkey))
    name = parse_vkey(vkey).name
    if checkpoint.origin != name:
        raise NoteRefused("checkpoint-origin", f"The checkpoint is of the log {checkpoint.origin}, the key of {name}.")
    return checkpoint


def _read_root(text: str) -> bytes:
    try:
        root = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise _malformed() from error
    if len(root) != HASH_BYTES or base64.b64encode(root).decode() != text:
        raise _malformed()
    return root


def _malformed() -> NoteRefused:
    return NoteRefused("checkpoint-form", "The note is not a checkpoint: its lines are origin, number of entries and root hash.")
