"""What the steps of a change of a contact share: what is open, applying it with the last yes, telling how it ended.

No action, but what several share. Applying is one transaction with the last yes:
1. the change ends as applied, where both have said yes in time
2. the record names the new corporate contact, where it still named the old one; the history of contacts gets its row
3. other open changes that asked the old corporate contact are overtaken: he is nobody to ask any more
4. both logs and the letters to both addresses, the corporate contact, the security administrators and the provider's vetters
All of it is durable at once, or nothing is.
"""

from __future__ import annotations

from privyseal.actions.house import House, announce, record
from privyseal.model.actor import Actor
from privyseal.model.administrator import Role
from privyseal.model.application import ContactKind
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.contact_change import ContactChange, ContactChangeEnd, require_independent, require_not_alerted
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import ContactChangeId
from privyseal.model.organization import Organization, require_active
from privyseal.store import administrators, applications, contact_changes, organizations
from privyseal.store.applications import Contact
from privyseal.store.database import Transaction
from privyseal.store.failpoints import failpoint


def require_contact_change(tx: Transaction, organization: Organization, change_id: ContactChangeId) -> ContactChange:
    """Return one of this organization, which nobody else changes before this transaction ends; raises NotFound."""
    organizations.hold(tx, organization.id)
    change = contact_changes.get(tx, organization.id, change_id)
    if change is None:
        raise NotFound("not-found", "There is no such change of a contact.")
    return change


def require_open(tx: Transaction, change: ContactChange) -> None:
    """Raise Conflict ``contact-change-ended`` unless it can still be answered."""
    if not change.is_open(tx.now):
        raise ended()


def ended() -> Conflict:
    """Return the error of a change that has ended."""
    return Conflict("contact-change-ended", "This change of a contact has ended, or its time is over. Somebody can propose it anew.")


def note_contact(house: House, tx: Transaction, actor: Actor, slug: str, action: str, change: ContactChange, reason: str = "") -> None:
    """Write the entry into the organization's log and the provider's: addresses stand there as salted hashes."""
    evidence = tuple(house.personal_hash(email) for email in (change.asked_email, change.email))
    event = AuditEvent(action, Outcome.DONE, "contact-change", change.id, reason=reason or change.kind.value, evidence=evidence)
    record(house, tx, actor, slug, event)
    record(house, tx, actor, "", event)


def apply_when_agreed(house: House, tx: Transaction, actor: Actor, organization: Organization, change: ContactChange) -> bool:
    """Apply it where everybody has said yes; tells whether it did. Raises Conflict ``contact-moved``, Refused.

    Refused ``alert-contact`` and ``organization-not-active`` are judged again here: days have passed since it was proposed.
    """
    if not contact_changes.apply(tx, change):
        return False
    failpoint("contact.before-applied")
    require_active(organizations.get(tx, organization.id))
    require_independent(change.kind, change.email, administrators.of_organization(tx, organization.id))
    if change.kind is ContactKind.CORPORATE:
        if not organizations.replace_contact(tx, organization.id, change.asked_email, change.email):
            sentence = "The corporate contact is not the one any more who was asked about this change. Propose it anew."
            raise Conflict("contact-moved", sentence)
        _overtake(house, tx, actor, organization)
    applications.add_contact(tx, organization.id, Contact(change.kind, change.name, change.email, change.proposed_by, tx.now))
    note_contact(house, tx, actor, organization.slug, "apply-contact-change", change)
    tell_ended(house, tx, organization, change)
    failpoint("contact.before-commit")
    return True


def require_not_alerted_of(tx: Transaction, organization: Organization, role: Role, email: str) -> None:
    """Raise Refused ``alert-contact`` where the alert contact of the organization would get a recovery role; hold the organization."""
    alerted = applications.current_contacts(tx, organization).get(ContactKind.ALERT)
    require_not_alerted(role, email, alerted.email if alerted else "")


def _overtake(house: House, tx: Transaction, actor: Actor, organization: Organization) -> None:
    named = applications.current_contacts(tx, organization)
    for other in contact_changes.open_of(tx, organization.id):
        if other.kind not in named:
            end_contact_change(house, tx, actor, organization, other, ContactChangeEnd.OVERTAKEN)


def end_contact_change(
    house: House, tx: Transaction, actor: Actor, organization: Organization, change: ContactChange, end: ContactChangeEnd
) -> bool:
    """End it without applying it, and tell of it; tells whether it was open."""
    if not contact_changes.close(tx, change, end, actor.id):
        return False
    note_contact(house, tx, actor, organization.slug, "end-contact-change", change, end.value)
    tell_ended(house, tx, organization, change)
    return True


def tell_ended(house: House, tx: Transaction, organization: Organization, change: ContactChange) -> None:
    """Tell both addresses, the corporate contact, the security administrators and the provider's vetters."""
    announce(house, tx, FactKind.CONTACT_CHANGE_CLOSED, {"organization": organization.slug, "contact_change": change.id})
