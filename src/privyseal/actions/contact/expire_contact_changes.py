"""End the changes of contacts that were not answered in time, and tell of it; run by the sweep, harmless to repeat."""

from __future__ import annotations

from privyseal.actions.contacting import end_contact_change
from privyseal.actions.house import House
from privyseal.model.actor import Actor
from privyseal.model.contact_change import ContactChangeEnd
from privyseal.store import contact_changes, organizations
from privyseal.store.database import Transaction


def expire_contact_changes(house: House, tx: Transaction, actor: Actor) -> int:
    """Return how many were ended."""
    found = contact_changes.expired(tx)
    whose = organizations.get_many(tx, [change.organization_id for change in found])
    return sum(end_contact_change(house, tx, actor, whose[change.organization_id], change, ContactChangeEnd.EXPIRED) for change in found)
