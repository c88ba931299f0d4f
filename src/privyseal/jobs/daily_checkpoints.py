"""Once a day the newest checkpoint of every log goes out by mail (architecture section 5).

A day begins at the hour of the settings, in UTC. Whoever was down at that hour chooses as soon as it is up; the outbox
decides which of several nodes, or of several starts, was first.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from privyseal.actions.audit.choose_checkpoints import choose_checkpoints
from privyseal.actions.house import House
from privyseal.model.actor import SYSTEM
from privyseal.store.database import again_after_collision


class DailyCheckpoints:
    """Call :meth:`look` about once a minute from one thread."""

    def __init__(self, house: House, hour: int, *, with_provider: bool) -> None:
        self._house = house
        self._hour = hour
        self._with_provider = with_provider
        self._chosen_since: datetime | None = None

    def look(self) -> None:
        """Choose the day's checkpoints unless this process did; raises Unavailable when the database is away."""
        since = day_begin(self._house.clock(), self._hour)
        if since == self._chosen_since:
            return
        again_after_collision(lambda: self._choose(since))
        self._chosen_since = since

    def _choose(self, since: datetime) -> int:
        with self._house.database.write(self._house.clock()) as tx:
            return choose_checkpoints(self._house, tx, SYSTEM, since, with_provider=self._with_provider)


def day_begin(now: datetime, hour: int) -> datetime:
    """Return the last moment at which it was this hour sharp."""
    today = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)
