"""The work list of requests: filters that are the address, keyset paging, what is new told as it happens."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response, StreamingResponse

from privyseal.look.frame import Chip
from privyseal.look.words import gettext, mark
from privyseal.model.administrator import Permission
from privyseal.model.identifiers import OrganizationId
from privyseal.model.organization import Organization
from privyseal.model.request import RequestState
from privyseal.model.saved_search import SearchedList
from privyseal.pages.control_center.entry import FORMS, PAGE_SIZE, home, look_up, may, sight
from privyseal.pages.control_center.searches import keep, shelf
from privyseal.pages.control_center.words import request_state
from privyseal.reception.live import Change, follow
from privyseal.reception.site import Visit
from privyseal.reception.visitors import is_still_here
from privyseal.store import requests
from privyseal.store.database import Transaction
from privyseal.store.requests import Listed

_S = RequestState
FILTERS: Final[Mapping[str, tuple[str, tuple[RequestState, ...]]]] = {
    "waiting": (mark("Waiting"), (_S.PENDING,)),
    "held": (mark("Waiting for an answer"), (_S.HELD,)),
    "failed": (mark("Failed"), (_S.FAILED,)),
    "in-work": (mark("In work"), (_S.APPROVED, _S.ISSUING)),
    "unconfirmed": (mark("Address not confirmed"), (_S.UNCONFIRMED,)),
    "issued": (mark("Issued"), (_S.ISSUED,)),
    "rejected": (mark("Rejected"), (_S.REJECTED,)),
    "ended": (mark("Withdrawn or lapsed"), (_S.WITHDRAWN, _S.LAPSED)),
    "all": (mark("All"), ()),
}
"""Filter -> words and states; all of them is no state."""

COUNTED: Final = ("waiting", "held", "failed", "in-work")
"""Filters whose count is shown: in these states few requests are at a time."""

LONGEST_SELECTION: Final = 50
DECIDABLE: Final = frozenset({_S.PENDING, _S.HELD, _S.FAILED})
"""States in which an administrator can approve."""


@dataclass(frozen=True, slots=True)
class Row:
    """A request in the list. ``more`` counts the names behind the first; ``state`` is kind and words.

    ``approvals`` are those that it has while it waits for others.
    """

    id: str
    name: str
    more: int
    state: tuple[str, str]
    state_name: str
    who: str
    is_reissue: bool
    created_at: datetime
    may_choose: bool
    approvals: int


def _row(request: Listed, approvals: int) -> Row:
    return Row(
        id=request.id,
        name=request.names[0],
        more=len(request.names) - 1,
        state=request_state(request.state),
        state_name=request.state.value,
        who=request.contact_name,
        is_reissue=bool(request.replaces_serial_hex),
        created_at=request.created_at,
        may_choose=request.state in DECIDABLE,
        approvals=approvals if request.state in DECIDABLE else 0,
    )


def show_requests(visit: Visit) -> Response:
    """Show one page of the list."""
    before = visit.query("before") if FORMS["request"].fullmatch(visit.query("before")) else ""
    return _show(visit, _read(visit.query), before)


def save_requests_search(visit: Visit) -> Response:
    """Keep what the list shows under a name."""
    query = _read(visit.form.value)
    address = _address(visit, query["show"], query.get("name", ""))
    return keep(visit, SearchedList.REQUESTS, query, address, lambda status: _show(visit, query, status=status))


def _read(ask: Callable[[str], str]) -> dict[str, str]:
    """Return filter and name as the list is asked for them, here by an address and there by the form that keeps them."""
    show, text = ask("show"), ask("name").rstrip(".").lower()
    return {"show": show if show in FILTERS else "waiting"} | ({"name": text} if text else {})


def _show(visit: Visit, query: Mapping[str, str], before: str = "", status: int = 200) -> Response:
    chosen, text = query["show"], query.get("name", "")
    states = FILTERS[chosen][1]

    def work(tx: Transaction, organization: Organization) -> tuple[list[Listed], list[Row], dict[RequestState, int]]:
        mine = sight(visit)
        found = requests.newest(tx, organization.id, states=states, text=text, scope=mine, before=before, limit=PAGE_SIZE + 1)
        counted = [state for name in COUNTED for state in FILTERS[name][1]]
        given = requests.approvals_of(tx, [request.id for request in found if request.state in DECIDABLE])
        current = {request_id: sum(item.is_current(tx.now) for item in items) for request_id, items in given.items()}
        rows = [_row(request, current.get(request.id, 0)) for request in found[:PAGE_SIZE]]
        return found, rows, requests.count_in(tx, organization.id, counted, mine)

    found, rows, counts = look_up(visit, work)
    values = {
        "home": home(visit),
        "rows": rows,
        "chosen": chosen,
        "text": text,
        "filters": _chips(visit, chosen, text, counts),
        "next_address": _address(visit, chosen, text, rows[-1].id) if len(found) > PAGE_SIZE else "",
        "first_address": _address(visit, chosen, text) if before else "",
        "by_name": bool(text),
        "here": _address(visit, chosen, text, before),
        "may_decide": may(visit, Permission.APPROVE),
        "states": json.dumps([state.value for state in states]),
        "is_newest": not before and not text,
        "state_words": json.dumps({state.value: request_state(state) for state in RequestState}),
        "shelf": shelf(visit, SearchedList.REQUESTS, query, lambda kept: _address(visit, kept["show"], kept.get("name", ""))),
    }
    return visit.show("control_center/requests.html", values, status=status)


def _address(visit: Visit, chosen: str, text: str, before: str = "") -> str:
    query = {"show": chosen} | ({"name": text} if text else {}) | ({"before": before} if before else {})
    return f"{home(visit)}/requests?{urlencode(query)}"


def _chips(visit: Visit, chosen: str, text: str, counts: Mapping[RequestState, int]) -> list[Chip]:
    chips = []
    for name, (words, states) in FILTERS.items():
        counted = name if name in COUNTED and not text else ""
        count = sum(counts[state] for state in states) if counted else None
        chips.append(Chip(_address(visit, name, text), gettext(words), current=name == chosen, count=count, counted=counted))
    return chips


def open_chosen(visit: Visit) -> Response:
    """Lead to the check page of the first of several chosen requests; the others follow one after the other."""
    chosen = [value for value in visit.request.query_params.getlist("id") if FORMS["request"].fullmatch(value)][:LONGEST_SELECTION]
    if not chosen:
        return visit.go_to(f"{home(visit)}/requests")
    return visit.go_to(check_address(visit, chosen[0], chosen[1:], tally=Tally(0, len(chosen)) if len(chosen) > 1 else None))


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of the chosen requests were approved so far; ``last`` is the id of the newest one."""

    approved: int
    chosen: int
    last: str = ""

    @property
    def query(self) -> dict[str, str]:
        """What an address carries of it."""
        return {"tally": f"{self.approved}-{self.chosen}"} | ({"last": self.last.removeprefix("req-")} if self.last else {})


