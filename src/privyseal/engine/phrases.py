"""Shared secrets that people and programs show us: challenge phrases, one-time codes, API tokens.

A challenge phrase is chosen by a person, so it is stretched by Argon2id. Codes and tokens carry 256 random bits, so a
plain SHA-256 is as good a lock and costs nothing. Only the hashes are ever stored (requirements I27). Called by the
actions that submit, pick up and revoke, and by the REST door's log-on. Counting misses and delaying after them is not
here: that needs the store. What gets lost: the text itself; nobody can read a phrase back to its owner.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import threading
import unicodedata
from collections.abc import Collection
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from privyseal.engine.guessable_phrases import is_common, is_pattern
from privyseal.model.errors import Refused, Unavailable
from privyseal.model.identifiers import RandomBytes

MINIMUM_CHARACTERS: Final = 8
MAXIMUM_CHARACTERS: Final = 32  # requirements 4.3: challenge phrase, max 32 characters
MINIMUM_DISTINCT_CHARACTERS: Final = 3

# Text longer than this is not even normalized: NFKC of a megabyte would be a cheap way to burn our CPU.
_MAXIMUM_RAW_CHARACTERS: Final = 256

# OWASP Password Storage Cheat Sheet, Argon2id row "19 MiB, t=2, p=1" (RFC 9106 4 leaves smaller settings to us).
# Measured on a shared 2.5 GHz core: 35 ms of CPU for one hash or check on a quiet machine, 60 ms on a busy one. It runs
# outside the interpreter lock: two threads on two cores check twice as many.
MEMORY_KIB = 19 * 1024
_ITERATIONS: Final = 2
_LANES: Final = 1
_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32

MAXIMUM_CONCURRENT_HASHES: Final = 4
"""How many phrases one process stretches at the same time: 4 x 19 MiB = 76 MiB, and the rest of the CPU stays free."""

# A well-formed hash of 32 random bytes that were thrown away. A check for a certificate that does not exist runs
# against it, so that the answer takes as long as for one that does.
_DECOY_PHC: Final = "$argon2id$v=19$m=19456,t=2,p=1$cHJpdnlzZWFsLWRlY295IQ$2u6QO6EyYfDWdmvWbX1oXwV0hTnPqDq4WkQ9S0r3Yxk"

_TOKEN_PREFIX: Final = "pst_"  # noqa: S105 - no secret: found by secret scanners when a token leaks into a repository
_CODE_BYTES: Final = 32


class HashingSlots:
    """How many phrases may be stretched at the same time, used as a context manager around each derivation.

    Entering waits up to ``wait_seconds`` for one of ``limit`` slots and then raises Unavailable ``phrase-busy``, so that
    a flood of guesses ends in refusals, not in a pile of waiting threads. Safe to share between threads.
    """

    def __init__(self, limit: int, *, wait_seconds: float = 5.0) -> None:
        self._slots = threading.BoundedSemaphore(limit)
        self._wait_seconds = wait_seconds

    def __enter__(self) -> None:
        if not self._slots.acquire(timeout=self._wait_seconds):
            sentence = "Too many challenge phrases are being checked at this moment. Nothing was done; try again in a few seconds."
            raise Unavailable("phrase-busy", sentence, retry_after_seconds=5)

    def __exit__(self, *exception: object) -> None:
        self._slots.release()


HASHING_SLOTS: Final = HashingSlots(MAXIMUM_CONCURRENT_HASHES)
"""The process-wide limit, used unless a caller passes its own."""


def normalize_phrase(text: str) -> str:
    """Return ``text`` in NFKC, trimmed, every inner run of white space folded to one blank.

    The same phrase typed on another keyboard, pasted with a line end or with a no-break space then hashes alike
    (RFC 8265 4.2 has the same aim; case is kept).
    """
    return " ".join(unicodedata.normalize("NFKC", text).split())


def accept_phrase(text: str, *, context: Collection[str] = ()) -> str:
    """Return the normalized challenge phrase or raise Refused; no refusal ever repeats the phrase.

    ``context`` holds what everybody can know of this request: the requester's address and name, the server's names,
    the organization. Kinds: phrase-empty, phrase-too-short, phrase-too-long (counted in characters after
    normalization), phrase-character, phrase-too-simple, phrase-common, phrase-known.
    """
    if len(text) > _MAXIMUM_RAW_CHARACTERS:
        raise _too_long(len(text))
    phrase = normalize_phrase(text)
    _require_length(phrase)
    # General category C: control, invisible format, surrogate, private and unassigned characters. They cannot be seen
    # while typing, and an unassigned one may normalize differently after the next Unicode update (RFC 8265 4.2.1).
    if any(unicodedata.category(character).startswith("C") for character in phrase):
        raise _refused(
            "phrase-character",
            "The challenge phrase contains a character that cannot be seen. It was probably pasted along. "
            "Type the phrase with letters, digits, blanks and punctuation.",
        )
    if len(set(phrase.casefold())) < MINIMUM_DISTINCT_CHARACTERS or _is_run(phrase) or is_pattern(phrase):
        raise _refused(
            "phrase-too-simple",
            f"The challenge phrase repeats fewer than {MINIMUM_DISTINCT_CHARACTERS} characters or a short piece, only counts up or "
            "down, or walks along the keys, so it could be guessed at once. Choose a few words that belong together only for you.",
        )
    if is_common(phrase):
        raise _refused(
            "phrase-common",
            "The challenge phrase is one of those that everybody tries first. Choose a few words that belong together only for you.",
        )
    if phrase.casefold() in _known_texts(context):
        raise _refused(
            "phrase-known",
            "The challenge phrase is the same as a name or an address of this request, which others know. "
            "Choose a phrase that nobody can read from the certificate.",
        )
    return phrase


def hash_phrase(phrase: str, random_bytes: RandomBytes, *, slots: HashingSlots = HASHING_SLOTS) -> str:
    """Return the Argon2id PHC string of an accepted ``phrase`` (35 to 60 ms of CPU, 19 MiB).

    Raises Unavailable ``phrase-busy`` if none of ``slots`` became free in time; nothing was done then.
    """
    derivation = Argon2id(salt=random_bytes(_SALT_BYTES), length=_HASH_BYTES, iterations=_ITERATIONS, lanes=_LANES, memory_cost=MEMORY_KIB)
    with slots:
        return derivation.derive_phc_encoded(normalize_phrase(phrase).encode())


def verify_phrase(phc: str | None, text: str, *, slots: HashingSlots = HASHING_SLOTS) -> bool:
    """Tell whether ``text``, normalized, is the phrase behind ``phc``; compared in constant time.

    ``phc`` is None where there is nothing to compare with: the check then takes as long and says no. Text that no
    accepted phrase can have been is refused without hashing. Raises Unavailable ``phrase-busy`` as hash_phrase does.
    """
    if len(text) > _MAXIMUM_RAW_CHARACTERS:
        return False
    # surrogatepass: a lone surrogate from a JSON body is a wrong phrase, not a crash.
    material = normalize_phrase(text).encode("utf-8", "surrogatepass")
    with slots:
        try:
            Argon2id.verify_phc_encoded(material, _DECOY_PHC if phc is None else phc)
        except InvalidKey:
            return False
    return phc is not None


def new_code(random_bytes: RandomBytes) -> str:
    """Return a one-time code of 256 random bits: 52 lower case letters and digits, so that no shell takes it for an option."""
    return base64.b32encode(random_bytes(_CODE_BYTES)).decode().rstrip("=").lower()


def code_hash(code: str) -> str:
    """Return the SHA-256 of a code or token, 64 lower-case hex digits: what is stored and looked up."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


