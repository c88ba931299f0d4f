"""The provider enters an organization that applies; it can do nothing before it is vetted (A35, I17)."""

from __future__ import annotations

from privyseal.actions.account_life import note
from privyseal.actions.house import House, record
from privyseal.engine.names import normalize_email
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict
from privyseal.model.identifiers import OrganizationId
from privyseal.model.organization import (
    Organization,
    OrganizationEvent,
    OrganizationState,
    require_country,
    require_real_name,
    require_record_text,
    require_slug,
)
from privyseal.store import organizations
from privyseal.store.database import Transaction


def create_organization(
    house: House,
    tx: Transaction,
    actor: Actor,
    *,
    slug: str,
    name: str,
    country: str,
    state_or_province: str,
    locality: str,
    contact_email: str,
) -> Organization:
    """Store the record as it will stand in certificates; raises Refused (a field), Conflict ``slug-taken``."""
    require(actor, Permission.VET, None)
    organization = Organization(
        id=OrganizationId(house.id("org", tx.now)),
        slug=require_slug(slug),
        name=require_real_name(require_record_text("name", name)),
        country=require_country(country),
        state_or_province=require_record_text("state_or_province", state_or_province, optional=True),
        locality=require_record_text("locality", locality, optional=True),
        contact_email=normalize_email(contact_email),
        state=OrganizationState.APPLIED,
        created_at=tx.now,
        vetted_at=None,
        vetted_by="",
        vetting_evidence="",
    )
    if organizations.by_slug(tx, slug) is not None:
        raise Conflict("slug-taken", f"There is an organization {slug} already. Choose another short name.", field="slug")
    organizations.insert(tx, organization)
    note(tx, actor, organization, OrganizationEvent.ENTER, OrganizationState.APPLIED)
    record(house, tx, actor, slug, AuditEvent("create-organization", Outcome.DONE, "organization", organization.id))
    return organization
