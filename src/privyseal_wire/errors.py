"""The error tree of the wire package: one class per format, each refusal with a kind and a sentence for people.

The service translates these into its own tree at the entrance; ``seal`` prints the sentence. Any other exception
that leaves this package on hostile input is a bug.
"""

from __future__ import annotations


class WireError(Exception):
    """Bytes that another party sent break a rule. ``kind`` is a stable kebab-case word, ``sentence`` is for people."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.sentence = sentence


class CanonicalRefused(WireError):
    """A value has no canonical JSON form, or bytes are not in that form (RFC 8785)."""


class StatementRefused(WireError):
    """A statement to be signed has a wrong, missing or unknown field."""


class CmsRefused(WireError):
    """A CMS signature is malformed, weak, by somebody else, or does not verify (RFC 5652)."""


class PasskeyRefused(WireError):
    """The assertion of a passkey is malformed, for something else, or does not verify (W3C WebAuthn 7.2)."""


class NoteRefused(WireError):
    """A signed note, its key or the checkpoint in it is malformed or does not verify (C2SP signed-note)."""


class ProofRefused(WireError):
    """A Merkle proof does not lead to the root (RFC 9162 2.1)."""


class TileRefused(WireError):
    """A tile, an entry bundle or the path of one is malformed (C2SP tlog-tiles)."""


class ExportRefused(WireError):
    """An audit export is not the log of the checkpoint; ``index`` is the first entry concerned where one is known."""

    def __init__(self, kind: str, sentence: str, *, index: int | None = None) -> None:
        super().__init__(kind, sentence)
        self.index = index


class PolicyFileRefused(WireError):
    """A text is no TOML of a policy, or says what a file does not decide."""