def code_matches(code: str, expected_hash: str) -> bool:
    """Tell in constant time whether ``code`` is the one whose code_hash is ``expected_hash``."""
    return hmac.compare_digest(code_hash(code).encode("ascii"), expected_hash.encode("utf-8", "surrogatepass"))


def new_token(random_bytes: RandomBytes) -> tuple[str, str]:
    """Return a new API token ``pst_...`` (shown once) and its code_hash (stored)."""
    token = _TOKEN_PREFIX + new_code(random_bytes)
    return token, code_hash(token)


def _require_length(phrase: str) -> None:
    """Raise Refused unless the normalized phrase has 8 to 32 characters."""
    if not phrase:
        raise _refused(
            "phrase-empty", "The challenge phrase is missing. Choose one: it is needed to pick up and to revoke the certificate."
        )
    if len(phrase) < MINIMUM_CHARACTERS:
        raise _refused(
            "phrase-too-short",
            f"The challenge phrase has {len(phrase)} characters; at least {MINIMUM_CHARACTERS} are needed. Add a word.",
        )
    if len(phrase) > MAXIMUM_CHARACTERS:
        raise _too_long(len(phrase))


def _is_run(phrase: str) -> bool:
    """Tell whether each character follows the one before in the same step: 12345678, hgfedcba, aaaaaaaa."""
    steps = {ord(after) - ord(before) for before, after in itertools.pairwise(phrase)}
    return len(steps) == 1 and steps <= {-1, 0, 1}


def _known_texts(context: Collection[str]) -> set[str]:
    """Return the comparable forms of ``context``, mail addresses also without their domain."""
    known = {normalize_phrase(text).casefold() for text in context}
    return known | {text.partition("@")[0] for text in known if "@" in text}


def _too_long(length: int) -> Refused:
    sentence = f"The challenge phrase has {length} characters; at most {MAXIMUM_CHARACTERS} are possible. Choose a shorter one."
    return _refused("phrase-too-long", sentence)


def _refused(kind: str, sentence: str) -> Refused:
    return Refused(kind, sentence, field="phrase")
