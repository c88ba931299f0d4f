"""Contacts of an organization: who they are, and changing one with the yes of two addresses."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from privyseal.actions.contact.answer_contact_change import answer_contact_change
from privyseal.actions.contact.propose_contact import propose_contact
from privyseal.actions.contact.record_call import record_call
from privyseal.actions.contact.withdraw_contact import withdraw_contact
from privyseal.actions.house import About, perform
from privyseal.doors.rest.access import ANYBODY, described, holder, provider
from privyseal.doors.rest.addresses import ContactChangePath, Slug
from privyseal.doors.rest.authentication import CallerOf, Context
from privyseal.doors.rest.bodies import Body, NoBody, Text
from privyseal.doors.rest.documents import Document, Time
from privyseal.doors.rest.reading import attempt_within, read, require_for_provider
from privyseal.model.administrator import Permission
from privyseal.model.application import ContactKind
from privyseal.model.contact_change import ContactAnswer, ContactChange, ContactChangeEnd
from privyseal.model.identifiers import ContactChangeId
from privyseal.model.organization import Organization
from privyseal.model.statement import utc_text
from privyseal.store import applications, contact_changes
from privyseal.store.applications import Contact
from privyseal.store.database import Transaction

router = APIRouter(tags=["Contacts"])


class ContactBody(Body):
    """Another contact."""

    kind: ContactKind = Field(description="Which contact.")
    name: Text = Field(description="Name of the person.", examples=["Dana Scully"])
    email: Text = Field(description="The new address.", examples=["dana@resource-marketing.test"])


class ContactAnswerBody(Body):
    """The answer of an address."""

    code: Text = Field(description="The code in the letter to that address.")
    answer: ContactAnswer = Field(description="`no` ends the change at once.")


class ContactCallBody(Body):
    """A call that stands for the old address."""

    telephone: Text = Field(description="The number that was called, from the vetting.", examples=["+1 859 555 0100"])
    note: Text = Field(description="Whom it reached, where the number is from, and what was said.")


class ContactDocument(Document):
    """A contact as it is now; the name is left out where nobody ever gave one."""

    kind: ContactKind
    name: str | None = None
    email: str
    since: Time


class ContactChangeDocument(Document):
    """A change of a contact and how far it is. Codes are never told."""

    id: str
    kind: ContactKind
    name: str
    email: str
    asked: str = Field(description="The address that has to agree beside the new one; empty where nobody is known.")
    proposed_at: Time
    proposed_by: str
    by_provider: bool
    expires_at: Time
    agreed_at: Time | None = Field(default=None, description="When the old address said yes.")
    confirmed_at: Time | None = Field(default=None, description="When the new address said yes.")
    called_at: Time | None = Field(default=None, description="When a call of the provider was recorded that stands for the old address.")
    called_by: str | None = None
    ended_at: Time | None = None
    end: ContactChangeEnd | None = None


class ContactsDocument(Document):
    """The contacts of an organization, and the newest changes of them."""

    contacts: list[ContactDocument]
    changes: list[ContactChangeDocument]


class ContactAnswered(Document):
    """What followed from an answer: nothing yet, or the end of the change."""

    end: ContactChangeEnd | None = None


def _contact(contact: Contact) -> ContactDocument:
    return ContactDocument(kind=contact.kind, name=contact.name or None, email=contact.email, since=utc_text(contact.at))


def _change(change: ContactChange) -> ContactChangeDocument:
    return ContactChangeDocument(
        id=change.id,
        kind=change.kind,
        name=change.name,
        email=change.email,
        asked=change.asked_email,
        proposed_at=utc_text(change.proposed_at),
        proposed_by=change.proposed_by,
        by_provider=change.is_by_provider,
        expires_at=utc_text(change.expires_at),
        agreed_at=utc_text(change.agreed_at) if change.agreed_at else None,
        confirmed_at=utc_text(change.confirmed_at) if change.confirmed_at else None,
        called_at=utc_text(change.called_at) if change.called_at else None,
        called_by=change.called_by or None,
        ended_at=utc_text(change.ended_at) if change.ended_at else None,
        end=change.end,
    )


def _contacts(tx: Transaction, organization: Organization) -> ContactsDocument:
    known = applications.current_contacts(tx, organization)
    return ContactsDocument(
        contacts=[_contact(known[kind]) for kind in ContactKind if kind in known],
        changes=[_change(change) for change in contact_changes.of_organization(tx, organization.id)],
    )


@router.get("/organizations/{org}/contacts", **described(holder(Permission.READ), 403))
def list_contacts(org: Slug, context: Context, caller: CallerOf) -> ContactsDocument:
    """List who is what contact now, and the newest 200 changes, the newest first."""
    return read(context, caller, About("show-contacts", org, "organization", org), Permission.READ, _contacts)


@router.post(
    "/organizations/{org}/contact-changes", status_code=201, **described(holder(Permission.MANAGE_ADMINISTRATORS), 403, 409, post=True)
)
def propose(org: Slug, body: ContactBody, context: Context, caller: CallerOf) -> ContactChangeDocument:
    """Propose another contact. The old address and the new one get a letter each, and both have to say yes within ten days."""
    about = About("propose-contact", org, "contact-change", "new")
    read(context, caller, about, Permission.MANAGE_ADMINISTRATORS, lambda _tx, _organization: None)
    return _change(perform(context.house, caller.actor, about, propose_contact, org, body.kind, body.name, body.email))


@router.post(
    "/organizations/{org}/contact-changes/{contact_change}/withdrawal",
    **described(holder(Permission.MANAGE_ADMINISTRATORS), 403, 409, post=True),
)
def withdraw(org: Slug, contact_change: ContactChangePath, _body: NoBody, context: Context, caller: CallerOf) -> ContactChangeDocument:
    """Withdraw a change of a contact, whoever proposed it."""
    about = About("end-contact-change", org, "contact-change", contact_change)
    read(context, caller, about, Permission.MANAGE_ADMINISTRATORS, lambda _tx, _organization: None)
    return _change(perform(context.house, caller.actor, about, withdraw_contact, org, ContactChangeId(contact_change)))


@router.post("/organizations/{org}/contact-changes/{contact_change}/answer", **described(ANYBODY, 409, post=True))
def answer(org: Slug, contact_change: ContactChangePath, body: ContactAnswerBody, context: Context, caller: CallerOf) -> ContactAnswered:
    """Answer for the old or the new address, with the code of its letter. The last yes applies the change; one no ends it."""
    about, change_id = About("confirm-contact", org, "contact-change", contact_change), ContactChangeId(contact_change)
    found = attempt_within(
        context, caller, about, lambda: answer_contact_change(context.house, caller.actor, org, change_id, body.code, body.answer)
    )
    return ContactAnswered(end=found.end)


@router.get("/provider/organizations/{org}/contacts", **described(provider(Permission.READ), 403))
def list_for_provider(org: Slug, context: Context, caller: CallerOf) -> ContactsDocument:
    """List the contacts of any organization, and the newest 200 changes."""
    about = About("show-contacts", org, "organization", org)
    require_for_provider(context, caller, about, Permission.READ)
    return read(context, caller, about, None, _contacts)


@router.post("/provider/organizations/{org}/contact-changes", status_code=201, **described(provider(Permission.VET), 403, 409, post=True))
def propose_for_provider(org: Slug, body: ContactBody, context: Context, caller: CallerOf) -> ContactChangeDocument:
    """Propose another contact of an organization. Somebody of the organization has to agree while anybody there can."""
    about = About("propose-contact", org, "contact-change", "new")
    require_for_provider(context, caller, about, Permission.VET)
    return _change(perform(context.house, caller.actor, about, propose_contact, org, body.kind, body.name, body.email))


@router.post(
    "/provider/organizations/{org}/contact-changes/{contact_change}/withdrawal", **described(provider(Permission.VET), 403, 409, post=True)
)
def withdraw_for_provider(
    org: Slug, contact_change: ContactChangePath, _body: NoBody, context: Context, caller: CallerOf
) -> ContactChangeDocument:
    """Withdraw a change of a contact, whoever proposed it."""
    about = About("end-contact-change", org, "contact-change", contact_change)
    require_for_provider(context, caller, about, Permission.VET)
    return _change(perform(context.house, caller.actor, about, withdraw_contact, org, ContactChangeId(contact_change)))


@router.post(
    "/provider/organizations/{org}/contact-changes/{contact_change}/call",
    **described(provider(Permission.CONCLUDE_VETTING), 403, 409, post=True),
)
def call(org: Slug, contact_change: ContactChangePath, body: ContactCallBody, context: Context, caller: CallerOf) -> ContactChangeDocument:
    """Record a call that stands for the yes of the old address, three days after the letter; never by who proposed the change."""
    about = About("record-contact-call", org, "contact-change", contact_change)
    require_for_provider(context, caller, about, Permission.CONCLUDE_VETTING)
    change_id = ContactChangeId(contact_change)
    return _change(perform(context.house, caller.actor, about, record_call, org, change_id, body.telephone, body.note))
