"""Sessions of people at the pages: for whom, how long, and what ends them.

A session belongs to one audience, an organization or the provider, and is worth nothing anywhere else. It is not a
signature: whatever needs a person's decision still needs a signed statement (architecture section 4).
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from privyseal.model.administrator import Administrator, AdministratorState, Credential
from privyseal.model.errors import TooManyRequests
from privyseal.model.identifiers import AdministratorId, SessionId, SignOnLinkId
from privyseal.model.proof import wait_after

PROVIDER_AUDIENCE: Final = "provider"
"""The audience of the provider's console. No organization has this slug (``organization.RESERVED_SLUGS``)."""

WHOLE_LIFE: Final = timedelta(hours=12)
"""A working day; then the person signs in again, however busy the session was."""

PROGRAM_LIFE: Final = timedelta(minutes=15)
"""For a program that signed in with a card: one command, and a queue that it follows for a while."""

PROGRAM_TOKEN: Final = "pss_"  # noqa: S105 - how such tokens begin
IDLE_LIFE: Final = timedelta(minutes=30)
SEEN_EVERY: Final = timedelta(minutes=1)
"""How often at most a session's last use is written, so that looking at pages costs no writes. It ends so much early at worst."""

READING_LIFE: Final = timedelta(hours=1)
"""Of a session through an organization's sign-on. Who lost the account there is out here within that time at the latest."""

STEP_UP_LIFE: Final = timedelta(minutes=5)
CHALLENGE_LIFE: Final = timedelta(minutes=5)
HAND_OVER_LIFE: Final = timedelta(seconds=60)
KEPT_AFTER_END: Final = timedelta(days=7)
"""How long an ended session is kept, so that the next page can say why it ended."""

FREE_SIGN_IN_MISSES: Final = 5
FREE_SIGN_IN_MISSES_PER_SOURCE: Final = 20
LONGEST_SIGN_IN_WAIT: Final = timedelta(minutes=15)
"""Nobody guesses a signature: the wait bounds the work of checking, and must not keep the owner of a credential out for long."""

_AGENT_CHARACTERS: Final = 160
_BLANKS: Final = re.compile(r"[^!-~]+")


class SessionEnd(enum.Enum):
    """Why a session ended, for the audit log and for the page that explains it."""

    SIGNED_OUT = "signed-out"
    SIGNED_OUT_EVERYWHERE = "signed-out-everywhere"
    ENDED_FROM_LIST = "ended-from-list"
    REPLACED = "replaced"
    IDLE = "idle"
    TOO_OLD = "too-old"
    PERSON_REMOVED = "person-removed"
    CREDENTIAL_REVOKED = "credential-revoked"
    CREDENTIAL_EXPIRED = "credential-expired"
    LINK_ENDED = "link-ended"
    OTHER_AUDIENCE = "other-audience"


END_SENTENCES: Final = {
    SessionEnd.SIGNED_OUT: "You signed out.",
    SessionEnd.SIGNED_OUT_EVERYWHERE: "You signed out everywhere.",
    SessionEnd.ENDED_FROM_LIST: "You ended this session from another one.",
    SessionEnd.REPLACED: "You signed in again, which ended the session before.",
    SessionEnd.IDLE: "You were signed out because nothing happened for 30 minutes.",
    SessionEnd.TOO_OLD: "You were signed out because a session lasts at most 12 hours.",
    SessionEnd.PERSON_REMOVED: "You were signed out because you are no longer an administrator here.",
    SessionEnd.CREDENTIAL_REVOKED: "You were signed out because the credential you signed in with was revoked.",
    SessionEnd.CREDENTIAL_EXPIRED: "You were signed out because the credential you signed in with has expired.",
    SessionEnd.LINK_ENDED: "You were signed out because you are no longer linked with your organization's sign-on here.",
    SessionEnd.OTHER_AUDIENCE: "You were signed out.",
}
"""What the sign-in page says to somebody whose session ended."""


