"""Work that failed: letters that could not be delivered, why, and trying them again."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.actions.audit.retry_deliveries import retry_deliveries
from privyseal.actions.house import About
from privyseal.reception.site import Visit
from privyseal.store import outbox

SHOWN = 200


def show_undelivered(visit: Visit) -> Response:
    """Show what failed, the oldest first."""
    with visit.house.database.read(visit.now) as tx:
        rows, count = outbox.failing(tx, SHOWN), outbox.count_failing(tx)
    return visit.show("provider_console/undelivered.html", {"rows": rows, "count": count})


def retry(visit: Visit) -> Response:
    """Have one or all tried now; the running service does it within seconds."""
    chosen = visit.form.all("row")
    about = About("retry-deliveries", "", "outbox", chosen[0][:64] if len(chosen) == 1 else "all")
    visit.perform(about, retry_deliveries, chosen or None)
    return visit.go_to("/provider/undelivered")
