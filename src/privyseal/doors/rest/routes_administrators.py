"""People who decide and programs that help: Administrator IDs, invitations, API tokens."""

from __future__ import annotations

from fastapi import APIRouter, Request

from privyseal.actions.administrator.create_api_token import create_api_token
from privyseal.actions.administrator.enroll_administrator import enroll_administrator
from privyseal.actions.administrator.invite_administrator import invite_administrator
from privyseal.actions.administrator.invite_with_signature import invite_with_signature
from privyseal.actions.administrator.renew_administrator_id import renew_administrator_id
from privyseal.actions.administrator.revoke_api_token import revoke_api_token
from privyseal.actions.administrator.revoke_credential import revoke_credential
from privyseal.actions.house import About, attempt, perform
from privyseal.doors import DoorContext
from privyseal.doors.rest.access import ANYBODY, PERSON, described, holder
from privyseal.doors.rest.addresses import AdministratorPath, After, Limit, Sha256Path, Slug, TokenPath
from privyseal.doors.rest.authentication import Caller, CallerOf, Context
from privyseal.doors.rest.bodies import CredentialRevocationBody, EnrollBody, InvitationBody, RenewalBody, SignatureBody, TokenBody
from privyseal.doors.rest.documents import AdministratorDocument, AdministratorPage, CreatedTokenDocument, EnrolledAdministrator, Enrollment
from privyseal.doors.rest.reading import read
from privyseal.doors.rest.representations import administrator_document
from privyseal.engine.csr import read_csr
from privyseal.engine.pem import certificate_to_pem, chain_to_pem
from privyseal.model.administrator import Administrator, Permission
from privyseal.model.errors import Conflict, NotFound, Unavailable
from privyseal.model.identifiers import AdministratorId, ApiTokenId, IntentId
from privyseal.model.organization import Organization
from privyseal.model.revocation import read_reason
from privyseal.model.statement import utc_text
from privyseal.reception.signatures import read_message
from privyseal.store import administrators, certificates, organizations
from privyseal.store.database import Transaction

router = APIRouter(tags=["Administrators and tokens"])


@router.get("/organizations/{org}/administrators", **described(holder(Permission.READ), 403))
def list_administrators(org: Slug, context: Context, caller: CallerOf, after: After = "", limit: Limit = 50) -> AdministratorPage:
    """List the administrators of the organization and their Administrator IDs, by name."""

    def people(tx: Transaction, organization: Organization) -> AdministratorPage:
        scope = caller.actor.scope(Permission.READ)
        found = administrators.page(tx, organization.id, scope=scope, after=after, limit=limit + 1)
        items = [administrator_document(tx, organization, person) for person in found[:limit]]
        return AdministratorPage(items=items, next=items[-1].id if len(found) > limit else "")

    return read(context, caller, About("list-administrators", org, "organization", org), Permission.READ, people, scoped=True)


@router.post("/organizations/{org}/administrators", status_code=201, **described(holder(Permission.READ), 403, 409, post=True))
def invite(org: Slug, body: SignatureBody, context: Context, caller: CallerOf) -> AdministratorDocument:
    """Hand in a signed `privyseal.invitation.v1`; the signature decides, not who carries it.

    Whoever signs has the right `manage-administrators`. The role that is signed is `read-only`, or for somebody who is invited
    again the one that his Administrator ID names; every other role is given by a change of the kind `role`. The one-time code
    goes to the address by mail and works for one hour. The person may be one who is known already and lost the Administrator ID,
    or whose one ends within 60 days.
    """
    about = About("invite-administrator", org, "administrator", "new")
    read(context, caller, about, Permission.READ, lambda _tx, organization: organization)
    signature = read_message(body.signature, "signature")
    person = perform(context.house, caller.actor, about, invite_with_signature, org, signature).administrator
    return read(context, caller, about, None, lambda tx, organization: administrator_document(tx, organization, person))


def invited_by_provider(context: DoorContext, caller: Caller, org: str, body: InvitationBody) -> AdministratorDocument:
    """Invite the first administrator and return the person; the code is in the letter and nowhere else."""
    about = About("invite-administrator", org, "administrator", "new")
    person = perform(context.house, caller.actor, about, invite_administrator, org, body.name, body.email, body.role).administrator
    return read(context, caller, about, None, lambda tx, organization: administrator_document(tx, organization, person))


@router.post("/administrators/enroll", status_code=201, **described(ANYBODY, 409, post=True))
def enroll(body: EnrollBody, context: Context, caller: CallerOf) -> Enrollment:
    """Turn the one-time code of an invitation into an Administrator ID."""
    house, actor = context.house, caller.actor
    about = About("enroll-administrator", "", "administrator", "unknown")
    csr = attempt(house, actor, about, lambda: read_csr(body.csr.encode("utf-8", "surrogateescape")))
    # The code works once: it is not used up while nobody can sign.
    attempt(house, actor, about, context.issuer.ping)
    intent_id = perform(house, actor, about, enroll_administrator, body.code, csr)
    return attempt(house, actor, about, lambda: _issue(context, intent_id))


