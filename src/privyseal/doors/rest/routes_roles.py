"""Who holds which role within which scope: looked at, given, taken; removing a person; what a person approved."""

from __future__ import annotations

from fastapi import APIRouter

from privyseal.actions.administrator.remove_administrator import remove_administrator
from privyseal.actions.house import About, perform
from privyseal.doors.rest.access import described, holder, provider
from privyseal.doors.rest.addresses import AdministratorPath, After, Limit, Slug
from privyseal.doors.rest.authentication import Caller, CallerOf, Context
from privyseal.doors.rest.bodies import SignatureBody
from privyseal.doors.rest.department_documents import ApprovedCertificate, ApprovedCertificates, AssignmentDocument, HeldRoles
from privyseal.doors.rest.documents import AdministratorDocument, AdministratorPage
from privyseal.doors.rest.reading import read, read_of_provider
from privyseal.doors.rest.representations import administrator_document
from privyseal.model.administrator import Administrator, Assignment, Permission
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import AdministratorId
from privyseal.model.organization import Organization
from privyseal.model.statement import utc_text
from privyseal.reception.signatures import read_message
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


@router.post("/organizations/{org}/removals", status_code=201, **described(holder(Permission.READ), 403, 409, post=True))
def remove(org: Slug, body: SignatureBody, context: Context, caller: CallerOf) -> AdministratorDocument:
    """Hand in a signed `privyseal.removal.v1`: every role of the person ends and every credential is revoked, at once."""
    about = About("remove-administrator", org, "administrator", "signed")
    read(context, caller, about, Permission.READ, lambda _tx, _organization: None)
    signature = read_message(body.signature, "signature")
    removed = perform(context.house, caller.actor, about, remove_administrator, org, signature)
    return read(context, caller, about, None, lambda tx, organization: administrator_document(tx, organization, removed))


@router.get("/provider/administrators", **described(provider(Permission.READ), 403))
def list_staff(context: Context, caller: CallerOf, after: After = "", limit: Limit = 50) -> AdministratorPage:
    """List the provider's own people, by name."""

    def page(tx: Transaction) -> AdministratorPage:
        found = administrators.page(tx, None, after=after, limit=limit + 1)
        items = [administrator_document(tx, None, person) for person in found[:limit]]
        return AdministratorPage(items=items, next=items[-1].id if len(found) > limit else "")

    return read_of_provider(context, caller, About("list-administrators", "", "service", "staff"), Permission.READ, page)


@router.post("/provider/removals", status_code=201, **described(provider(Permission.READ), 403, 409, post=True))
def remove_staff(body: SignatureBody, context: Context, caller: CallerOf) -> AdministratorDocument:
    """Hand in a signed `privyseal.removal.v1` of the organization `provider`."""
    about = About("remove-administrator", "", "administrator", "signed")
    read_of_provider(context, caller, about, Permission.READ, lambda _tx: None)
    signature = read_message(body.signature, "signature")
    removed = perform(context.house, caller.actor, about, remove_administrator, "", signature)
    return read_of_provider(context, caller, about, Permission.READ, lambda tx: administrator_document(tx, None, removed))
