"""What a subscriber has shown: that he knows the challenge phrase of a request or its certificate (A46, I27)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from privyseal.model.errors import TooManyRequests
from privyseal.model.identifiers import OrganizationId, RequestId

FREE_MISSES = 5
"""So many wrong phrases cost nothing but an alert at the last one; then each one doubles the wait."""

LONGEST_WAIT = timedelta(hours=24)
FREE_MISSES_PER_SOURCE = 20


@dataclass(frozen=True, slots=True)
class PhraseProof:
    """Only ``prove_phrase`` makes one."""

    organization_id: OrganizationId
    request_id: RequestId


def wait_after(misses: int, free: int) -> timedelta:
    """Return how long nobody may try again after so many misses."""
    if misses < free:
        return timedelta(0)
    doublings = min(misses - free, 11)
    return min(timedelta(minutes=1 << doublings), LONGEST_WAIT)


def require_turn(misses: int, last_at: datetime | None, now: datetime, free: int = FREE_MISSES) -> None:
    """Raise TooManyRequests ``phrase-locked`` while the wait after the last miss has not passed."""
    wait = wait_after(misses, free)
    if last_at is None or not wait:  # Of two at once the other one may have been counted "later" than now.
        return
    left = last_at + wait - now
    if left > timedelta(0):
        seconds = int(left.total_seconds()) + 1
        sentence = f"The challenge phrase was wrong {misses} times. Wait {seconds} seconds, or ask your administrator, who is not affected."
        raise TooManyRequests("phrase-locked", sentence, retry_after_seconds=seconds)
