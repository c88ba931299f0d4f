"""Times in words are those of Babel, whatever is kept of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from babel.dates import format_datetime, format_timedelta
from hypothesis import given
from hypothesis import strategies as some

from privyseal.look import words
from privyseal.look.moments import age_text, pattern_text

PATTERNS = ("d MMM y, HH:mm:ss", "d. MMMM y, HH:mm:ss", "d MMMM y", "d MMMM y, HH:mm", "EEEE 'um' HH:mm:ss, d")
UNITS = (timedelta(seconds=1), timedelta(minutes=1), timedelta(minutes=30), timedelta(hours=1), timedelta(hours=12), timedelta(days=1))
AGES = some.one_of(
    some.timedeltas(timedelta(days=-4000), timedelta(days=4000)),
    some.timedeltas(timedelta(hours=-3), timedelta(hours=3)),
    some.builds(lambda unit, count: unit * count, some.sampled_from(UNITS), some.integers(-900, 900)),
)
MOMENTS = some.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=some.just(UTC))  # noqa: DTZ001 - the zone is given beside


@pytest.mark.parametrize("language", words.LANGUAGES)
@given(age=AGES)
def test_an_age(language: str, age: timedelta) -> None:
    words.speak(language)
    try:
        assert age_text(age) == format_timedelta(age, add_direction=True, locale=language)
    finally:
        words.speak("en")


@pytest.mark.parametrize("language", words.LANGUAGES)
@given(moment=MOMENTS, pattern=some.sampled_from(PATTERNS))
def test_a_pattern(language: str, moment: datetime, pattern: str) -> None:
    words.speak(language)
    try:
        assert pattern_text(moment, pattern) == format_datetime(moment, pattern, locale=language)
    finally:
        words.speak("en")
