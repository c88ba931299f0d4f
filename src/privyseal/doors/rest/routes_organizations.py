"""An organization as its requesters and its own people see it: policies, domains, units."""

from __future__ import annotations

from fastapi import APIRouter

from privyseal.actions.house import About
from privyseal.doors.rest.access import ANYBODY, described, holder
from privyseal.doors.rest.addresses import Slug
from privyseal.doors.rest.authentication import CallerOf, Context
from privyseal.doors.rest.documents import PublicOrganization, UnitsDocument
from privyseal.doors.rest.reading import read
from privyseal.doors.rest.representations import balance_document, public_policy
from privyseal.model.actor import ActorKind
from privyseal.model.administrator import Permission
from privyseal.model.audit import organization_log
from privyseal.model.errors import NotFound
from privyseal.model.organization import Organization, OrganizationState
from privyseal.model.statement import utc_text
from privyseal.model.unit import UnitTier
from privyseal.store import organizations, policies, units
from privyseal.store.database import Transaction

router = APIRouter(tags=["Organizations"])


@router.get("/organizations/{org}", **described(ANYBODY))
def show_organization(org: Slug, context: Context, caller: CallerOf) -> PublicOrganization:
    """Show what a requester needs: validated domains, policies, the administrators' contact.

    An organization that is not active yet, or closed, is shown to its own people and to the provider alone.
    """

    def show(tx: Transaction, organization: Organization) -> PublicOrganization:
        insider = caller.actor.kind is ActorKind.PROVIDER_ADMINISTRATOR or caller.actor.organization_id == organization.id
        if organization.state not in {OrganizationState.ACTIVE, OrganizationState.SUSPENDED} and not insider:
            raise NotFound("not-found", "There is no such organization, or it is not yours.")
        return PublicOrganization(
            slug=organization.slug,
            name=organization.name,
            domains=[domain.name for domain in organizations.domains_of(tx, organization.id) if domain.is_valid(tx.now)],
            policies=[public_policy(policy) for policy in policies.of_organization(tx, organization.id)],
            contact=organization.contact_email,
            log_key=context.vkey(organization_log(organization.slug)),
            trial_until=utc_text(organization.trial_until) if organization.trial_until else None,
        )

    return read(context, caller, About("show-organization", org, "organization", org), None, show)


@router.get("/organizations/{org}/units", **described(holder(Permission.READ), 403))
def show_units(org: Slug, context: Context, caller: CallerOf) -> UnitsDocument:
    """Show how many units were bought, reserved and used, and how many are left."""

    def show(tx: Transaction, organization: Organization) -> UnitsDocument:
        standard, premium = (balance_document(units.balance(tx, organization.id, tier)) for tier in (UnitTier.STANDARD, UnitTier.PREMIUM))
        return UnitsDocument(standard=standard, premium=premium)

    return read(context, caller, About("show-units", org, "organization", org), Permission.READ, show, scoped=True)
