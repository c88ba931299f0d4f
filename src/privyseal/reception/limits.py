"""How often somebody unknown may call."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from privyseal.model.errors import TooManyRequests

BURST = 60
PER_SECOND = 2.0
MAXIMUM_SOURCES = 50_000


class AnonymousLimit:
    """How often somebody without a credential may call: a token bucket per source, in memory (facts/reliability 6).

    ``burst`` calls at once, then ``per_second``; the sources longest unseen are forgotten first.
    """

    def __init__(self, clock: Callable[[], datetime], burst: int = BURST, per_second: float = PER_SECOND) -> None:
        self._clock = clock
        self._burst = float(burst)
        self._per_second = per_second
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def take(self, source: str) -> None:
        """Count one call; raises TooManyRequests ``rate``."""
        now = self._clock()
        with self._lock:
            left, seen = self._buckets.pop(source, (self._burst, now))
            left = min(self._burst, left + max(0.0, (now - seen).total_seconds()) * self._per_second)
            allowed = left >= 1
            self._buckets[source] = (left - 1 if allowed else left, now)
            if len(self._buckets) > MAXIMUM_SOURCES:
                self._buckets.popitem(last=False)
        if not allowed:
            sentence = "Too many calls without a valid credential from your address. Wait a few seconds and try again."
            raise TooManyRequests("rate", sentence, retry_after_seconds=max(1, int((1 - left) / self._per_second) + 1))
