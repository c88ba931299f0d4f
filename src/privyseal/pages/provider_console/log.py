"""The provider's own audit log: what happened, the export, the checkpoint to keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from privyseal.look.audit_words import action_choices
from privyseal.look.words import gettext
from privyseal.model.audit import PROVIDER_LOG
from privyseal.model.errors import BadRequest, NotFound
from privyseal.reception.log_list import FIELDS, Found, Wanted, look_into, read_day, read_index
from privyseal.reception.site import Visit
from privyseal.store import administrators, audit
from privyseal_wire.export import export_line

LOG = "provider_console/log.html"
PORTION = 1000


def show_log(visit: Visit) -> Response:
    """Show one page of entries, newest first."""
    asked = {name: visit.query(name, 128) for name in FIELDS if visit.query(name, 128)}
    visit.form.values = {name: [value] for name, value in asked.items()}
    before = read_index(visit.query("before"))
    try:
        wanted = Wanted(asked, read_day(asked, "from"), read_day(asked, "to"), before)
    except BadRequest as error:
        visit.form.refuse(error.field, error.sentence)
        return visit.show(LOG, _values(visit, asked, Found([], None, is_full=False)), status=400)
    with visit.house.database.read(visit.now) as tx:
        found = look_into(tx, PROVIDER_LOG, wanted, lambda _kind, _object_id: "")
    first = _address(asked) if before is not None else ""
    return visit.show(LOG, _values(visit, asked, found) | {"first_address": first})


def _values(visit: Visit, asked: Mapping[str, str], found: Found) -> dict[str, object]:
    with visit.house.database.read(visit.now) as tx:
        checkpoint = audit.newest_checkpoint(tx, PROVIDER_LOG)
        people = administrators.names_within(tx, None)
    return {
        "asked": asked,
        "lines": found.lines,
        "is_partial": not found.is_full and found.behind is not None,
        "filters": (),
        "actions": action_choices(),
        "people": people,
        "next_address": _address(asked, found.behind) if found.behind is not None else "",
        "first_address": "",
        "size": checkpoint[0] if checkpoint else 0,
        "key": visit.context.entrance.vkey(PROVIDER_LOG),
    }


def _address(asked: Mapping[str, str], before: int | None = None) -> str:
    query = urlencode({**asked, **({"before": str(before)} if before is not None else {})})
    return f"/provider/log{'?' if query else ''}{query}"


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
