"""The audit log: filtered, exported, and verified in the page against its last checkpoint."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from privyseal.look.audit_words import action_choices
from privyseal.look.words import gettext
from privyseal.model.audit import organization_log
from privyseal.model.errors import BadRequest, NotFound, Unavailable
from privyseal.model.organization import Organization
from privyseal.pages.control_center.entry import home, look_up
from privyseal.reception.log_list import FIELDS, Found, Wanted, look_into, read_day, read_index
from privyseal.reception.site import Visit
from privyseal.store import administrators, audit
from privyseal.store.database import Transaction
from privyseal_wire.errors import WireError
from privyseal_wire.export import ExportVerdict, export_line, verify_export

CHUNK: Final = 1_000
VERIFY_SECONDS = 20.0


def show_log(visit: Visit) -> Response:
    """Show one page of entries, newest first."""
    asked = {name: visit.query(name, 128) for name in FIELDS if visit.query(name, 128)}
    visit.form.values = {name: [value] for name, value in asked.items()}
    try:
        since, until = read_day(asked, "from"), read_day(asked, "to")
    except BadRequest as error:
        visit.form.refuse(error.field, error.sentence)
        return visit.show("control_center/log.html", _values(visit, asked, Found([], None, is_full=False)), status=400)
    before = read_index(visit.query("before"))
    wanted, log = Wanted(asked, since, until, before), organization_log(visit.slug)
    found = look_up(visit, lambda tx, _: look_into(tx, log, wanted, lambda kind, object_id: _page_of(visit, kind, object_id)))
    first = _address(visit, asked) if before is not None else ""
    return visit.show("control_center/log.html", _values(visit, asked, found) | {"first_address": first})


def _page_of(visit: Visit, kind: str, object_id: str) -> str:
    ways = {"request": "requests", "certificate": "certificates", "administrator": "administrators"}
    return f"{home(visit)}/{ways[kind]}/{object_id}" if kind in ways else ""


def _values(visit: Visit, asked: Mapping[str, str], found: Found) -> dict[str, object]:
    def facts(tx: Transaction, organization: Organization) -> tuple[Sequence[tuple[str, str]], tuple[int, str, datetime] | None]:
        return administrators.names_within(tx, organization.id), audit.newest_checkpoint(tx, organization_log(organization.slug))

    people, checkpoint = look_up(visit, facts)
    return {
        "home": home(visit),
        "asked": asked,
        "lines": found.lines,
        "is_partial": not found.is_full and found.behind is not None,
        "filters": (),
        "actions": action_choices(),
        "next_address": _address(visit, asked, found.behind) if found.behind is not None else "",
        "first_address": "",
        "people": people,
        "checkpoint": checkpoint,
        "log_key": visit.context.entrance.vkey(organization_log(visit.slug)),
    }


def _address(visit: Visit, asked: Mapping[str, str], before: int | None = None) -> str:
    query = urlencode({**asked, **({"before": str(before)} if before is not None else {})})
    return f"{home(visit)}/audit{'?' if query else ''}{query}"


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
