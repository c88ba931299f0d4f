"""The audit log: filtered, exported, and verified in the page against its last checkpoint."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from privyseal.look.words import gettext
from privyseal.model.audit import organization_log
from privyseal.model.errors import BadRequest, NotFound, Unavailable
from privyseal.model.organization import Organization
from privyseal.pages.control_center.entry import PAGE_SIZE, home, look_up, read_day
from privyseal.pages.control_center.history import actor_names, actor_words, read_time
from privyseal.pages.control_center.words import action_words
from privyseal.reception.site import Visit
from privyseal.store import administrators, audit
from privyseal.store.database import Transaction
from privyseal_wire.errors import WireError
from privyseal_wire.export import ExportVerdict, export_line, verify_export

FIELDS: Final = ("action", "object", "outcome", "person", "from", "to")
MAXIMUM_SCANNED: Final = 3_000
"""Entries looked at for one page where action, outcome or person are asked for; then the page offers to look further back."""

SHOWN_ID: Final = 20
CHUNK: Final = 1_000
VERIFY_SECONDS = 20.0
_LAST_INDEX = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as the page shows it."""

    index: int
    at: datetime
    words: str
    action: str
    who: str
    outcome: str
    object_kind: str
    object_id: str
    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """What one look found: ``behind`` is the index below which the next look goes on, None at the beginning of the log."""

    lines: list[Line]
    behind: int | None
    is_full: bool


def show_log(visit: Visit) -> Response:
    """Show one page of entries, newest first."""
    asked = {name: visit.query(name, 128) for name in FIELDS if visit.query(name, 128)}
    visit.form.values = {name: [value] for name, value in asked.items()}
    try:
        since, until = read_day(asked, "from"), read_day(asked, "to")
    except BadRequest as error:
        visit.form.refuse(error.field, error.sentence)
        return visit.show("control_center/log.html", _values(visit, asked, Found([], None, is_full=False)), status=400)
    text = visit.query("before")
    before = int(text) if text.isascii() and text.isdigit() and int(text) <= _LAST_INDEX else None
    found = look_up(
        visit, lambda tx, organization: _look(visit, tx, organization, asked, since, until + timedelta(days=1) if until else None, before)
    )
    return visit.show("control_center/log.html", _values(visit, asked, found) | {"first_address": _address(visit, asked) if text else ""})


def _values(visit: Visit, asked: Mapping[str, str], found: Found) -> dict[str, object]:
    def facts(tx: Transaction, organization: Organization) -> tuple[list[tuple[str, str]], tuple[int, str, datetime] | None]:
        people = [(str(person.id), person.name) for person in administrators.of_organization(tx, organization.id)]
        return people, audit.newest_checkpoint(tx, organization_log(organization.slug))

    people, checkpoint = look_up(visit, facts)
    return {
        "home": home(visit),
        "asked": asked,
        "lines": found.lines,
        "is_partial": not found.is_full and found.behind is not None,
        "filters": (),
        "next_address": _address(visit, asked, found.behind) if found.behind is not None else "",
        "first_address": "",
        "people": people,
        "checkpoint": checkpoint,
        "log_key": visit.context.entrance.vkey(organization_log(visit.slug)),
    }


def _address(visit: Visit, asked: Mapping[str, str], before: int | None = None) -> str:
    query = urlencode({**asked, **({"before": str(before)} if before is not None else {})})
    return f"{home(visit)}/audit{'?' if query else ''}{query}"


def _look(
    visit: Visit,
    tx: Transaction,
    organization: Organization,
    asked: Mapping[str, str],
    since: datetime | None,
    until: datetime | None,
    before: int | None,
) -> Found:
    log = organization_log(organization.slug)
    fitting: list[tuple[int, dict[str, Any]]] = []
    needed = _needed(asked)
    scanned = 0
    while scanned < MAXIMUM_SCANNED:
        rows = audit.newest(tx, log, object_id=asked.get("object", ""), since=since, until=until, before=before, limit=PAGE_SIZE * 4)
        for index, entry in rows:
            before = index
            if not all(part in entry for part in needed):
                continue
            fields = json.loads(entry)
            if _fits(fields, asked):
                fitting.append((index, fields))
                if len(fitting) == PAGE_SIZE:
                    return Found(_lines_of(visit, tx, fitting), index, is_full=True)
        scanned += len(rows)
        if len(rows) < PAGE_SIZE * 4:
            return Found(_lines_of(visit, tx, fitting), None, is_full=True)
    return Found(_lines_of(visit, tx, fitting), before, is_full=False)


def _lines_of(visit: Visit, tx: Transaction, fitting: Sequence[tuple[int, Mapping[str, Any]]]) -> list[Line]:
    names = actor_names(tx, (fields for _, fields in fitting))
    return [_line(visit, index, fields, names) for index, fields in fitting]


