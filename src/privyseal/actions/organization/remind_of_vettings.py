"""Remind of vettings that end soon: 60, 30 and 7 days before the public tier does not count them any more (A36)."""

from __future__ import annotations

from datetime import timedelta

from privyseal.actions.house import House, announce_once
from privyseal.model.actor import Actor
from privyseal.model.fact import FactKind
from privyseal.model.organization import Organization, OrganizationState, vetted_until
from privyseal.model.rules import VETTING_REMINDERS, Tier
from privyseal.store import organizations
from privyseal.store.database import Transaction

PAGE = 200


def remind_of_vettings(house: House, tx: Transaction, actor: Actor) -> int:
    """Announce the latest reminder that is due of each active organization; return how many are new. A second time adds none."""
    announced, after = 0, ""
    while found := organizations.page(tx, after=after, state=OrganizationState.ACTIVE, limit=PAGE):
        announced += sum(_remind(house, tx, organization) for organization in found)
        after = found[-1].id
    return announced


def _remind(house: House, tx: Transaction, organization: Organization) -> int:
    end = vetted_until(organization, Tier.PUBLIC)
    if end is None or tx.now >= end:
        return 0
    # Only the latest: after a long stop nobody gets three letters at once.
    due = [days for days in VETTING_REMINDERS if tx.now >= end - timedelta(days=days)]
    if not due:
        return 0
    days = min(due)
    payload = {"organization": organization.slug, "days": days}
    return announce_once(house, tx, FactKind.VETTING_ENDS, f"{organization.id} {days}", end - timedelta(days=days), payload)
