"""Dated rules: what was law on which day. Nothing else in the product hard-codes a date.

Each row has its source and its date of effect; ``at`` picks the row in force.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, date, datetime


class Tier(enum.Enum):
    """Trust tiers: the private one is bound by its policies, the public one by the CA/Browser Forum as well."""

    PRIVATE = "private"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class DatedRule:
    """``days`` holds from ``effective`` (UTC midnight) until the next row."""

    effective: date
    days: int
    source: str


LIFETIME_CAP = {
    Tier.PUBLIC: (
        DatedRule(date(2020, 9, 1), 398, "CA/Browser Forum TLS BR 6.3.2"),
        DatedRule(date(2026, 3, 15), 200, "CA/Browser Forum TLS BR 6.3.2, ballot SC-081v3"),
        DatedRule(date(2027, 3, 15), 100, "CA/Browser Forum TLS BR 6.3.2, ballot SC-081v3"),
        DatedRule(date(2029, 3, 15), 47, "CA/Browser Forum TLS BR 6.3.2, ballot SC-081v3"),
    ),
    Tier.PRIVATE: (DatedRule(date(2020, 1, 1), 825, "requirements A13: private tier, one or two years"),),
}
"""Longest life in days of a server certificate on its issue date."""

VALIDATION_REUSE = {
    Tier.PUBLIC: (
        DatedRule(date(2020, 1, 1), 398, "CA/Browser Forum TLS BR 4.2.1"),
        DatedRule(date(2026, 3, 15), 200, "CA/Browser Forum TLS BR 4.2.1, ballot SC-081v3"),
        DatedRule(date(2027, 3, 15), 100, "CA/Browser Forum TLS BR 4.2.1, ballot SC-081v3"),
        DatedRule(date(2029, 3, 15), 10, "CA/Browser Forum TLS BR 4.2.1, ballot SC-081v3"),
    ),
    Tier.PRIVATE: (DatedRule(date(2020, 1, 1), 398, "requirements A37: reuse window of the private tier"),),
}
"""How many days evidence of domain control may be reused."""


def at(rules: tuple[DatedRule, ...], now: datetime) -> DatedRule:
    """Return the rule in force at ``now``; raises ValueError before the first row."""
    today = now.astimezone(UTC).date()
    in_force = [rule for rule in rules if rule.effective <= today]
    if not in_force:
        message = f"no rule in force on {today}"
        raise ValueError(message)
    return max(in_force, key=lambda rule: rule.effective)
