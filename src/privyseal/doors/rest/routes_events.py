"""The live queue: server-sent events that carry ids and states only (architecture section 3 step 3).

However many follow, the database is asked once for all of them (``reception.live``). After a lost connection a change of
the last seconds may be told twice and none is missed.
"""

from __future__ import annotations

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
from privyseal.model.errors import BadRequest, NotPermitted, PrivysealError
from privyseal.model.organization import Organization
from privyseal.model.scope import Scope
from privyseal.reception.live import Change, changes_since, follow

router = APIRouter(tags=["Events"])

Since = Annotated[str, Query(pattern=r"^([0-9]{1,20})?$", description="Cursor of the last event that was seen; from now on when left out.")]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@router.get(
    "/organizations/{org}/events", response_class=StreamingResponse, **described(holder(Permission.READ), 403, file="text/event-stream")
)
def stream_events(org: Slug, request: Request, context: Context, caller: CallerOf, since: Since = "") -> StreamingResponse:
    """Tell changes of requests as they happen (`text/event-stream`).

    Each event `request` has `{"id", "state", "cursor"}`; a comment comes at least every 15 seconds. The credential is
    looked at again every 20 seconds, and the stream ends when it is no longer good.
    """
    about = About("stream-events", org, "organization", org)
    organization = read(context, caller, about, Permission.READ, lambda _, found: found, scoped=True)
    scope = caller.actor.scope(Permission.READ)
    context.watches.require_room(organization.id)
    cursor = since or request.headers.get("last-event-id", "")
    start = _moment(cursor) if cursor else None
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(request, context, organization, scope, start), media_type="text/event-stream", headers=headers)


async def _events(
    request: Request, context: DoorContext, organization: Organization, scope: Scope, start: datetime | None
) -> AsyncIterator[str]:
    def may_go_on() -> bool:
        try:
            _check(request, organization.slug, scope)
        except PrivysealError:
            return False
        return True

    house, has_begun = context.house, False
    changes = follow(context.watches, house, organization.id, scope=scope, stopping=request.app.state.stopping, may_go_on=may_go_on)
    try:
        async for change in changes:
            if change is not None:
                yield _event(change)
                continue
            yield ": still here\n\n" if has_begun else ": the queue is followed\n\n"
            if start is not None and not has_begun:
                for missed in await run_in_threadpool(changes_since, house, organization.id, start):
                    if scope.covers(missed.path):
                        yield _event(missed)
            has_begun = True
    except PrivysealError:
        return  # The database is away: the caller comes back and is told.
    finally:
        await changes.aclose()


def _check(request: Request, org: str, scope: Scope) -> None:
    authenticator: Authenticator = request.app.state.authenticator
    context: DoorContext = request.app.state.rest
    caller = authenticator.caller(request)
    about = About("stream-events", org, "organization", org)
    read(context, caller, about, Permission.READ, lambda _, found: found, scoped=True)
    if caller.actor.scope(Permission.READ) != scope:
        raise NotPermitted("scope", "What you may read has changed. Follow the queue anew.")


def _event(change: Change) -> str:
    request_id, state, when, _ = change
    cursor = str((when - _EPOCH) // _MICROSECOND)
    data = json.dumps({"id": request_id, "state": state, "cursor": cursor})
    return f"event: request\nid: {cursor}\ndata: {data}\n\n"


def _moment(cursor: str) -> datetime:
    try:
        return _EPOCH + int(cursor) * _MICROSECOND
    except (ValueError, OverflowError) as error:
        raise BadRequest("cursor", "The cursor is not one that this stream gave out.", field="since") from error
