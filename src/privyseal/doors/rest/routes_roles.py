"""Who holds which role within which scope; what a person approved; revoking every credential of a person at once."""

from __future__ import annotations

from fastapi import APIRouter

from privyseal.actions.administrator.revoke_credentials import revoke_credentials
from privyseal.actions.house import About, attempt, perform
from privyseal.doors.rest.access import described, holder, provider
from privyseal.doors.rest.addresses import AdministratorPath, After, Limit, Slug
from privyseal.doors.rest.authentication import Caller, CallerOf, Context
from privyseal.doors.rest.bodies import CredentialRevocationBody
from privyseal.doors.rest.department_documents import ApprovedCertificate, ApprovedCertificates, AssignmentDocument, HeldRoles
from privyseal.doors.rest.documents import AdministratorDocument, AdministratorPage
from privyseal.doors.rest.reading import read, read_of_provider
from privyseal.doors.rest.representations import administrator_document
from privyseal.model.administrator import Administrator, Assignment, Permission
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import AdministratorId
from privyseal.model.organization import Organization
from privyseal.model.revocation import read_reason
from privyseal.model.statement import utc_text
from privyseal.store import administrators, assignments, certificates_approved
from privyseal.store.database import Transaction

router = APIRouter(tags=["Roles"])


def _document(assignment: Assignment) -> AssignmentDocument:
    return AssignmentDocument(
        id=assignment.id,
        administrator=assignment.administrator_id,
        role=assignment.role.value,
        department=assignment.department_id,
        given_at=utc_text(assignment.given_at),
        given_by=assignment.given_by,
        ended_at=utc_text(assignment.ended_at) if assignment.ended_at else None,
        ended_by=assignment.ended_by or None,
    )


def _require(tx: Transaction, organization: Organization, person_id: str, caller: Caller) -> Administrator:
    scope = caller.actor.scope(Permission.READ)
    person = administrators.get_within(tx, organization.id, AdministratorId(person_id), scope=scope)
    if person is None:
        raise NotFound("not-found", "There is no such administrator in your organization.")
    return person


@router.get("/organizations/{org}/administrators/{administrator_id}", **described(holder(Permission.READ), 403))
def show_administrator(org: Slug, administrator_id: AdministratorPath, context: Context, caller: CallerOf) -> AdministratorDocument:
    """Show a person with every credential."""
    about = About("show-administrator", org, "administrator", administrator_id)

    def show(tx: Transaction, organization: Organization) -> AdministratorDocument:
        return administrator_document(tx, organization, _require(tx, organization, administrator_id, caller))

    return read(context, caller, about, Permission.READ, show, scoped=True)


@router.get("/organizations/{org}/administrators/{administrator_id}/roles", **described(holder(Permission.READ), 403))
def list_roles(org: Slug, administrator_id: AdministratorPath, context: Context, caller: CallerOf) -> HeldRoles:
    """List every role that a person ever had: since when, by whom, until when."""
    about = About("list-roles", org, "administrator", administrator_id)

    def show(tx: Transaction, organization: Organization) -> HeldRoles:
        person = _require(tx, organization, administrator_id, caller)
        return HeldRoles(items=[_document(item) for item in assignments.ever_of(tx, person.id)])

    return read(context, caller, about, Permission.READ, show, scoped=True)


@router.get("/organizations/{org}/administrators/{administrator_id}/approved", **described(holder(Permission.READ), 403))
def list_approved(
    org: Slug, administrator_id: AdministratorPath, context: Context, caller: CallerOf, after: After = "", limit: Limit = 50
) -> ApprovedCertificates:
    """List the certificates that a person approved, the newest approval first."""
    about = About("list-approved", org, "administrator", administrator_id)

    def page(tx: Transaction, organization: Organization) -> ApprovedCertificates:
        person, scope = _require(tx, organization, administrator_id, caller), caller.actor.scope(Permission.READ)
        found = certificates_approved.by_person(tx, organization.id, person.id, scope=scope, before=after, limit=limit + 1)
        items = [
            ApprovedCertificate(
                serial=item.serial_hex,
                common_name=item.common_name,
                state=item.state.value,
                approved_at=utc_text(item.approved_at),
                issued_at=utc_text(item.issued_at),
            )
            for item in found[:limit]
        ]
        return ApprovedCertificates(items=items, next=found[limit - 1].approval_id if len(found) > limit else "")

    return read(context, caller, about, Permission.READ, page, scoped=True)


