"""What changes in an organization's queue, for everybody of this process who follows it: ids and states only.

However many follow, the database is asked once for all of them: when a signal says that the organization's queue changed
(store/queue_signals.py), and without one every ``SAFETY_SECONDS``. While signals of other processes do not arrive - on the
embedded database never, on PostgreSQL while no connection listens - that is every ``LOOK_SECONDS``. Whoever comes first
looks, and the others take what was found, so nothing is left when the last one goes.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from starlette.concurrency import run_in_threadpool

from privyseal.actions.house import House
from privyseal.model.errors import PrivysealError, TooManyRequests
from privyseal.model.identifiers import OrganizationId
from privyseal.model.scope import Scope
from privyseal.store import requests

LOOK_SECONDS = 0.5
SAFETY_SECONDS = 5.0
SHORTEST_SECONDS = 0.2
"""Between two looks, however many signals come."""

KEEP_ALIVE_SECONDS = 15.0
CHECK_SECONDS = 20.0
"""How often it is asked whether the one who follows may still do so; 30 seconds are promised."""

MAXIMUM_FOLLOWERS: Final = 500
MAXIMUM_OF_ONE: Final = 150
"""Of one organization: whoever may only read in one must not take the places of all others."""

OVERLAP: Final = timedelta(seconds=10)
"""A transaction that began earlier may be seen later, so each look goes back so far, and what was told is not told again."""

REMEMBERED: Final = 5_000
"""Changes kept for those who are slow to take them; who falls further behind opens the page anew."""

Change: TypeAlias = requests.Changed
"""Id, state, when it came to that state, and the department it belongs to, which says who may hear of it."""


def changes_since(house: House, organization_id: OrganizationId, moment: datetime) -> list[Change]:
    """Return what changed since a moment, less the overlap, the oldest first; raises Unavailable."""
    found: list[Change] = []
    since, after = moment - OVERLAP, None
    with house.database.read(house.clock()) as tx:
        while page := requests.changed_since(tx, organization_id, since, after):
            found += page
            after, since = page[-1].id, page[-1].at
    return found


@dataclass(frozen=True, slots=True)
class Told:
    """A change with its place in what this process told of the organization."""

    number: int
    change: Change


class Watch:
    """One organization's queue; from whichever thread or loop."""

    def __init__(self, house: House, organization_id: OrganizationId) -> None:
        self._house = house
        self._organization_id = organization_id
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._told_before = house.database.signals.told(organization_id)
        self._seen = house.clock()
        self._told: dict[Change, None] = dict.fromkeys(self._changes())
        self._numbers = itertools.count(1)
        self._recent: deque[Told] = deque(maxlen=REMEMBERED)

    def is_due(self) -> bool:
        """Tell whether it is time to look again."""
        signals = self._house.database.signals
        if signals.told(self._organization_id) != self._told_before:
            patience = SHORTEST_SECONDS
        else:
            patience = SAFETY_SECONDS if signals.is_sure else LOOK_SECONDS
        return time.monotonic() - self._looked_at >= patience

    def look(self) -> None:
        """Ask the database, unless somebody else does or just did; raises Unavailable."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            if self.is_due():
                self._look()
        finally:
            self._looked_at = time.monotonic()
            self._lock.release()

    def last(self) -> int:
        """Return the number of the newest change that was found; 0 before the first."""
        return self._recent[-1].number if self._recent else 0

    def after(self, number: int) -> list[Told]:
        """Return what was found behind this number, the oldest first."""
        return [told for told in tuple(self._recent) if told.number > number]

    def _look(self) -> None:
        # Asked before the look: what is told during it may not be in it.
        told_before = self._house.database.signals.told(self._organization_id)
        changes = [change for change in self._changes() if change not in self._told]
        self._told |= dict.fromkeys(changes)
        self._seen = max([self._seen, *(change.at for change in changes)])
        horizon = self._seen - OVERLAP
        self._told = {change: None for change in self._told if change.at > horizon}
        self._recent.extend(Told(next(self._numbers), change) for change in changes)
        self._told_before = told_before

    def _changes(self) -> list[Change]:
        return changes_since(self._house, self._organization_id, self._seen)


class Watches:
    """The watches of a process, each for as long as somebody follows its organization."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watches: dict[OrganizationId, Watch] = {}
        self._followers: dict[OrganizationId, int] = {}

    def require_room(self, organization_id: OrganizationId | None = None) -> None:
        """Raise TooManyRequests ``streams`` while as many follow as may, of this organization or altogether."""
        with self._lock:
            self._require_room(organization_id)

    def _require_room(self, organization_id: OrganizationId | None) -> None:
        of_one = self._followers.get(organization_id, 0) if organization_id is not None else 0
        if of_one >= MAXIMUM_OF_ONE or sum(self._followers.values()) >= MAXIMUM_FOLLOWERS:
            sentence = "Too many people follow the queue at the moment. Try again in a minute."
            raise TooManyRequests("streams", sentence, retry_after_seconds=60)

    def join(self, house: House, organization_id: OrganizationId) -> Watch:
        """Return the watch of an organization for one more follower, who must ``leave``; raises Unavailable, TooManyRequests."""
        with self._lock:
            # Asked again: of many who came at once all saw the room that was left for one.
            self._require_room(organization_id)
            house.database.listen()
            if organization_id not in self._watches:
                self._watches[organization_id] = Watch(house, organization_id)
            self._followers[organization_id] = self._followers.get(organization_id, 0) + 1
            return self._watches[organization_id]

    def leave(self, organization_id: OrganizationId) -> None:
        """One follower less; the watch of an organization that nobody follows is forgotten."""
        with self._lock:
            self._followers[organization_id] -= 1
            if not self._followers[organization_id]:
                del self._followers[organization_id], self._watches[organization_id]

    def followers(self) -> int:
        """Return how many follow at the moment."""
        with self._lock:
            return sum(self._followers.values())


async def follow(
    watches: Watches,
    house: House,
    organization_id: OrganizationId,
    *,
    scope: Scope,
    stopping: threading.Event,
    may_go_on: Callable[[], bool],
) -> AsyncGenerator[Change | None, None]:
    """Yield changes within ``scope`` as they are found; and None first of all, and where nothing was said for ``KEEP_ALIVE_SECONDS``.

    The database is asked once for all who follow, so what is beyond a follower's scope is left out here, before it leaves.

    ``may_go_on`` is asked in a thread every ``CHECK_SECONDS``; when it says no, or the database is away, the stream ends and
    the caller comes back to be told why.
    """
    try:
        watch = await run_in_threadpool(watches.join, house, organization_id)
    except PrivysealError:
        return
    try:
        async for change in _told(watch, stopping, may_go_on):
            if change is None or scope.covers(change.path):
                yield change
    except PrivysealError:
        return
    finally:
        watches.leave(organization_id)


async def _told(watch: Watch, stopping: threading.Event, may_go_on: Callable[[], bool]) -> AsyncGenerator[Change | None, None]:
    loop = asyncio.get_running_loop()
    seen, spoken, checked = watch.last(), loop.time(), loop.time()
    yield None
    while not stopping.is_set():
        if loop.time() - checked > CHECK_SECONDS:
            checked = loop.time()
            if not await run_in_threadpool(may_go_on):
                return
        if watch.is_due():
            await run_in_threadpool(watch.look)
        for told in watch.after(seen):
            seen, spoken = told.number, loop.time()
            yield told.change
        if loop.time() - spoken > KEEP_ALIVE_SECONDS:
            spoken = loop.time()
            yield None
        await asyncio.sleep(LOOK_SECONDS / 2)
