"""Prepaid units: bought in orders, reserved when a certificate is prepared, used when it is issued (A01-A05, I20-I21)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from privyseal.model.errors import Refused
from privyseal.model.identifiers import OrderId, OrganizationId

MINIMUM_FIRST_ORDER = 5  # A02: the audience is whoever secures five or more servers.
MAXIMUM_ORDER = 1_000_000


class UnitTier(enum.Enum):
    """What a unit buys; a reissue uses none (G14)."""

    STANDARD = "standard"
    PREMIUM = "premium"


NO_UNIT = "none"
"""Written in place of a tier where no unit is used."""


class LedgerKind(enum.Enum):
    """Kinds of ledger lines; lines are only ever added."""

    PURCHASE = "purchase"
    RESERVE = "reserve"
    RELEASE = "release"
    CONSUME = "consume"


@dataclass(frozen=True, slots=True)
class Order:
    """A commercial order of units."""

    id: OrderId
    organization_id: OrganizationId
    tier: UnitTier
    quantity: int
    purchase_order: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class UnitBalance:
    """Counts per tier; ``available`` is what a new request may still use."""

    tier: UnitTier
    bought: int
    reserved: int
    used: int

    @property
    def available(self) -> int:
        """Units neither used nor reserved."""
        return self.bought - self.reserved - self.used


def require_order_quantity(quantity: int, *, first: bool) -> int:
    """Return the quantity; raises Refused ``order-quantity`` below the minimum of a first order (A02)."""
    minimum = MINIMUM_FIRST_ORDER if first else 1
    if not minimum <= quantity <= MAXIMUM_ORDER:
        sentence = f"An order has {minimum} to {MAXIMUM_ORDER:,} units; this one has {quantity:,}."
        raise Refused("order-quantity", sentence, field="quantity")
    return quantity
