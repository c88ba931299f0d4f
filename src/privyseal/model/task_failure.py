"""Periodic work that failed on a machine, as the people of the provider see it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

LEFT_AFTER: Final = timedelta(days=2)
"""What failed and was not tried again for so long is done there no more: every task runs at least daily."""


class TaskStanding(enum.Enum):
    """How a task that failed stands now."""

    FAILING = "failing"
    """It failed when it was tried last, and is tried again by itself."""
    LEFT = "left"
    """The machine no longer tries it: it was taken out of the service, or stands still."""
    WORKING = "working"
    """It works again."""


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """A task that failed on a machine ``failures`` times in a row from ``since`` to ``last_at``, and works again since ``recovered_at``.

    ``kind`` is that of the last error or its class, ``sentence`` what it said to people; "" for an error that nobody expected, of
    which only the log tells more.
    """

    task: str
    machine: str
    since: datetime
    failures: int
    last_at: datetime
    kind: str
    sentence: str
    recovered_at: datetime | None

    def standing(self, now: datetime) -> TaskStanding:
        """Return how it stands now."""
        if self.recovered_at is not None:
            return TaskStanding.WORKING
        return TaskStanding.FAILING if now - self.last_at < LEFT_AFTER else TaskStanding.LEFT
