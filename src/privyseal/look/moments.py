"""Times in the words of the spoken language. A list has a hundred of them, so what Babel makes of its rules is kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Final

from babel import Locale
from babel.dates import format_datetime, format_timedelta

from privyseal.look import words

KEPT: Final = 4096
"""So many texts are kept, those that were used last."""

_HOUR: Final = 3600
_STEPS: Final = ((240 * _HOUR, _HOUR), (_HOUR, 60), (0, 1))
"""From how many seconds on the words of an age are the same within so many: finer than any border at which they change."""

_CLOCKS: Final = {"HH:mm:ss": "%H:%M:%S", "HH:mm": "%H:%M"}
_CLOCK: Final = "\ue000"
"""Stands for the clock in a pattern: no letter, so Babel leaves it as it is."""


def age_text(away: timedelta) -> str:
    """Return an age, "3 hours ago", or how far off something is, "in 3 hours"."""
    seconds = away.days * 24 * _HOUR + away.seconds
    size = abs(seconds)
    step = next(step for least, step in _STEPS if size >= least)
    # A second stands for the rest of a step: a half is rounded to the even number, more than that up.
    size = size - size % step + bool(size % step)
    return _age(words.spoken(), size if seconds >= 0 else -size)


def pattern_text(value: datetime, pattern: str) -> str:
    """Return a time in a pattern of the Unicode locale rules with a day, and with a clock of 24 hours or none; ``value`` is in UTC."""
    for clock, digits in _CLOCKS.items():
        if clock in pattern:
            # Digits are the same in every language of ours; the day alone is left to its rules.
            return _day(words.spoken(), pattern.replace(clock, _CLOCK), value.date()).replace(_CLOCK, value.strftime(digits))
    return _day(words.spoken(), pattern, value.date())


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)


@lru_cache(KEPT)
def _day(language: str, pattern: str, day: date) -> str:
    """The first second of a day."""
    return str(format_datetime(datetime.combine(day, time(), UTC), pattern, locale=_locale(language)))


@lru_cache(KEPT)
def _age(language: str, seconds: int) -> str:
    return str(format_timedelta(timedelta(seconds=seconds), add_direction=True, locale=_locale(language)))