@router.get("/provider/administrators", **described(provider(Permission.READ), 403))
def list_staff(context: Context, caller: CallerOf, after: After = "", limit: Limit = 50) -> AdministratorPage:
    """List the provider's own people, by name."""

    def page(tx: Transaction) -> AdministratorPage:
        found = administrators.page(tx, None, after=after, limit=limit + 1)
        items = [administrator_document(tx, None, person) for person in found[:limit]]
        return AdministratorPage(items=items, next=items[-1].id if len(found) > limit else "")

    return read_of_provider(context, caller, About("list-administrators", "", "service", "staff"), Permission.READ, page)


@router.get("/provider/administrators/{administrator_id}/roles", **described(provider(Permission.READ), 403))
def list_staff_roles(administrator_id: AdministratorPath, context: Context, caller: CallerOf) -> HeldRoles:
    """List every role that somebody of the provider ever had; how many began and ended is the base of a change of them."""
    about = About("list-roles", "", "administrator", administrator_id)

    def show(tx: Transaction) -> HeldRoles:
        return HeldRoles(items=[_document(item) for item in assignments.ever_of(tx, _of_staff(tx, administrator_id).id)])

    return read_of_provider(context, caller, about, Permission.READ, show)


def _of_staff(tx: Transaction, person_id: str) -> Administrator:
    person = administrators.get(tx, AdministratorId(person_id))
    if person is None or person.organization_id is not None:
        raise NotFound("not-found", "There is no such person of the provider.")
    return person


@router.post(
    "/organizations/{org}/administrators/{administrator_id}/credentials/revocation",
    **described(holder(Permission.MANAGE_ADMINISTRATORS), 403, post=True),
)
def revoke_all(
    org: Slug, administrator_id: AdministratorPath, body: CredentialRevocationBody, context: Context, caller: CallerOf
) -> AdministratorDocument:
    """Revoke every credential of a person at once; the roles stay. A second time is harmless."""
    about = About("revoke-credential", org, "administrator", administrator_id)

    def found(tx: Transaction, organization: Organization) -> Administrator:
        return _require(tx, organization, administrator_id, caller)

    person = read(context, caller, about, Permission.MANAGE_ADMINISTRATORS, found)
    reason = attempt(context.house, caller.actor, about, lambda: read_reason(body.reason))
    perform(context.house, caller.actor, about, revoke_credentials, org, person.id, reason)
    return read(context, caller, about, None, lambda tx, organization: administrator_document(tx, organization, person))


@router.post(
    "/provider/administrators/{administrator_id}/credentials/revocation", **described(provider(Permission.MANAGE_STAFF), 403, post=True)
)
def revoke_all_of_staff(
    administrator_id: AdministratorPath, body: CredentialRevocationBody, context: Context, caller: CallerOf
) -> AdministratorDocument:
    """Revoke every credential of somebody of the provider at once; the roles stay. A second time is harmless."""
    about = About("revoke-credential", "", "administrator", administrator_id)
    person = read_of_provider(context, caller, about, Permission.MANAGE_STAFF, lambda tx: _of_staff(tx, administrator_id))
    reason = attempt(context.house, caller.actor, about, lambda: read_reason(body.reason))
    perform(context.house, caller.actor, about, revoke_credentials, "", person.id, reason)
    with context.house.database.read(context.house.clock()) as tx:
        return administrator_document(tx, None, person)
