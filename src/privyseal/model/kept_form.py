"""What somebody typed into a form that could not be taken at once, because the credential had to be shown again first.

It is kept for the session, shown to the same person in the same form, and never sent by itself. Secrets, signatures and files
are not kept: they are typed, made and chosen again.
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


def keepable(values: Mapping[str, Sequence[str]]) -> dict[str, list[str]] | None:
    """Return what may be kept of a form, or None where that is nothing or too much."""
    kept = {name: list(texts) for name, texts in values.items() if name not in NEVER_KEPT}
    length = sum(len(name) + sum(map(len, texts)) for name, texts in kept.items())
    return kept if 0 < length <= KEPT_CHARACTERS else None
