"""Buy units for an organization (A01-A05)."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.identifiers import OrderId
from privyseal.model.organization import require_no_trial
from privyseal.model.request import require_text
from privyseal.model.unit import Order, UnitTier, require_order_quantity
from privyseal.store import organizations, units
from privyseal.store.database import Transaction


def place_order(house: House, tx: Transaction, actor: Actor, slug: str, tier: UnitTier, quantity: int, purchase_order: str) -> Order:
    """Add units of a tier; raises NotFound, NotPermitted, Refused ``order-quantity``, ``trial``."""
    require(actor, Permission.SELL, None)
    organization = organizations.require(tx, slug)
    require_no_trial(organization)
    order = Order(
        id=OrderId(house.id("ord", tx.now)),
        organization_id=organization.id,
        tier=tier,
        quantity=require_order_quantity(quantity, first=not units.has_ordered(tx, organization.id)),
        purchase_order=require_text("purchase_order", purchase_order, 64, optional=True),
        created_at=tx.now,
    )
    units.add_order(tx, order)
    record(house, tx, actor, slug, AuditEvent("place-order", Outcome.DONE, "order", order.id, reason=f"{quantity} {tier.value}"))
    return order
