"""The one small error tree.

An error carries a ``kind`` (a stable word that programs match on) and a ``sentence`` for people that says what
happened, why, and what to do. Any other exception that reaches an entrance is a bug: the entrance shows nothing of
it. What gets lost: the entrance does not learn *where* a refusal arose, only what it means.
"""

from __future__ import annotations


class PrivysealError(Exception):
    """Base of everything that an entrance translates into its own protocol."""

    def __init__(self, kind: str, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.kind = kind
        self.sentence = sentence
        self.field = field


class BadRequest(PrivysealError):
    """The bytes are not what the entrance asked for: wrong form, wrong encoding, too large."""


class TooLarge(BadRequest):
    """The bytes are more than the entrance takes (RFC 9110 15.5.14)."""


class Unauthenticated(PrivysealError):
    """Nobody is known behind the call: no credential, or one that is unknown, expired or revoked."""


class NotPermitted(PrivysealError):
    """The caller is known and may not do this. Across organizations the answer is NotFound instead."""


class NotFound(PrivysealError):
    """There is no such thing within the scope of the caller."""


class Conflict(PrivysealError):
    """The thing is no longer in the state that the action needs: somebody was faster, or it ended."""


class Refused(PrivysealError):
    """The content breaks a rule: a name, a key, a policy, a proof."""


class TooManyRequests(PrivysealError):
    """The caller tries too often; ``retry_after_seconds`` tells when the next try is worth it."""

    def __init__(self, kind: str, sentence: str, *, retry_after_seconds: int) -> None:
        super().__init__(kind, sentence)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(PrivysealError):
    """The service cannot do this now and nothing was done; ``retry_after_seconds`` tells when to try again."""

    def __init__(self, kind: str, sentence: str, *, retry_after_seconds: int = 5) -> None:
        super().__init__(kind, sentence)
        self.retry_after_seconds = retry_after_seconds
