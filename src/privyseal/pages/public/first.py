"""The first page: what this is, and the roads in. A demonstration shows its own."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.reception.site import Visit


def show_first_page(visit: Visit) -> Response:
    """Show it."""
    values = {"roads": visit.context.roads(), "status_url": visit.house.service.status_url, "offers_trials": visit.house.offers_trials}
    return visit.show("public/first.html", values)
