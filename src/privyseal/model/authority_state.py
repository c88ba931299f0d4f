"""Whether a CA issues: the provider's people pause it and let it go on, each time by a change that several of them sign.

A CA without a version issues. While it is paused nothing is certified by it; what it revoked and revokes is published on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from privyseal.model.change import REASON_CHARACTERS
from privyseal.model.errors import Conflict, Refused, Unavailable
from privyseal.model.request import require_text

PAUSABLE: Final = frozenset({"issuing", "test-issuing"})
"""Kinds of the CAs that issue to organizations."""

RETRY_SECONDS: Final = 600
_FIELDS: Final = frozenset({"authority", "version", "issues", "reason"})


@dataclass(frozen=True, slots=True)
class AuthorityState:
    """One version; ``authority`` is the short name of the CA, ``reason`` why it was paused or goes on."""

    authority: str
    version: int
    issues: bool
    reason: str
    at: datetime


def authority_content(authority: str, version: int, reason: str, *, issues: bool) -> dict[str, object]:
    """Return a state as a mapping of canonical JSON values."""
    return {"authority": authority, "version": version, "issues": issues, "reason": reason}


def judge_authority_state(value: Mapping[str, object], now: datetime) -> AuthorityState:
    """Return the state that :func:`authority_content` described; raises Refused ``authority-state`` and ``text``."""
    if value.keys() != _FIELDS:
        raise _refuse("it has authority, version, issues and reason")
    authority, version, issues, reason = value["authority"], value["version"], value["issues"], value["reason"]
    if not isinstance(authority, str) or not 1 <= len(authority) <= 40 or not authority.isprintable():
        raise _refuse("the authority is the short name of a CA")
    if type(version) is not int or not 1 <= version < 2**31:
        raise _refuse("the version is a whole number from 1 on")
    if type(issues) is not bool or not isinstance(reason, str):
        raise _refuse("issues is true or false, and the reason is a text")
    if require_text("reason", reason, REASON_CHARACTERS) != reason:
        raise _refuse("the reason begins or ends with blanks, or is empty")
    return AuthorityState(authority, version, issues, reason, now)


def _refuse(what: str) -> Refused:
    return Refused("authority-state", f"This does not say whether a CA issues: {what}.", field="reason")


def require_pausable(authority: str, kind: str) -> None:
    """Raise Refused ``authority-not-paused`` for a CA that is none of those that issue to organizations."""
    if kind in PAUSABLE:
        return
    if kind == "administrators":
        sentence = (
            "The administrators' CA is not paused: nobody could be let in or get the next Administrator ID any more, those who would have "
            "to let it go on among them. Revoke single Administrator IDs instead."
        )
        raise Refused("authority-not-paused", sentence)
    sentence = f"The CA {authority} is not paused: it is a root, whose key lies in no process and issues nothing by itself."
    raise Refused("authority-not-paused", sentence)


def require_altered(known: AuthorityState | None, wanted: AuthorityState) -> None:
    """Raise Conflict ``authority-unchanged`` when the CA is paused, or issues, already."""
    if (known is None or known.issues) is not wanted.issues:
        return
    if wanted.issues:
        raise Conflict(
            "authority-unchanged", f"The CA {wanted.authority} is not paused: it issues, and nothing has to be changed for that."
        )
    raise Conflict("authority-unchanged", f"The CA {wanted.authority} is paused already. Nothing was changed.")


def paused() -> Unavailable:
    """Return what is said to everybody whom a paused CA would have issued to."""
    sentence = (
        "The provider has paused the CA that would issue this, so nothing is issued by it and nothing can be approved. Nothing is lost: "
        "requests come in and wait, and what was approved is issued by itself when the CA goes on. Revoking works as always."
    )
    return Unavailable("authority-paused", sentence, retry_after_seconds=RETRY_SECONDS)