def _needed(asked: Mapping[str, str]) -> list[bytes]:
    """What the canonical bytes of an entry that fits hold somewhere: reading all of it takes ten times as long."""
    values = {"action": asked.get("action"), "outcome": asked.get("outcome"), "id": asked.get("person")}
    return [f'"{name}":{json.dumps(value, ensure_ascii=False)}'.encode() for name, value in values.items() if value]


def _fits(fields: Mapping[str, Any], asked: Mapping[str, str]) -> bool:
    action, outcome, person = asked.get("action"), asked.get("outcome"), asked.get("person")
    return (
        (not action or fields["action"] == action)
        and (not outcome or fields["outcome"] == outcome)
        and (not person or fields["actor"]["id"] == person)
    )


def _line(visit: Visit, index: int, fields: Mapping[str, Any], names: Mapping[str, str]) -> Line:
    kind, object_id = str(fields["object"]["kind"]), str(fields["object"]["id"])
    ways = {"request": "requests", "certificate": "certificates", "administrator": "administrators"}
    is_linked = kind in ways and object_id not in {"new", "unknown", "batch"}
    return Line(
        index=index,
        at=read_time(str(fields["time"])),
        words=action_words(str(fields["action"]), refused=fields["outcome"] == "refused"),
        action=str(fields["action"]),
        who=actor_words(fields, names),
        outcome=str(fields["outcome"]),
        object_kind=kind,
        object_id=_short(object_id),
        address=f"{home(visit)}/{ways[kind]}/{object_id}" if is_linked else "",
        reason=str(fields["reason"]),
    )


def _short(object_id: str) -> str:
    """An id or a digest, as much of it as tells it from others; a name whole."""
    return object_id if "." in object_id or len(object_id) <= SHOWN_ID else f"{object_id[:SHOWN_ID]}…"


def _portion(tx: Transaction, log: str, start: int) -> list[str]:
    """Return up to CHUNK export lines from an index on."""
    return [f"{export_line(index, entry)}\n" for index, _, entry in audit.export(tx, log, start=start, limit=CHUNK)]


def _lines(tx: Transaction, log: str, last: float) -> Iterator[str]:
    """Yield the whole log as export lines; raises Unavailable ``too-slow`` after the moment ``last`` of the monotonic clock."""
    start = 0
    while portion := _portion(tx, log, start):
        yield from portion
        start += len(portion)
        if time.monotonic() > last:
            sentence = gettext("The log is too long to be verified in a page. Export it, and run: seal audit verify.")
            raise Unavailable("too-slow", sentence, retry_after_seconds=60)


def export(visit: Visit) -> Response:
    """Return the whole log as JSON Lines, as ``seal audit export`` does."""
    log = organization_log(look_up(visit, lambda _, organization: organization.slug))

    def rows() -> Iterator[str]:
        # Each portion is a transaction of its own: a reader who stops reading must not hold a connection of the database.
        start = 0
        while True:
            with visit.house.database.read(visit.now) as tx:
                portion = _portion(tx, log, start)
            if not portion:
                return
            yield "".join(portion)
            start += len(portion)

    headers = {"Content-Disposition": f'attachment; filename="{log}.jsonl"'}
    return StreamingResponse(rows(), media_type="application/jsonl", headers=headers)


def download_checkpoint(visit: Visit) -> Response:
    """Return the newest checkpoint as a file."""
    log = organization_log(visit.slug)
    newest = look_up(visit, lambda tx, _: audit.newest_checkpoint(tx, log))
    if newest is None:
        raise _no_checkpoint()
    return Response(
        newest[1], media_type="text/plain; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{log}.checkpoint"'}
    )


def _no_checkpoint() -> NotFound:
    return NotFound("no-checkpoint", gettext("This log has no checkpoint yet. The first one comes within a second of its first entry."))


def verify(visit: Visit) -> Response:
    """Compute the tree of the whole log anew and compare it with the last checkpoint."""
    log = organization_log(visit.slug)
    key = visit.context.entrance.vkey(log)

    def work(tx: Transaction, _: Organization) -> tuple[str, ExportVerdict | None, str]:
        newest = audit.newest_checkpoint(tx, log)
        if newest is None:
            raise _no_checkpoint()
        try:
            return newest[1], verify_export(_lines(tx, log, time.monotonic() + VERIFY_SECONDS), newest[1], key), ""
        except WireError as error:
            return newest[1], None, error.sentence

    note, verdict, trouble = look_up(visit, work)
    values = {"home": home(visit), "checkpoint": note, "verdict": verdict, "trouble": trouble, "log_key": key, "log": log}
    return visit.show("control_center/verified.html", values)
