"""``seal order`` and ``seal unit``: what was bought and what is left of it."""

from __future__ import annotations

from typing import Literal, TypeAlias

from privyseal_agent import words
from privyseal_agent.desk import Reply
from privyseal_agent.groups import AtDesk, group, open_service
from privyseal_agent.rest.documents import Document
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions

ORDERS = group("order", "Orders of units.")
UNITS = group("unit", "Units of the organization.")

Tier: TypeAlias = Literal["standard", "premium"]


@ORDERS.command
def place(
    quantity: int, /, *, tier: Tier = "standard", purchase_order: str, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk
) -> Reply:
    """Book an order of units for the organization. For the provider.

    Parameters
    ----------
    quantity
        How many units.
    tier
        standard (the default) or premium.
    purchase_order
        The customer's number of the order.
    """
    body = {"tier": tier, "quantity": quantity, "purchase_order": purchase_order}
    with open_service(options, desk) as service:
        answer = service.post(f"/provider{service.path('orders')}", body)
    return Reply(answer.fields, f"{words.count(quantity, f'{tier} unit')} ordered for {service.settings.organization}.")


@UNITS.command
def show(*, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Show how many units were bought, reserved and used, and how many are left."""
    with open_service(options, desk) as service:
        answer = service.get(service.path("units"))
    rows = [_row(tier, answer.part(tier)) for tier in ("standard", "premium") if tier in answer.fields]
    return Reply(answer.fields, words.table(("TIER", "BOUGHT", "RESERVED", "USED", "AVAILABLE"), rows, empty="There are no units."))


def _row(tier: str, balance: Document) -> tuple[str, ...]:
    return (tier, *(str(balance.integer(name)) for name in ("bought", "reserved", "used", "available")))