def tally_of(visit: Visit) -> Tally | None:
    """Return the tally that the address carries, None where no several were chosen."""
    found = re.fullmatch(r"(\d{1,2})-(\d{1,2})", visit.query("tally"), re.ASCII)
    last = f"req-{visit.query('last')}"
    if found is None or int(found[1]) > int(found[2]):
        return None
    return Tally(int(found[1]), int(found[2]), last if FORMS["request"].fullmatch(last) else "")


def check_address(visit: Visit, request_id: str, then: Sequence[str] = (), way: str = "", *, tally: Tally | None = None) -> str:
    """Return the address of the check page of a request, or of a page below it; ``then`` are the requests that come next.

    ``tally`` is what the address before carries, unless another one is given.
    """
    tally = tally or tally_of(visit)
    query = ({"then": ",".join(item.removeprefix("req-") for item in then)} if then else {}) | (tally.query if tally else {})
    return f"{home(visit)}/requests/{request_id}{way}{'?' if query else ''}{urlencode(query)}"


def summary_address(visit: Visit, tally: Tally) -> str:
    """Return the address of the page that sums up what became of the chosen requests."""
    return f"{home(visit)}/requests/done?{urlencode(tally.query)}"


def show_summary(visit: Visit) -> Response:
    """Tell how many of the chosen requests were approved, and how many were not."""
    tally = tally_of(visit)
    if tally is None:
        return visit.go_to(f"{home(visit)}/requests")
    values = {"home": home(visit), "tally": tally, "others": tally.chosen - tally.approved}
    return visit.show("control_center/summary.html", values)


def chosen_next(visit: Visit) -> list[str]:
    """Return the requests that were chosen to come after this one, as the address carries them."""
    found = [f"req-{text}" for text in visit.query("then", 33 * LONGEST_SELECTION).split(",")]
    return [request_id for request_id in found if FORMS["request"].fullmatch(request_id)]


def tell_counts(visit: Visit) -> Response:
    """Return how many requests each counted filter has now, for a page that was told that something changed."""
    counted = [state for name in COUNTED for state in FILTERS[name][1]]
    counts = look_up(visit, lambda tx, organization: requests.count_in(tx, organization.id, counted, sight(visit)))
    found = {name: sum(counts[state] for state in FILTERS[name][1]) for name in COUNTED}
    return JSONResponse(found, headers={"Cache-Control": "no-store"})


def stream_events(visit: Visit) -> Response:
    """Tell what changes as it happens: ids and states alone, for as long as whoever follows may read."""
    organization_id = look_up(visit, lambda _, organization: organization.id)
    visit.context.entrance.watches.require_room(organization_id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(visit, organization_id), media_type="text/event-stream", headers=headers)


async def _events(visit: Visit, organization_id: OrganizationId) -> AsyncIterator[str]:
    context, guest = visit.context, visit.guest

    def may_go_on() -> bool:
        return guest is not None and is_still_here(visit.request, guest)

    watches, stopping = context.entrance.watches, context.stopping
    changes = follow(watches, visit.house, organization_id, scope=sight(visit), stopping=stopping, may_go_on=may_go_on)
    try:
        async for change in changes:
            yield _event(change)
    finally:
        await changes.aclose()


def _event(change: Change | None) -> str:
    if change is None:
        return ": the queue is followed\n\n"
    request_id, state, _, _ = change
    return f"event: request\ndata: {json.dumps({'id': request_id, 'state': state})}\n\n"
