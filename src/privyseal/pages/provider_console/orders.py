"""Units and orders: what was bought, and booking an order."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.actions.house import About, attempt
from privyseal.actions.organization.place_order import place_order
from privyseal.model.errors import BadRequest, Conflict, Refused
from privyseal.model.unit import UnitTier
from privyseal.pages.provider_console.organization import place as place_of
from privyseal.pages.provider_console.organization import read_number, require_organization
from privyseal.reception.site import Visit
from privyseal.store import organizations, units

PAGE_SIZE = 50
NEW = "provider_console/new_order.html"


def show_orders(visit: Visit) -> Response:
    """Show the newest orders of all organizations."""
    after = visit.query("after", 64)
    with visit.house.database.read(visit.now) as tx:
        found = units.orders_page(tx, after=after, limit=PAGE_SIZE + 1)
        whose = organizations.get_many(tx, [order.organization_id for order in found])
        rows = [(order, whose[order.organization_id]) for order in found[:PAGE_SIZE]]
    values = {
        "rows": rows,
        "filters": [],
        "next_address": f"/provider/orders?after={found[PAGE_SIZE - 1].id}" if len(found) > PAGE_SIZE else "",
        "first_address": "/provider/orders" if after else "",
    }
    return visit.show("provider_console/orders.html", values)


def show_new(visit: Visit) -> Response:
    """Show the form."""
    return visit.show(NEW, {"organization": require_organization(visit), "place": place_of(visit)})


def place(visit: Visit) -> Response:
    """Book the order and go back to the organization."""
    organization = require_organization(visit)
    about = About("place-order", organization.slug, "order", "new")
    try:
        quantity = attempt(visit.house, visit.actor, about, lambda: read_number("quantity", visit.form.value("quantity")))
        tier = UnitTier.PREMIUM if visit.form.value("tier") == UnitTier.PREMIUM.value else UnitTier.STANDARD
        visit.perform(about, place_order, organization.slug, tier, quantity, visit.form.value("purchase_order"))
    except (Refused, BadRequest, Conflict) as error:
        visit.form.refuse(error.field, error.sentence)
        return visit.show(NEW, {"organization": organization, "place": place_of(visit)}, status=422)
    return visit.go_to(f"{place_of(visit)}?done=order#units")
