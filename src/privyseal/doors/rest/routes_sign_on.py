"""The organization's own sign-on: which OpenID Connect provider, and who is linked with it. Nobody signs in by it here."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from privyseal.actions.house import About, perform
from privyseal.actions.sign_on.remove_sign_on import remove_sign_on
from privyseal.actions.sign_on.set_sign_on import set_sign_on
from privyseal.actions.sign_on.unlink_identity import unlink_identity
from privyseal.doors import DoorContext
from privyseal.doors.rest.access import PERSON, described, holder
from privyseal.doors.rest.addresses import AdministratorPath, Slug
from privyseal.doors.rest.authentication import CallerOf, Context
from privyseal.doors.rest.bodies import Body
from privyseal.doors.rest.documents import Document, Time
from privyseal.doors.rest.reading import attempt_within, read
from privyseal.model.administrator import Permission
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import AdministratorId
from privyseal.model.organization import Organization
from privyseal.model.sign_on import SignOn, SignOnLink, SignOnSettings, read_settings
from privyseal.model.statement import utc_text
from privyseal.reception.sign_on import redirect_address, try_settings
from privyseal.store import sign_ons
from privyseal.store.database import Transaction

router = APIRouter(tags=["Sign-on"])

Short = Annotated[str, Field(max_length=2000)]


class SignOnBody(Body):
    """An OpenID Connect provider."""

    issuer: Short = Field(
        description="The issuer, exactly as the provider writes it.", examples=["https://login.example.test/realms/staff"]
    )
    client_id: Short = Field(description="What the provider calls this service.", examples=["privyseal"])
    client_secret: Short = Field(default="", description="Left out: the one that is known for this client stays, or there is none.")
    claim: Short = Field(default="sub", description="The claim that says who somebody is; none that can change.")


class LinkedDocument(Document):
    """An administrator who may come in for reading through the provider."""

    administrator: str
    linked_at: Time


class SignOnDocument(Document):
    """The OpenID Connect provider of an organization; its secret is never told."""

    issuer: str
    client_id: str
    has_secret: bool
    claim: str
    redirect_uri: str = Field(description="What has to be registered at the provider.")
    set_at: Time
    set_by: str
    linked: list[LinkedDocument]


def _document(context: DoorContext, org: str, sign_on: SignOn, links: list[SignOnLink]) -> SignOnDocument:
    settings = sign_on.settings
    return SignOnDocument(
        issuer=settings.issuer,
        client_id=settings.client_id,
        has_secret=bool(settings.client_secret),
        claim=settings.claim,
        redirect_uri=redirect_address(context.house.service.base_url, org),
        set_at=utc_text(sign_on.set_at),
        set_by=sign_on.set_by,
        linked=[LinkedDocument(administrator=link.administrator_id, linked_at=utc_text(link.linked_at)) for link in links],
    )


@router.get("/organizations/{org}/sign-on", **described(holder(Permission.READ), 403))
def show_sign_on(org: Slug, context: Context, caller: CallerOf) -> SignOnDocument:
    """Show the organization's OpenID Connect provider and who is linked; 404 where none is set."""

    def show(tx: Transaction, organization: Organization) -> SignOnDocument:
        sign_on = sign_ons.in_force(tx, organization.id)
        if sign_on is None:
            raise NotFound("sign-on", "This organization has no sign-on of its own here.")
        return _document(context, org, sign_on, sign_ons.links_of(tx, organization.id))

    return read(context, caller, About("show-sign-on", org, "sign-on", "sign-on"), Permission.READ, show)


@router.post("/organizations/{org}/sign-on", **described(holder(Permission.MANAGE_ADMINISTRATORS), 403, post=True))
def set_up(org: Slug, body: SignOnBody, context: Context, caller: CallerOf) -> SignOnDocument:
    """Set the organization's OpenID Connect provider, whose own document is read first.

    With another issuer, client or claim every link ends. Administrators come in through it for reading only.
    """
    about = About("set-sign-on", org, "sign-on", "new")
    read(context, caller, about, Permission.MANAGE_ADMINISTRATORS, lambda _tx, _organization: None)

    def tried() -> SignOnSettings:
        settings = read_settings(body.issuer, body.client_id, body.client_secret, body.claim)
        try_settings(context, org, settings)
        return settings

    settings = attempt_within(context, caller, about, tried)
    made = perform(context.house, caller.actor, about, set_sign_on, org, settings)
    links = read(context, caller, about, None, lambda tx, organization: sign_ons.links_of(tx, organization.id))
    return _document(context, org, made, links)


@router.delete("/organizations/{org}/sign-on", status_code=204, **described(holder(Permission.MANAGE_ADMINISTRATORS), 403))
def remove(org: Slug, context: Context, caller: CallerOf) -> None:
    """Remove it: every link ends, and whoever came in through one is signed out. A second time is harmless."""
    perform(context.house, caller.actor, About("remove-sign-on", org, "sign-on", "sign-on"), remove_sign_on, org)


@router.delete("/organizations/{org}/administrators/{administrator_id}/sign-on", status_code=204, **described(PERSON, 403))
def unlink(org: Slug, administrator_id: AdministratorPath, context: Context, caller: CallerOf) -> None:
    """End the link of an administrator: one's own, or with the right `manage-administrators` anybody's. A second time is harmless."""
    about = About("unlink-identity", org, "administrator", administrator_id)
    perform(context.house, caller.actor, about, unlink_identity, org, AdministratorId(administrator_id))
