"""What the provider does: organizations, domains, orders, policies, its own log. It approves nothing (I13)."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from privyseal.actions.house import About, perform
from privyseal.actions.organization.add_policy import add_policy
from privyseal.actions.organization.create_organization import create_organization
from privyseal.actions.organization.place_order import place_order
from privyseal.doors.rest.access import described, provider
from privyseal.doors.rest.addresses import After, Limit, Slug
from privyseal.doors.rest.authentication import CallerOf, Context
from privyseal.doors.rest.bodies import (
    InvitationBody,
    OrderBody,
    OrganizationBody,
    PolicyBody,
)
from privyseal.doors.rest.documents import (
    AdministratorDocument,
    OrderDocument,
    OrderResult,
    OrganizationDocument,
    OrganizationPage,
    PolicyDocument,
)
from privyseal.doors.rest.reading import read, read_of_provider, require_for_provider
from privyseal.doors.rest.representations import balance_document, organization_document, policy_document
from privyseal.doors.rest.routes_administrators import invited_by_provider
from privyseal.doors.rest.routes_audit import Entries, Start, checkpoint, lines
from privyseal.model.administrator import Permission
from privyseal.model.audit import PROVIDER_LOG
from privyseal.model.policy_draft import EVERYBODY, WITH_ACCOUNT, PolicyDraft
from privyseal.model.statement import utc_text
from privyseal.store import organizations, units
from privyseal.store.database import Transaction

router = APIRouter(prefix="/provider", tags=["Provider"])


@router.get("/organizations", **described(provider(Permission.READ), 403))
def list_organizations(context: Context, caller: CallerOf, after: After = "", limit: Limit = 50) -> OrganizationPage:
    """List the organizations by short name."""
    about = About("list-organizations", "", "service", "organizations")

    def page(tx: Transaction) -> OrganizationPage:
        found = organizations.page(tx, after=after, limit=limit + 1)
        items = [organization_document(item) for item in found[:limit]]
        return OrganizationPage(items=items, next=found[limit - 1].id if len(found) > limit else "")

    return read_of_provider(context, caller, about, Permission.READ, page)


@router.post("/organizations", status_code=201, **described(provider(Permission.VET), 403, 409, post=True))
def create(body: OrganizationBody, context: Context, caller: CallerOf) -> OrganizationDocument:
    """Enter an organization that applies; it can do nothing before it is vetted."""
    # Its log begins with its creation; what is refused before stands in the provider's.
    about = About("create-organization", "", "organization", "new")
    return organization_document(perform(context.house, caller.actor, about, create_organization, **body.model_dump()))


@router.post("/organizations/{org}/orders", status_code=201, **described(provider(Permission.SELL), 403, post=True))
def order(org: Slug, body: OrderBody, context: Context, caller: CallerOf) -> OrderResult:
    """Book an order of units."""
    about = About("place-order", org, "order", "new")
    require_for_provider(context, caller, about, Permission.SELL)
    placed = perform(context.house, caller.actor, about, place_order, org, body.tier, body.quantity, body.purchase_order)
    return OrderResult(
        order=OrderDocument(
            id=placed.id,
            tier=placed.tier.value,
            quantity=placed.quantity,
            purchase_order=placed.purchase_order,
            created_at=utc_text(placed.created_at),
        ),
        balance=read(
            context, caller, about, None, lambda tx, organization: balance_document(units.balance(tx, organization.id, placed.tier))
        ),
    )


@router.post("/organizations/{org}/policies", status_code=201, **described(provider(Permission.VET), 403, post=True))
def create_policy(org: Slug, body: PolicyBody, context: Context, caller: CallerOf) -> PolicyDocument:
    """Add a policy, or a new version of the one of this name, while the organization is set up; earlier versions stay as they are.

    Once it has administrators, they decide about its policies, by changes that several of them sign.
    """
    about = About("add-policy", org, "policy", "new")
    require_for_provider(context, caller, about, Permission.VET)
    draft = PolicyDraft(
        name=body.name,
        tier=body.tier,
        unit_tier=body.unit_tier,
        key_algorithms=tuple(body.key_algorithms),
        lifetimes_days=tuple(body.lifetimes_days),
        requesters=EVERYBODY if body.open_enrollment else WITH_ACCOUNT,
        approvals=body.approvals,
        lint=body.lint,
        max_endpoints=body.max_endpoints,
    )
    return policy_document(perform(context.house, caller.actor, about, add_policy, org, draft))


@router.post("/organizations/{org}/administrators", status_code=201, **described(provider(Permission.VET), 403, 409, post=True))
def invite_first(org: Slug, body: InvitationBody, context: Context, caller: CallerOf) -> AdministratorDocument:
    """Invite the first administrator of an organization; every later one comes under the signature of an administrator of its own."""
    about = About("invite-administrator", org, "administrator", "new")
    require_for_provider(context, caller, about, Permission.VET)
    return invited_by_provider(context, caller, org, body)


@router.get("/audit", response_class=Response, **described(provider(Permission.READ_AUDIT), 403, file="application/jsonl"))
def export_audit(context: Context, caller: CallerOf, start: Start = 0, limit: Entries = 1000) -> Response:
    """Export the provider's own log."""
    about = About("export-audit", "", "log", PROVIDER_LOG)
    return read_of_provider(context, caller, about, Permission.READ_AUDIT, lambda tx: lines(tx, PROVIDER_LOG, start, limit))


@router.get("/audit/checkpoint", response_class=Response, **described(provider(Permission.READ_AUDIT), 403, file="text/plain"))
def show_checkpoint(context: Context, caller: CallerOf) -> Response:
    """Show the newest checkpoint of the provider's own log."""
    about = About("show-checkpoint", "", "log", PROVIDER_LOG)
    return read_of_provider(context, caller, about, Permission.READ_AUDIT, lambda tx: checkpoint(tx, PROVIDER_LOG))