@dataclass(frozen=True, slots=True)
class Session:
    """``audience`` is an organization's slug or ``provider``; ``credential_sha256`` is what the person signed in with.

    Who came through the organization's sign-on has shown no credential: ``link_id`` is set instead, and the session reads only.

    ``agent`` are the browser's own words and ``source`` is a salted hash of the address: both only for the person's own
    list of sessions.
    """

    id: SessionId
    audience: str
    administrator_id: AdministratorId
    credential_sha256: str
    created_at: datetime
    last_seen_at: datetime
    ends_at: datetime
    stepped_up_at: datetime
    agent: str
    source: str
    ended_at: datetime | None = None
    end_reason: SessionEnd | None = None
    link_id: SignOnLinkId | None = None

    @property
    def is_reading(self) -> bool:
        """Whether it is for reading only."""
        return self.link_id is not None


@dataclass(frozen=True, slots=True)
class IdentityProof:
    """Who somebody has just shown to be, and for which audience; only ``prove_by_code``, ``_passkey`` and ``_signature`` make one."""

    audience: str
    administrator_id: AdministratorId
    credential_sha256: str


def log_of(audience: str) -> str:
    """Return whose audit log tells of this audience: a slug, or "" for the provider's."""
    return "" if audience == PROVIDER_AUDIENCE else audience


def is_live(session: Session, now: datetime) -> bool:
    """Tell whether the session has neither been ended nor run out of time."""
    return session.ended_at is None and time_is_up(session, now) is None


def time_is_up(session: Session, now: datetime) -> SessionEnd | None:
    """Return IDLE or TOO_OLD when the time of a session has passed, or None."""
    if now >= session.ends_at:
        return SessionEnd.TOO_OLD
    return SessionEnd.IDLE if now >= session.last_seen_at + IDLE_LIFE else None


def needs_step_up(session: Session, now: datetime) -> bool:
    """Tell whether the person must show the credential again before doing something that cannot be taken back."""
    return now >= session.stepped_up_at + STEP_UP_LIFE


def is_seen_again(session: Session, now: datetime) -> bool:
    """Tell whether this use of the session is worth writing down."""
    return now >= session.last_seen_at + SEEN_EVERY


def reason_to_end(
    session: Session, person: Administrator, home: str, credential: Credential | None, audience: str, now: datetime, *, is_linked: bool
) -> SessionEnd | None:
    """Return why this session ends at this use, or None.

    ``home`` is the audience that the person belongs to now, ``audience`` the one whose page was asked for, ``credential``
    what is registered under the session's credential, None when nothing is; ``is_linked`` whether the link that the person came by
    counts.
    """
    if audience != session.audience or home != session.audience:
        return SessionEnd.OTHER_AUDIENCE
    if person.state is not AdministratorState.ACTIVE:
        return SessionEnd.PERSON_REMOVED
    if session.is_reading:
        return time_is_up(session, now) if is_linked else SessionEnd.LINK_ENDED
    if credential is None or credential.administrator_id != person.id or credential.revoked_at is not None:
        return SessionEnd.CREDENTIAL_REVOKED
    if not credential.is_usable(now):
        return SessionEnd.CREDENTIAL_EXPIRED
    return time_is_up(session, now)


def agent_words(header: str) -> str:
    """Return what a browser says of itself as one line of at most 160 printable ASCII characters."""
    return _BLANKS.sub(" ", header[: 4 * _AGENT_CHARACTERS]).strip()[:_AGENT_CHARACTERS]


def require_sign_in_turn(misses: int, last_at: datetime | None, now: datetime, free: int) -> None:
    """Raise TooManyRequests ``sign-in-locked`` while the wait after the last miss has not passed."""
    wait = min(wait_after(misses, free), LONGEST_SIGN_IN_WAIT)
    if last_at is None or not wait:  # Of two at once the other one may have been counted "later" than now.
        return
    left = last_at + wait - now
    if left > timedelta(0):
        seconds = int(left.total_seconds()) + 1
        sentence = f"Signing in failed {misses} times in a row. Wait {seconds} seconds and try again."
        raise TooManyRequests("sign-in-locked", sentence, retry_after_seconds=seconds)
