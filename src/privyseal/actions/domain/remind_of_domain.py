"""Remind an organization that the validation of a domain ends soon: once for each of the days of ``rules.REMINDER_DAYS``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from privyseal.actions.house import House, announce_once, record
from privyseal.model import rules
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.domain import Domain
from privyseal.model.fact import FactKind
from privyseal.model.policy import Policy
from privyseal.model.rules import Tier
from privyseal.store import organizations, policies
from privyseal.store.database import Transaction


def remind_of_domain(house: House, tx: Transaction, actor: Actor, domain: Domain) -> bool:
    """Leave the reminder that is due in the outbox; tells whether it is a new one.

    What ends first counts: under a policy of the public tier evidence ends sooner. Days that were over when the domain was
    validated are not reminded of; after a time without reminders only the last of several days missed is.
    """
    organization = organizations.get(tx, domain.organization_id)
    tier = _strictest(policies.of_organization(tx, organization.id))
    until = domain.valid_until(tier)
    if until is None or domain.validated_at is None:
        return False
    due = _due(domain.validated_at, until, tx.now)
    if due is None:
        return False
    payload = {"organization": organization.slug, "domain": domain.id, "validation": domain.validation_id or "", "tier": tier.value}
    occasion = f"{domain.id} {domain.validation_id} {tier.value} {due}"
    if not announce_once(house, tx, FactKind.DOMAIN_EXPIRING, occasion, until - timedelta(days=due), payload):
        return False
    event = AuditEvent("remind-of-domain", Outcome.DONE, "domain", domain.name, reason=f"{due} days")
    record(house, tx, actor, organization.slug, event)
    return True


def _strictest(found: Iterable[Policy]) -> Tier:
    return Tier.PUBLIC if any(policy.tier is Tier.PUBLIC for policy in found) else Tier.PRIVATE


def _due(validated_at: datetime, until: datetime, now: datetime) -> int | None:
    """Return the smallest number of days of which the moment has come, None before the first and after the end."""
    if now >= until:
        return None
    begun = [days for days in rules.REMINDER_DAYS if validated_at < until - timedelta(days=days) <= now]
    return min(begun, default=None)
