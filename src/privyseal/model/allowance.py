"""How much of what costs others something a stranger may cause: letters into somebody's mailbox, drafts on our disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from privyseal.model.errors import TooManyRequests


@dataclass(frozen=True, slots=True)
class Allowance:
    """``most`` without a pause of ``pause`` between two of them; ``refusal`` is what is told, by the seconds to wait."""

    most: int
    pause: timedelta
    refusal: Callable[[int], TooManyRequests]

    def is_new(self, last_at: datetime | None, now: datetime) -> bool:
        """Tell whether counting begins anew, because the last one was long ago."""
        return last_at is not None and now >= last_at + self.pause

    def require_room(self, taken: int, last_at: datetime | None, now: datetime) -> None:
        """Raise TooManyRequests when nothing is left."""
        if taken >= self.most and last_at is not None:
            raise self.refusal(max(1, int((last_at + self.pause - now).total_seconds()) + 1))


def _too_many_letters(seconds: int) -> TooManyRequests:
    sentence = "Ten requests with this contact address wait for its confirmation. Confirm one by the mail that was sent, or try in an hour."
    return TooManyRequests("too-many-letters", sentence, retry_after_seconds=seconds)


def _too_many_drafts(seconds: int) -> TooManyRequests:
    sentence = "A hundred requests were begun from your network, one shortly after the other. Finish one of them, or try again in an hour."
    return TooManyRequests("too-many-drafts", sentence, retry_after_seconds=seconds)


def _too_many_codes(seconds: int) -> TooManyRequests:
    sentence = "The mail was sent again three times. Look among unwanted mail, or ask your administrator. Tomorrow it can be sent again."
    return TooManyRequests("too-many-codes", sentence, retry_after_seconds=seconds)


def _too_many_lost_cards(seconds: int) -> TooManyRequests:
    sentence = "Lost cards were reported five times from your network. Try again in an hour, or call the provider."
    return TooManyRequests("too-many-lost-cards", sentence, retry_after_seconds=seconds)


LOST_CARDS: Final = Allowance(5, timedelta(hours=1), _too_many_lost_cards)
"""Reported by one source, and told to one corporate contact: each one is a letter."""


def _too_many_contact_codes(seconds: int) -> TooManyRequests:
    sentence = "The code was wrong ten times. Copy it from the newest mail, and try again in an hour."
    return TooManyRequests("too-many-contact-codes", sentence, retry_after_seconds=seconds)


CONTACT_CODES: Final = Allowance(10, timedelta(hours=1), _too_many_contact_codes)
"""Tries to answer one change of a contact, and of one source to answer any; counted before the code is compared."""


def _too_many_applications(seconds: int) -> TooManyRequests:
    sentence = "Ten applications came from your network, one shortly after the other. Confirm one of them, or try again in an hour."
    return TooManyRequests("too-many-applications", sentence, retry_after_seconds=seconds)


APPLICATIONS: Final = Allowance(10, timedelta(hours=1), _too_many_applications)
"""Of organizations, by one source: somebody reads each of them."""

LETTERS: Final = Allowance(10, timedelta(hours=1), _too_many_letters)
"""To one address that nobody has confirmed: whoever types a stranger's address does not fill his mailbox."""

DRAFTS: Final = Allowance(100, timedelta(hours=1), _too_many_drafts)
"""Begun by one source: drafts are kept for a week, each up to 64 KiB."""

CODES: Final = Allowance(3, timedelta(days=1), _too_many_codes)
"""More mails with a code for one request, because the first did not arrive."""
