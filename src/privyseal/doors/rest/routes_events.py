"""The live queue: server-sent events that carry ids and states only (architecture section 3 step 3).

A transaction that began earlier may be seen later, so each look goes back ``OVERLAP``, and what this connection was
told is not told again. After a lost connection a change of the last seconds may be told twice and none is missed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from privyseal.actions.house import About
from privyseal.doors import DoorContext
from privyseal.doors.rest.access import described, holder
from privyseal.doors.rest.addresses import Slug
from privyseal.doors.rest.authentication import Authenticator, CallerOf, Context
from privyseal.doors.rest.reading import read
from privyseal.model.administrator import Permission
from privyseal.model.errors import BadRequest, PrivysealError, TooManyRequests
from privyseal.model.identifiers import OrganizationId, RequestId
from privyseal.store import requests

router = APIRouter(tags=["Events"])

Since = Annotated[str, Query(pattern=r"^([0-9]{1,20})?$", description="Cursor of the last event that was seen; from now on when left out.")]

LOOK_SECONDS = 0.5
KEEP_ALIVE_SECONDS = 15.0
CHECK_SECONDS = 30.0
OVERLAP = timedelta(seconds=10)
MAXIMUM_STREAMS = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Change = tuple[RequestId, str, datetime]


@router.get(
    "/organizations/{org}/events", response_class=StreamingResponse, **described(holder(Permission.READ), 403, file="text/event-stream")
)
def stream_events(org: Slug, request: Request, context: Context, caller: CallerOf, since: Since = "") -> StreamingResponse:
    """Tell changes of requests as they happen (`text/event-stream`).

    Each event `request` has `{"id", "state", "cursor"}`; a comment comes at least every 15 seconds. The credential is
    looked at again every 30 seconds, and the stream ends when it is no longer good.
    """
    about = About("stream-events", org, "organization", org)
    organization = read(context, caller, about, Permission.READ, lambda _, found: found)
    streams: set[int] = request.app.state.streams
    if len(streams) >= MAXIMUM_STREAMS:
        raise TooManyRequests("streams", "Too many people follow the queue at the moment. Try again in a minute.", retry_after_seconds=60)
    cursor = since or request.headers.get("last-event-id", "")
    start = _moment(cursor) if cursor else context.house.clock()
    watch = _Watch(context, organization.id, start, told_before=not cursor)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(request, org, watch), media_type="text/event-stream", headers=headers)


async def _events(request: Request, org: str, watch: _Watch) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    streams: set[int] = request.app.state.streams
    streams.add(id(watch))
    checked = spoken = loop.time()
    try:
        yield ": the queue is followed\n\n"
        while not request.app.state.stopping.is_set():
            if loop.time() - checked > CHECK_SECONDS:
                checked = loop.time()
                await run_in_threadpool(_check, request, org)
            for change in await run_in_threadpool(watch.look):
                spoken = loop.time()
                yield _event(change)
            if loop.time() - spoken > KEEP_ALIVE_SECONDS:
                spoken = loop.time()
                yield ": still here\n\n"
            await asyncio.sleep(LOOK_SECONDS)
    except PrivysealError:
        return  # The credential ended, or the database is away: the caller comes back and is told which.
    finally:
        streams.discard(id(watch))


def _check(request: Request, org: str) -> None:
    authenticator: Authenticator = request.app.state.authenticator
    context: DoorContext = request.app.state.rest
    caller = authenticator.caller(request)
    read(context, caller, About("stream-events", org, "organization", org), Permission.READ, lambda _, found: found)


class _Watch:
    """What one connection was told; used by one thread at a time."""

    def __init__(self, context: DoorContext, organization_id: OrganizationId, start: datetime, *, told_before: bool) -> None:
        self._house = context.house
        self._organization_id = organization_id
        self._seen = start
        self._told: dict[Change, None] = {}
        if told_before:
            self._told = dict.fromkeys(self._changes())

    def look(self) -> list[Change]:
        """Return what changed and was not told; raises Unavailable."""
        changes = [change for change in self._changes() if change not in self._told]
        self._told |= dict.fromkeys(changes)
        self._seen = max([self._seen, *(when for _, _, when in changes)])
        horizon = self._seen - OVERLAP
        self._told = {change: None for change in self._told if change[2] > horizon}
        return changes

    def _changes(self) -> list[Change]:
        found: list[Change] = []
        since, after = self._seen - OVERLAP, None
        with self._house.database.read(self._house.clock()) as tx:
            while page := requests.changed_since(tx, self._organization_id, since, after):
                found += page
                after, _, since = page[-1]
        return found


def _event(change: Change) -> str:
    request_id, state, when = change
    cursor = str((when - _EPOCH) // _MICROSECOND)
    data = json.dumps({"id": request_id, "state": state, "cursor": cursor})
    return f"event: request\nid: {cursor}\ndata: {data}\n\n"


def _moment(cursor: str) -> datetime:
    try:
        return _EPOCH + int(cursor) * _MICROSECOND
    except (ValueError, OverflowError) as error:
        raise BadRequest("cursor", "The cursor is not one that this stream gave out.", field="since") from error
