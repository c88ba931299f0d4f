"""The vetting desk takes an application up: the organization is entered as it was written, and its vetting can begin (A35)."""

from __future__ import annotations

from privyseal.actions.account_life import note, require_person
from privyseal.actions.house import House, record
from privyseal.model.actor import Actor
from privyseal.model.administrator import Permission
from privyseal.model.application import Application, ApplicationState, ContactKind
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict
from privyseal.model.identifiers import ApplicationId, OrganizationId
from privyseal.model.organization import Organization, OrganizationEvent, OrganizationState, require_slug
from privyseal.store import applications, organizations
from privyseal.store.applications import Contact
from privyseal.store.database import Transaction


def take_up_application(house: House, tx: Transaction, actor: Actor, application_id: ApplicationId, slug: str) -> Organization:
    """Enter the organization under a short name that the vetter chooses.

    Raises NotFound, NotPermitted, Refused ``organization-slug``, Conflict ``slug-taken``, ``application-state``.
    """
    require_person(actor, Permission.VET)
    application = applications.require(tx, application_id)
    organization = _organization(house, tx, application, require_slug(slug.strip()))
    if organizations.by_slug(tx, organization.slug) is not None:
        raise Conflict("slug-taken", f"There is an organization {slug} already. Choose another short name.", field="slug")
    organizations.insert(tx, organization)
    values = {"decided_by": actor.id, "organization_id": organization.id}
    if not applications.decide(tx, application_id, ApplicationState.TAKEN_UP, **values):
        raise Conflict("application-state", "This application does not wait for a decision: it is not confirmed yet, or decided already.")
    for kind in ContactKind:
        name, email = application.form.contact(kind)
        if email:
            applications.add_contact(tx, organization.id, Contact(kind, name, email, actor.id, tx.now))
    note(tx, actor, organization, OrganizationEvent.ENTER, OrganizationState.APPLIED)
    event = AuditEvent("take-up-application", Outcome.DONE, "organization", organization.id, reason=application_id)
    record(house, tx, actor, organization.slug, event)
    return organization


def _organization(house: House, tx: Transaction, application: Application, slug: str) -> Organization:
    form = application.form
    return Organization(
        id=OrganizationId(house.id("org", tx.now)),
        slug=slug,
        name=form.name,
        country=form.country,
        state_or_province=form.state_or_province,
        locality=form.locality,
        contact_email=form.corporate_email,
        state=OrganizationState.APPLIED,
        created_at=tx.now,
        vetted_at=None,
        vetted_by="",
        vetting_evidence="",
    )