@router.post("/administrators/renewal", status_code=201, **described(PERSON, 403, 409, post=True))
def renew(body: RenewalBody, context: Context, caller: CallerOf) -> Enrollment:
    """Get the next Administrator ID of one's own, for a new key, under a signed `privyseal.renewal.v1`.

    `kind` is `renewal` in the last 60 days of the old one, for a whole new life, or `replacement`, with the same end date; then the
    old one is revoked when the new one exists. No unit is used.
    """
    house, actor = context.house, caller.actor
    slug = _home(context, caller)
    about = About("ask-for-administrator-id", slug, "administrator", actor.id)
    csr = attempt(house, actor, about, lambda: read_csr(body.csr.encode("utf-8", "surrogateescape")))
    signature = attempt(house, actor, about, lambda: read_message(body.signature, "signature"))
    attempt(house, actor, about, context.issuer.ping)
    intent_id = perform(house, actor, about, renew_administrator_id, slug, csr, signature)
    return attempt(house, actor, about, lambda: _issue(context, intent_id))


def _home(context: DoorContext, caller: Caller) -> str:
    """Return the short name of the caller's organization, "" for the provider's people and for everybody else."""
    organization_id = caller.actor.organization_id
    if organization_id is None:
        return ""
    with context.house.database.read(context.house.clock()) as tx:
        return organizations.get(tx, organization_id).slug


def _issue(context: DoorContext, intent_id: IntentId) -> Enrollment:
    again = "Ask for a new one-time code."
    try:
        [item] = context.issuer.complete([intent_id])
    except Unavailable as error:
        raise Conflict("enrollment-lost", f"The issuer stopped before the Administrator ID was issued. {again}") from error
    if not item.ok:
        raise Conflict("enrollment-lost", f"The Administrator ID could not be issued. {again}")
    house = context.house
    with house.database.read(house.clock()) as tx:
        intent = certificates.intents_of(tx, [intent_id])[intent_id]
        person = administrators.get(tx, AdministratorId(intent.administrator_id or ""))
        if person is None:
            raise Conflict("enrollment-lost", f"The person was removed. {again}")
        certificate = administrators.credentials_of(tx, person.id)[-1].certificate_der
        organization = organizations.get(tx, person.organization_id) if person.organization_id else None
    return Enrollment(
        administrator=EnrolledAdministrator(
            id=person.id, name=person.name, role=person.role.value, organization=organization.slug if organization else None
        ),
        certificate_pem=certificate_to_pem(certificate),
        chain_pem=chain_to_pem([certificate, *house.administrators_authority.chain]),
    )


@router.post(
    "/organizations/{org}/administrators/{administrator_id}/credentials/{sha256}/revocation",
    **described(holder(Permission.MANAGE_ADMINISTRATORS), 403, post=True),
)
def revoke_administrator_id(
    org: Slug, administrator_id: AdministratorPath, sha256: Sha256Path, body: CredentialRevocationBody, context: Context, caller: CallerOf
) -> AdministratorDocument:
    """Revoke an Administrator ID; from then on no signature and no connection with it counts. A second time is harmless."""
    about = About("revoke-credential", org, "administrator", administrator_id)

    def owner(tx: Transaction, organization: Organization) -> Administrator:
        found = administrators.by_certificate(tx, sha256)
        if found is None or found[0].id != administrator_id or found[0].organization_id != organization.id:
            raise NotFound("not-found", "There is no such Administrator ID.")
        return found[0]

    person = read(context, caller, about, Permission.MANAGE_ADMINISTRATORS, owner)
    reason = attempt(context.house, caller.actor, about, lambda: read_reason(body.reason))
    perform(context.house, caller.actor, about, revoke_credential, org, sha256, reason)
    return read(context, caller, about, None, lambda tx, organization: administrator_document(tx, organization, person))


@router.post("/organizations/{org}/tokens", status_code=201, **described(holder(Permission.MANAGE_TOKENS), 403, post=True))
def create_token(org: Slug, body: TokenBody, request: Request, context: Context, caller: CallerOf) -> CreatedTokenDocument:
    """Create an API token; its text is shown this once, and not again under the same idempotency key."""
    about = About("create-api-token", org, "api-token", "new")
    request.state.shown_once = True
    scopes = [Permission(scope) for scope in body.scopes]
    created = perform(context.house, caller.actor, about, create_api_token, org, body.name, scopes, body.days)
    token = created.token
    return CreatedTokenDocument(
        id=token.id,
        name=token.name,
        scopes=sorted(scope.value for scope in token.scopes),
        expires_at=utc_text(token.expires_at),
        token=created.text,
    )


@router.delete("/organizations/{org}/tokens/{token_id}", status_code=204, **described(holder(Permission.MANAGE_TOKENS), 403))
def revoke_token(org: Slug, token_id: TokenPath, context: Context, caller: CallerOf) -> None:
    """Revoke an API token at once."""
    about = About("revoke-api-token", org, "api-token", token_id)
    perform(context.house, caller.actor, about, revoke_api_token, org, ApiTokenId(token_id))
