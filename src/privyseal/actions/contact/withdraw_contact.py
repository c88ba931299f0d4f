"""Somebody who may propose a contact takes the change back, whoever proposed it. It ends at once, and everybody is told."""

from __future__ import annotations

from privyseal.actions.contacting import end_contact_change, ended, require_contact_change
from privyseal.actions.house import House
from privyseal.model.actor import Actor, require, require_credential
from privyseal.model.administrator import Permission
from privyseal.model.contact_change import ContactChange, ContactChangeEnd
from privyseal.model.identifiers import ContactChangeId
from privyseal.store import organizations
from privyseal.store.database import Transaction


def withdraw_contact(house: House, tx: Transaction, actor: Actor, slug: str, change_id: ContactChangeId) -> ContactChange:
    """End it; raises NotFound, NotPermitted, Conflict ``contact-change-ended``."""
    organization = organizations.require(tx, slug)
    at_provider = actor.organization_id is None
    require(actor, Permission.VET if at_provider else Permission.MANAGE_ADMINISTRATORS, None if at_provider else organization.id)
    require_credential(actor)
    change = require_contact_change(tx, organization, change_id)
    if not end_contact_change(house, tx, actor, organization, change, ContactChangeEnd.WITHDRAWN):
        raise ended()
    return require_contact_change(tx, organization, change_id)
