"""Dated rules: what was law on which day. Nothing else in the product hard-codes a date.

Each row has its source and its date of effect; ``at`` picks the row in force.
"""

from __future__ import annotations

import enum
import itertools
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta


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

VETTING_REUSE = {
    Tier.PUBLIC: (
        DatedRule(date(2020, 1, 1), 825, "CA/Browser Forum TLS BR 4.2.1"),
        DatedRule(date(2026, 3, 15), 398, "CA/Browser Forum TLS BR 4.2.1, ballot SC-081v3; requirements A36"),
    ),
    Tier.PRIVATE: (DatedRule(date(2020, 1, 1), 825, "docs/decisions/0019: private tier, the longest life of one of its certificates"),),
}
"""How many days the vetting of an organization may be relied upon."""

VETTING_REMINDERS = (60, 30, 7)
"""So many days before a vetting ends somebody is reminded of it."""

PERSISTENT_REUSE = {
    Tier.PUBLIC: (DatedRule(date(2025, 11, 10), 10, "CA/Browser Forum TLS BR 3.2.2.4.22, ballot SC-088v3"),),
    Tier.PRIVATE: VALIDATION_REUSE[Tier.PRIVATE],
}
"""The same for a persistent DNS record, which is looked up again by itself instead of being published anew."""


@dataclass(frozen=True, slots=True)
class MethodEnd:
    """From ``effective`` (UTC midnight) on evidence of this method counts no more, however young it is."""

    effective: date
    source: str


METHOD_ENDS: dict[Tier, dict[str, MethodEnd]] = {
    Tier.PUBLIC: {"mail": MethodEnd(date(2028, 3, 15), "CA/Browser Forum TLS BR 3.2.2.4.4, ballot SC-090")},
    Tier.PRIVATE: {},
}
"""Methods of domain validation that end, by the name of the method."""


CAA_FRESH = timedelta(hours=8)
"""For how long after its look-up a CAA record may be acted on (CA/Browser Forum TLS BR 4.2.2.1; until 2026 3.2.2.8).

The rule allows the record's TTL where that is longer; here it is not used, so that an owner who forbids is heard sooner.
"""

MAIL_CODE_LIFE = timedelta(days=7)
"""For how long the random value of a mailed validation counts; TLS BR 3.2.2.4.4 allows 30 days at most."""

REMINDER_DAYS = (30, 14, 7, 2)
"""So many days before a domain validation ends its organization is reminded, each time once (issue 4)."""


PRIMARY = "primary"
"""What evidence calls the perspective that belongs to no remote resolver."""


def usual_quorum(remote: int) -> int:
    """Return how many of so many remote perspectives have to agree (TLS BR 3.2.2.9: one may differ, two from six on)."""
    return remote if remote < 2 else remote - (1 if remote < 6 else 2)


def reusable_until(rules: tuple[DatedRule, ...], since: datetime) -> datetime:
    """Return the moment from which evidence of ``since`` counts no more, by the rows in force then and later.

    A later row that shortens the reuse counts for old evidence too, from its date of effect on (incident I4).
    """
    rows = sorted(rules, key=lambda rule: rule.effective)
    for row, following in itertools.pairwise((*rows, None)):
        assert row is not None  # noqa: S101 - tells the type checker that only the last one is
        end = max(_midnight(row.effective), since + timedelta(days=row.days))
        if following is None or end < _midnight(following.effective):
            return end
    message = "no rule"
    raise ValueError(message)


def method_end(tier: Tier, method: str) -> datetime | None:
    """Return the moment from which evidence of this method counts no more, if there is one."""
    end = METHOD_ENDS[tier].get(method)
    return None if end is None else _midnight(end.effective)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def at(rules: tuple[DatedRule, ...], now: datetime) -> DatedRule:
    """Return the rule in force at ``now``; raises ValueError before the first row."""
    today = now.astimezone(UTC).date()
    in_force = [rule for rule in rules if rule.effective <= today]
    if not in_force:
        message = f"no rule in force on {today}"
        raise ValueError(message)
    return max(in_force, key=lambda rule: rule.effective)
