"""The vetting desk and the life of an account: one person of the provider fills the checklist in, another one concludes (A35)."""

from __future__ import annotations

from fastapi import APIRouter

from privyseal.actions.house import About, perform
from privyseal.actions.organization.attach_evidence import attach_evidence
from privyseal.actions.organization.close_organization import close_organization
from privyseal.actions.organization.conclude_vetting import conclude_vetting
from privyseal.actions.organization.open_vetting import open_vetting
from privyseal.actions.organization.record_finding import record_finding
from privyseal.actions.organization.reject_organization import reject_organization
from privyseal.actions.organization.resume_organization import resume_organization
from privyseal.actions.organization.return_vetting import return_vetting
from privyseal.actions.organization.submit_vetting import submit_vetting
from privyseal.actions.organization.suspend_organization import suspend_organization
from privyseal.doors import DoorContext
from privyseal.doors.rest.access import described, provider
from privyseal.doors.rest.addresses import Sha256Path, Slug
from privyseal.doors.rest.authentication import CallerOf, Context
from privyseal.doors.rest.bodies import NoBody
from privyseal.doors.rest.documents import OrganizationDocument
from privyseal.doors.rest.reading import read_of_provider
from privyseal.doors.rest.representations import organization_document
from privyseal.doors.rest.vetting_documents import (
    ClosureBody,
    EvidenceBody,
    EvidenceDocument,
    FindingBody,
    FindingDocument,
    HistoryDocument,
    ReasonBody,
    VettingDocument,
    evidence_document,
    finding_document,
    history_document,
    read_content,
    vetting_document,
)
from privyseal.model.administrator import Permission
from privyseal.model.errors import NotFound
from privyseal.store import certificates, organization_events, organizations, vettings
from privyseal.store.database import Transaction

router = APIRouter(prefix="/provider/organizations/{org}", tags=["Provider"])

READ, VET, CONCLUDE, SUSPEND = Permission.READ, Permission.VET, Permission.CONCLUDE_VETTING, Permission.SUSPEND


@router.get("/vetting", **described(provider(READ), 403))
def show_vetting(org: Slug, context: Context, caller: CallerOf) -> VettingDocument:
    """Show the last vetting of an organization with all that was found."""
    about = About("show-vetting", "", "organization", org)
    return read_of_provider(context, caller, about, READ, lambda tx: _newest(tx, org))


@router.post("/vetting", **described(provider(VET), 403, 409, post=True))
def begin(org: Slug, _body: NoBody, context: Context, caller: CallerOf) -> VettingDocument:
    """Begin a vetting, or get the one that is under way; the first one takes the application up."""
    about = _about(context, caller, "open-vetting", org, VET)
    perform(context.house, caller.actor, about, open_vetting, org)
    return _shown(context, caller, about, org, VET)


@router.post("/vetting/findings", status_code=201, **described(provider(VET), 403, 409, post=True))
def add_finding(org: Slug, body: FindingBody, context: Context, caller: CallerOf) -> FindingDocument:
    """Record what was found of one item; what was recorded of it before stays and counts no more."""
    about = _about(context, caller, "record-finding", org, VET)
    found = perform(
        context.house,
        caller.actor,
        about,
        record_finding,
        org,
        item=body.item,
        is_met=body.met,
        source=body.source,
        seen_on=body.seen_on,
        telephone=body.telephone,
        note=body.note,
    )
    return finding_document(found)


@router.post("/vetting/files", status_code=201, **described(provider(VET), 403, 409, post=True))
def add_file(org: Slug, body: EvidenceBody, context: Context, caller: CallerOf) -> EvidenceDocument:
    """Attach a file; what it is, its bytes say: PDF, PNG, JPEG, a mail, plain text."""
    about = _about(context, caller, "attach-evidence", org, VET)
    content = read_content(body)
    return evidence_document(
        perform(context.house, caller.actor, about, attach_evidence, org, item=body.item, name=body.name, content=content)
    )


@router.get("/vetting/files/{sha256}", **described(provider(READ), 403))
def show_file(org: Slug, sha256: Sha256Path, context: Context, caller: CallerOf) -> EvidenceDocument:
    """Get a file of any vetting of the organization."""

    def find(tx: Transaction) -> EvidenceDocument:
        for vetting in vettings.every(tx, organizations.require(tx, org).id):
            if any(file.sha256 == sha256 for file in vettings.files_of(tx, vetting.id)):
                return evidence_document(*vettings.file_content(tx, vetting.id, sha256))
        raise NotFound("not-found", "There is no such file in this vetting.")

    return read_of_provider(context, caller, About("show-evidence", "", "organization", org), READ, find)


