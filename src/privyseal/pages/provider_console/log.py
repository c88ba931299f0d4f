"""The provider's own audit log: what happened, the export, the checkpoint to keep."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from starlette.responses import Response, StreamingResponse

from privyseal.look.words import gettext
from privyseal.model.audit import PROVIDER_LOG
from privyseal.model.errors import NotFound
from privyseal.reception.site import Visit
from privyseal.store import audit
from privyseal_wire.export import export_line

PAGE_SIZE = 100
PORTION = 1000


def show_log(visit: Visit) -> Response:
    """Show the newest entries."""
    before = visit.query("before", 18)
    is_number = before.isascii() and before.isdigit()
    with visit.house.database.read(visit.now) as tx:
        found = audit.newest(tx, PROVIDER_LOG, before=int(before) if is_number else None, limit=PAGE_SIZE + 1)
        checkpoint = audit.newest_checkpoint(tx, PROVIDER_LOG)
    entries = [json.loads(entry) | {"index": index} for index, entry in found[:PAGE_SIZE]]
    for entry in entries:
        entry["at"] = datetime.fromisoformat(entry["time"])
    values = {
        "entries": entries,
        "filters": [],
        "next_address": f"/provider/log?before={found[PAGE_SIZE - 1][0]}" if len(found) > PAGE_SIZE else "",
        "first_address": "/provider/log" if is_number else "",
        "size": checkpoint[0] if checkpoint else 0,
        "key": visit.context.entrance.vkey(PROVIDER_LOG),
    }
    return visit.show("provider_console/log.html", values)


def export(visit: Visit) -> Response:
    """Return the whole log as `privyseal audit export` writes it, read while it is sent."""
    headers = {"Content-Disposition": 'attachment; filename="provider-log.jsonl"'}
    return StreamingResponse(_lines(visit), media_type="application/jsonl", headers=headers)


def _lines(visit: Visit) -> Iterator[str]:
    """Yield the lines in portions, each of a transaction of its own: a slow reader holds no connection of the database."""
    start = 0
    while True:
        with visit.house.database.read(visit.now) as tx:
            found = list(audit.export(tx, PROVIDER_LOG, start=start, limit=PORTION))
        yield "".join(f"{export_line(index, entry)}\n" for index, _, entry in found)
        if len(found) < PORTION:
            return
        start = found[-1][0] + 1


def show_checkpoint(visit: Visit) -> Response:
    """Return the newest checkpoint as a file to keep elsewhere."""
    with visit.house.database.read(visit.now) as tx:
        newest = audit.newest_checkpoint(tx, PROVIDER_LOG)
    if newest is None:
        raise NotFound("not-found", gettext("There is no checkpoint yet. It comes with the first entry."))
    headers = {"Content-Disposition": 'attachment; filename="provider.checkpoint"'}
    return Response(newest[1], media_type="text/plain; charset=utf-8", headers=headers)
