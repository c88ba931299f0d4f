"""Somebody of the organization, or of the provider, proposes another contact; both addresses get a letter with a code.

1. a change of this kind whose time is over ends
2. the change is open, with the hashes of two codes
3. both letters and the ones to the security administrators wait to be sent; both logs have it
All of it is durable at once, or nothing is.
"""

from __future__ import annotations

from privyseal.actions.contacting import end_contact_change, note_contact
from privyseal.actions.house import House, announce
from privyseal.actions.strangers import count_letter
from privyseal.engine.names import normalize_email
from privyseal.engine.phrases import code_hash, new_code
from privyseal.model.actor import Actor, ActorKind, require, require_credential
from privyseal.model.administrator import Permission
from privyseal.model.application import ContactKind
from privyseal.model.contact_change import (
    CONFIRM_WITHIN,
    ContactChange,
    ContactChangeEnd,
    ContactSide,
    require_contact_name,
    require_independent,
)
from privyseal.model.errors import Conflict, NotPermitted, Refused
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import ContactChangeId
from privyseal.model.organization import Organization, require_active
from privyseal.store import administrators, applications, contact_changes, organizations
from privyseal.store.database import Transaction
from privyseal.store.failpoints import failpoint


def propose_contact(house: House, tx: Transaction, actor: Actor, slug: str, kind: ContactKind, name: str, email: str) -> ContactChange:
    """Propose it and return the open change. ``actor`` manages administrators there, or vets for the provider.

    Raises NotFound, NotPermitted, Refused (a field; ``organization-not-active``, ``alert-contact``, ``same-contact``), Conflict
    ``contact-change-open``, TooManyRequests ``too-many-letters``.
    """
    organization = organizations.require(tx, slug)
    is_by_provider = actor.organization_id is None
    require(actor, Permission.VET if is_by_provider else Permission.MANAGE_ADMINISTRATORS, None if is_by_provider else organization.id)
    _require_person(actor)
    organizations.hold(tx, organization.id)
    organization = organizations.get(tx, organization.id)
    require_active(organization)
    known, address = require_contact_name(name), normalize_email(email)
    require_independent(kind, address, administrators.of_organization(tx, organization.id))
    asked = _asked(tx, organization, kind, known, address)
    for other in contact_changes.open_of(tx, organization.id):
        if other.kind is kind and other.is_open(tx.now):
            sentence = "Another change of this contact waits for its answers. Withdraw it first, or let it end."
            raise Conflict("contact-change-open", sentence)
        if other.kind is kind:
            end_contact_change(house, tx, actor, organization, other, ContactChangeEnd.EXPIRED)
    count_letter(house, tx, address)
    codes = {side: new_code(house.random_bytes) for side in ContactSide}
    change = ContactChange(
        id=ContactChangeId(house.id("cch", tx.now)),
        organization_id=organization.id,
        kind=kind,
        name=known,
        email=address,
        asked_email=asked,
        asked_hash=code_hash(codes[ContactSide.ASKED]),
        new_hash=code_hash(codes[ContactSide.NEW]),
        is_by_provider=is_by_provider,
        proposed_by=actor.id,
        proposed_at=tx.now,
        expires_at=tx.now + CONFIRM_WITHIN,
    )
    contact_changes.insert(tx, change)
    failpoint("contact.before-letters")
    note_contact(house, tx, actor, slug, "propose-contact", change)
    about = {"organization": slug, "contact_change": change.id}
    announce(house, tx, FactKind.CONTACT_ASKED, *(about | {"side": side.value, "code": code} for side, code in codes.items()))
    announce(house, tx, FactKind.CONTACT_CHANGE_PROPOSED, about)
    return change


def _require_person(actor: Actor) -> None:
    """Raise NotPermitted unless somebody with a credential of his own is behind it: who proposes must be another one than who calls."""
    require_credential(actor)
    if actor.kind not in {ActorKind.ADMINISTRATOR, ActorKind.PROVIDER_ADMINISTRATOR}:
        raise NotPermitted("contact-person", "A contact is changed by people who are signed in. No program and nobody on the machine can.")


def _asked(tx: Transaction, organization: Organization, kind: ContactKind, name: str, email: str) -> str:
    """Return the address that is asked: the contact until now, or the corporate contact where there is none."""
    current = applications.current_contacts(tx, organization)
    before = current.get(kind)
    if before is not None and (before.name, before.email) == (name, email):
        raise Refused("same-contact", "This is the contact already. Name another one.", field="email")
    return before.email if before is not None else organization.contact_email
