"""Following what happens at the service as it happens (server-sent events), across lost connections."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Final

from privyseal_agent.desk import Desk
from privyseal_agent.errors import Refused, Unreachable
from privyseal_agent.rest.client import Service
from privyseal_agent.rest.documents import Document

FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 30.0
REMEMBERED: Final = 1_000


class Told:
    """What was told already: lists and streams overlap on purpose, and a stream tells its last seconds again."""

    def __init__(self) -> None:
        self._states: dict[str, str] = {}
        self._changes: dict[tuple[str, str, str], None] = {}

    def is_news(self, request: str, state: str, cursor: str) -> bool:
        """Tell whether a change is news, and remember it; ``cursor`` is empty for a request of a list."""
        change = (request, state, cursor)
        if self._states.get(request) == state or change in self._changes:
            return False
        self._states[request] = state
        self._changes[change] = None
        if len(self._changes) > REMEMBERED:
            del self._changes[next(iter(self._changes))]
        return True


def follow_requests(service: Service, desk: Desk, catch_up: Callable[[], None]) -> Iterator[Document]:
    """Return the changes of the organization's requests (``id``, ``state``, ``cursor``), without end.

    ``catch_up`` is called when the stream stands but its past is unknown - at the start, and after a lost connection as
    long as no event has told a cursor - so that the caller reads the list after the stream opened and misses nothing.
    Raises Unreachable when the first connection fails; later ones are tried until they succeed. Raises Refused when
    the service no longer accepts the caller.
    """
    cursor, stood, wait = "", False, FIRST_WAIT
    while True:
        try:
            with service.events(service.path("events"), {"since": cursor} if cursor else {}) as events:
                stood, wait = True, FIRST_WAIT
                if not cursor:
                    catch_up()
                for event in events:
                    if event.event != "request":
                        continue
                    change = _read(event.data)
                    yield change
                    cursor = change.maybe("cursor") or event.id or cursor
        except Unreachable as error:
            if not stood:
                raise
            desk.note(f"{error.sentence} Trying again in {wait:.0f} s.")
        desk.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)


def _read(data: str) -> Document:
    try:
        return Document.of(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise Refused(
            "answer", "The service told a change that is not JSON. The versions of seal and of the service may not fit."
        ) from error
