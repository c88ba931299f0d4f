"""What the readers of the cryptography library raise for input that they cannot read.

What lives here: the one list of exception families that every reader of foreign bytes guards with, so that a family is
never forgotten at one accessor. What does not: sentences; each reader says in its own words what is wrong.
"""

from __future__ import annotations

from cryptography.exceptions import InternalError, InvalidSignature, UnsupportedAlgorithm
from cryptography.x509 import (
    DuplicateExtension,
    ExtensionNotFound,
    InvalidVersion,
    UnsupportedGeneralNameType,
)

READER_ERRORS = (
    ValueError,  # The usual one; UnicodeError is one as well.
    TypeError,  # An encrypted private key without a passphrase; values of an unexpected kind in a name.
    OverflowError,  # Numbers and dates outside the range of the platform.
    NotImplementedError,  # Parts of a standard that the library leaves out.
    KeyError,  # Unknown names in its look-up tables.
    IndexError,  # Empty structures where one element is expected.
    AttributeError,  # Optional parts that are absent where a getter expects them.
    UnsupportedAlgorithm,
    InternalError,  # Lengths that OpenSSL alone looks at: 32 bytes as an Ed448 key (seen with 50.0.2).
    InvalidSignature,
    InvalidVersion,
    DuplicateExtension,
    ExtensionNotFound,
    UnsupportedGeneralNameType,
)
"""Guard the smallest possible expression with these: around more than a reader's accessor they would hide bugs of ours."""
