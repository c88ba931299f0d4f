"""What a unit costs: the provider's price list, one version after the other for each tier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from privyseal.model.errors import Refused
from privyseal.model.unit import UnitTier

MAXIMUM_CENTS: Final = 100_000_000
CURRENCIES: Final = ("CHF", "EUR", "GBP", "USD")


@dataclass(frozen=True, slots=True)
class Price:
    """One version; ``cents`` are hundredths of ``currency`` for one unit."""

    tier: UnitTier
    version: int
    cents: int
    currency: str
    created_at: datetime


def price_content(tier: UnitTier, version: int, cents: int, currency: str) -> dict[str, object]:
    """Return a price as a mapping of canonical JSON values."""
    return {"tier": tier.value, "version": version, "cents": cents, "currency": currency}


def judge_price(value: Mapping[str, object], now: datetime) -> Price:
    """Return the price that :func:`price_content` described; raises Refused ``price``."""
    if value.keys() != {"tier", "version", "cents", "currency"}:
        raise _refuse("a price has tier, version, cents and currency")
    tiers = {tier.value: tier for tier in UnitTier}
    tier, version, cents, currency = value["tier"], value["version"], value["cents"], value["currency"]
    if not isinstance(tier, str) or tier not in tiers:
        raise _refuse(f"the tier is one of {', '.join(tiers)}")
    if not isinstance(currency, str) or currency not in CURRENCIES:
        raise _refuse(f"the currency is one of {', '.join(CURRENCIES)}")
    if type(version) is not int or version < 1:
        raise _refuse("the version is a whole number from 1 on")
    if type(cents) is not int or not 0 <= cents <= MAXIMUM_CENTS:
        raise _refuse(f"a unit costs 0 to {MAXIMUM_CENTS // 100:,} {currency}")
    return Price(tiers[tier], version, cents, currency, now)


def _refuse(what: str) -> Refused:
    return Refused("price", f"This is no price: {what}.", field="cents")