@router.post("/vetting/submission", **described(provider(VET), 403, 409, post=True))
def hand_over(org: Slug, _body: NoBody, context: Context, caller: CallerOf) -> VettingDocument:
    """Hand the filled vetting over to a second person."""
    about = _about(context, caller, "submit-vetting", org, VET)
    perform(context.house, caller.actor, about, submit_vetting, org)
    return _shown(context, caller, about, org, VET)


@router.post("/vetting/conclusion", **described(provider(CONCLUDE), 403, 409, post=True))
def conclude(org: Slug, _body: NoBody, context: Context, caller: CallerOf) -> OrganizationDocument:
    """Conclude a vetting that somebody else filled in; with the first one the organization becomes active."""
    about = _about(context, caller, "conclude-vetting", org, CONCLUDE)
    return organization_document(perform(context.house, caller.actor, about, conclude_vetting, org))


@router.post("/vetting/return", **described(provider(CONCLUDE), 403, 409, post=True))
def give_back(org: Slug, body: ReasonBody, context: Context, caller: CallerOf) -> VettingDocument:
    """Return a vetting that is not convincing to whoever fills it in."""
    about = _about(context, caller, "return-vetting", org, CONCLUDE)
    perform(context.house, caller.actor, about, return_vetting, org, body.reason)
    return _shown(context, caller, about, org, CONCLUDE)


@router.post("/rejection", **described(provider(VET), 403, 409, post=True))
def reject(org: Slug, body: ReasonBody, context: Context, caller: CallerOf) -> OrganizationDocument:
    """Reject an application before it is active; the reason is mailed."""
    about = _about(context, caller, "reject-organization", org, VET)
    return organization_document(perform(context.house, caller.actor, about, reject_organization, org, body.reason))


@router.post("/suspension", **described(provider(SUSPEND), 403, 409, post=True))
def suspend(org: Slug, body: ReasonBody, context: Context, caller: CallerOf) -> OrganizationDocument:
    """Suspend an organization: nothing new is issued; its people may read and revoke."""
    about = _about(context, caller, "suspend-organization", org, SUSPEND)
    return organization_document(perform(context.house, caller.actor, about, suspend_organization, org, body.reason))


@router.post("/resumption", **described(provider(SUSPEND), 403, 409, post=True))
def resume(org: Slug, body: ReasonBody, context: Context, caller: CallerOf) -> OrganizationDocument:
    """Resume a suspended organization."""
    about = _about(context, caller, "resume-organization", org, SUSPEND)
    return organization_document(perform(context.house, caller.actor, about, resume_organization, org, body.reason))


@router.post("/closure", **described(provider(SUSPEND), 403, 409, post=True))
def close(org: Slug, body: ClosureBody, context: Context, caller: CallerOf) -> OrganizationDocument:
    """Close a suspended organization for ever: its credentials die at once, its certificates are revoked."""
    about = _about(context, caller, "close-organization", org, SUSPEND)
    number = body.valid_certificates
    return organization_document(
        perform(context.house, caller.actor, about, close_organization, org, body.reason, valid_certificates=number)
    )


@router.get("/history", **described(provider(READ), 403))
def show_history(org: Slug, context: Context, caller: CallerOf) -> HistoryDocument:
    """Show what happened to an organization, until when its vetting counts, and what closing it would revoke."""

    def show(tx: Transaction) -> HistoryDocument:
        organization = organizations.require(tx, org)
        entries = organization_events.of_organization(tx, organization.id)
        return history_document(organization, entries, certificates.count_valid(tx, organization.id))

    return read_of_provider(context, caller, About("show-history", "", "organization", org), READ, show)


def _about(context: DoorContext, caller: CallerOf, action: str, org: str, permission: Permission) -> About:
    """Refuse whoever is not the provider before an organization is looked for; return what the call is about."""
    read_of_provider(context, caller, About(action, "", "organization", org), permission, lambda tx: organizations.require(tx, org))
    return About(action, org, "organization", org)


def _shown(context: DoorContext, caller: CallerOf, about: About, org: str, permission: Permission) -> VettingDocument:
    return read_of_provider(context, caller, about, permission, lambda tx: _newest(tx, org))


def _newest(tx: Transaction, org: str) -> VettingDocument:
    organization = organizations.require(tx, org)
    vetting = vettings.newest(tx, organization.id)
    if vetting is None:
        raise NotFound("no-vetting", f"The vetting of {organization.name} has not begun.")
    return vetting_document(organization, vetting, vettings.findings_of(tx, vetting.id), vettings.files_of(tx, vetting.id))
