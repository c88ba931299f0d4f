"""How long a wrong challenge phrase makes everybody wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from privyseal.model.errors import TooManyRequests
from privyseal.model.proof import FREE_MISSES, require_turn

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_a_free_miss_keeps_nobody_waiting_even_if_it_was_counted_a_moment_later() -> None:
    require_turn(0, None, NOW)
    require_turn(FREE_MISSES - 1, NOW + timedelta(milliseconds=5), NOW)


def test_the_wait_doubles_from_a_minute() -> None:
    for more, minutes in ((0, 1), (1, 2), (5, 32)):
        with pytest.raises(TooManyRequests) as refusal:
            require_turn(FREE_MISSES + more, NOW, NOW)
        assert refusal.value.retry_after_seconds == 60 * minutes + 1
