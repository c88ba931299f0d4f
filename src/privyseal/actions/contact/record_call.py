"""The provider called the organization back, because the old address does not answer: another person than who proposed it says so.

The call stands for the yes of the old address, never for that of the new one. Where the new one has said yes already, the
change is applied in the same transaction.
"""

from __future__ import annotations

from privyseal.actions.account_life import address_of, require_person
from privyseal.actions.contacting import apply_when_agreed, ended, note_contact, require_contact_change, require_open
from privyseal.actions.house import House
from privyseal.model.actor import Actor
from privyseal.model.administrator import Permission
from privyseal.model.contact_change import (
    NOTE_CHARACTERS,
    ContactChange,
    require_call_time,
    require_organization_behind,
    require_second_caller,
    require_telephone,
)
from privyseal.model.identifiers import ContactChangeId
from privyseal.model.request import require_text
from privyseal.store import administrators, contact_changes, organizations
from privyseal.store.database import Transaction


def record_call(
    house: House, tx: Transaction, actor: Actor, slug: str, change_id: ContactChangeId, telephone: str, note: str
) -> ContactChange:
    """Record the call and return the change as it then stands. ``note`` says who was reached and where the number is from.

    Raises NotFound, NotPermitted (also ``second-person``, ``provider-alone``), Refused ``call-telephone``, ``note``,
    ``call-too-early``, Conflict ``contact-change-ended``, ``contact-moved``.
    """
    require_person(actor, Permission.CONCLUDE_VETTING)
    organization = organizations.require(tx, slug)
    change = require_contact_change(tx, organization, change_id)
    require_open(tx, change)
    require_second_caller(change, address_of(tx, change.proposed_by), (actor.id, address_of(tx, actor.id)))
    people = administrators.of_organization(tx, organization.id)
    require_organization_behind(change, has_administrators=any(person.may(Permission.MANAGE_ADMINISTRATORS) for person in people))
    require_call_time(change, tx.now)
    number, told = require_telephone(telephone), require_text("note", note, NOTE_CHARACTERS)
    if not contact_changes.call(tx, change, actor.id, number, told):
        raise ended()
    note_contact(house, tx, actor, slug, "record-contact-call", change)
    apply_when_agreed(house, tx, actor, organization, change)
    return require_contact_change(tx, organization, change_id)
