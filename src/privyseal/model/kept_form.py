"""What somebody typed into a form and what could not be done with it at once.

Either the credential had to be shown again first, or what was answered is to be signed on the next page. It is kept for the
session, shown to the same person in the same form, and never sent by itself. Secrets, signatures and files are not kept: they
are typed, made and chosen again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from privyseal.model.identifiers import SessionId
from privyseal.model.session import SessionEnd

KEPT_FORM_LIFE: Final = timedelta(minutes=10)
"""As long as the way through a sign-in is remembered."""

KEPT_CHARACTERS: Final = 16_000
"""More than all questions of any form of an administrator allow together."""

ANSWERS_LIFE: Final = timedelta(hours=1)
"""As long as what a page offers to sign is good for."""

ANSWERS_CHARACTERS: Final = 64_000
"""More than the longest file of a policy."""

MOST_ANSWERS: Final = 20
"""So many forms of one session wait for their signature; the oldest goes when another one comes."""

NEVER_KEPT: Final = frozenset({"phrase", "phrase_again", "code", "answer", "challenge", "content", "signature", "signed", "client_secret"})
"""Fields of challenge phrases, secrets and one-time codes, and of signatures with what they sign."""

KEPT_AFTER: Final = frozenset({SessionEnd.IDLE, SessionEnd.TOO_OLD})
"""The ends of a session after which the same person may go on; whoever signed out or was removed left nothing behind."""


@dataclass(frozen=True, slots=True)
class KeptForm:
    """``path`` is where the form is; ``values`` are the texts of each field in their order."""

    session_id: SessionId
    path: str
    values: Mapping[str, Sequence[str]]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class KeptAnswers:
    """Answers that wait for their signature: ``mark`` tells them from others of the same form, ``path`` is where the form is."""

    session_id: SessionId
    mark: str
    path: str
    values: Mapping[str, Sequence[str]]
    kept_at: datetime
    expires_at: datetime


def keepable(values: Mapping[str, Sequence[str]], most: int = KEPT_CHARACTERS) -> dict[str, list[str]] | None:
    """Return what may be kept of a form, or None where that is nothing or more than ``most`` characters."""
    kept = {name: list(texts) for name, texts in values.items() if name not in NEVER_KEPT}
    length = sum(len(name) + sum(map(len, texts)) for name, texts in kept.items())
    return kept if 0 < length <= most else None
