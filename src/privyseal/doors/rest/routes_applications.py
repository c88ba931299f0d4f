"""Applying for an organization, asking for a trial, and what the provider does with applications (A35)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from privyseal.actions.beginning_trials import trial_form
from privyseal.actions.house import About, attempt, perform
from privyseal.actions.organization.add_domain import add_domain
from privyseal.actions.organization.confirm_application import confirm_application
from privyseal.actions.organization.open_vetting import open_vetting
from privyseal.actions.organization.reject_application import reject_application
from privyseal.actions.organization.submit_application import submit_application
from privyseal.actions.organization.take_up_application import take_up_application
from privyseal.actions.trial.ask_trial import ask_trial
from privyseal.actions.trial.create_trial import create_trial
from privyseal.actions.trial.start_trial import start_trial
from privyseal.doors.rest.access import ANYBODY, described, provider
from privyseal.doors.rest.addresses import After, ApplicationPath, Limit, TrialPath
from privyseal.doors.rest.application_documents import (
    ApplicationBody,
    ApplicationDocument,
    ApplicationPage,
    ApplicationStates,
    Received,
    TakeUpBody,
    TrialBody,
    application_document,
    received,
)
from privyseal.doors.rest.authentication import CallerOf, Context
from privyseal.doors.rest.bodies import CodeBody
from privyseal.doors.rest.documents import OrganizationDocument
from privyseal.doors.rest.reading import read_of_provider
from privyseal.doors.rest.representations import organization_document
from privyseal.doors.rest.vetting_documents import ReasonBody
from privyseal.model.administrator import Permission
from privyseal.model.application import ApplicationState
from privyseal.model.errors import BadRequest, Conflict, Refused
from privyseal.model.identifiers import ApplicationId, TrialId
from privyseal.store import applications, organizations
from privyseal.store.database import Transaction

router = APIRouter(tags=["Applications"])

READ, VET = Permission.READ, Permission.VET
State = Annotated[ApplicationStates, Query(description="Which ones.")]


@router.post("/applications", status_code=202, **described(ANYBODY, post=True))
def apply(body: ApplicationBody, context: Context, caller: CallerOf) -> Received:
    """Apply for an organization; a code is mailed to the corporate contact. The answer says nothing of others."""
    about = About("submit-application", "", "application", "new")
    return received(perform(context.house, caller.actor, about, submit_application, body.fields()))


@router.post("/applications/{application_id}/confirmation", **described(ANYBODY, post=True))
def confirm(application_id: ApplicationPath, body: CodeBody, context: Context, caller: CallerOf) -> Received:
    """Confirm the address of the corporate contact with the code from the mail; a second time is harmless."""
    about = About("confirm-application", "", "application", application_id)
    return received(perform(context.house, caller.actor, about, confirm_application, ApplicationId(application_id), body.code))


@router.post("/trials", status_code=202, **described(ANYBODY, 409, post=True))
def ask(body: TrialBody, context: Context, caller: CallerOf) -> Received:
    """Ask for a trial: an organization for thirty days, without vetting, whose certificates nobody trusts. A code is mailed."""
    return received(perform(context.house, caller.actor, About("ask-trial", "", "trial", "new"), ask_trial, body.model_dump()))


@router.post("/trials/{trial_id}/confirmation", **described(ANYBODY, 409, post=True))
def start(trial_id: TrialPath, body: CodeBody, context: Context, caller: CallerOf) -> OrganizationDocument:
    """Start the trial with the code from the mail; a one-time link follows by mail. A second time is harmless."""
    about = About("start-trial", "", "trial", trial_id)
    return organization_document(perform(context.house, caller.actor, about, start_trial, TrialId(trial_id), body.code))


@router.post("/provider/trials", status_code=201, **described(provider(VET), 403, 409, post=True))
def create(body: TrialBody, context: Context, caller: CallerOf) -> OrganizationDocument:
    """Start a trial for somebody; the one-time link goes to that person by mail."""
    about = About("create-trial", "", "organization", "new")
    read_of_provider(context, caller, about, VET, lambda _: None)
    form = attempt(context.house, caller.actor, about, lambda: trial_form(body.model_dump()))
    return organization_document(perform(context.house, caller.actor, about, create_trial, form))


@router.get("/provider/applications", **described(provider(READ), 403))
def list_applications(
    context: Context, caller: CallerOf, state: State = "applied", after: After = "", limit: Limit = 50
) -> ApplicationPage:
    """List applications in a state, the newest first."""

    def page(tx: Transaction) -> ApplicationPage:
        found = applications.page(tx, ApplicationState(state), before=after, limit=limit + 1)
        items = [application_document(item) for item in found[:limit]]
        return ApplicationPage(items=items, next=found[limit - 1].id if len(found) > limit else "")

    return read_of_provider(context, caller, About("list-applications", "", "service", "applications"), READ, page)


@router.get("/provider/applications/{application_id}", **described(provider(READ), 403))
def show_application(application_id: ApplicationPath, context: Context, caller: CallerOf) -> ApplicationDocument:
    """Show everything that was written."""
    about = About("show-application", "", "application", application_id)
    wanted = ApplicationId(application_id)
    return read_of_provider(context, caller, about, READ, lambda tx: application_document(applications.require(tx, wanted)))


@router.post("/provider/applications/{application_id}/take-up", status_code=201, **described(provider(VET), 403, 409, post=True))
def take_up(application_id: ApplicationPath, body: TakeUpBody, context: Context, caller: CallerOf) -> OrganizationDocument:
    """Enter the organization as it was written, register its domains, and begin its vetting."""
    house, actor = context.house, caller.actor
    about = About("take-up-application", "", "application", application_id)
    read_of_provider(context, caller, about, VET, lambda _: None)
    made = perform(house, actor, about, take_up_application, ApplicationId(application_id), body.slug)
    with house.database.read(house.clock()) as tx:
        wanted = applications.require(tx, ApplicationId(application_id)).form.domains
    for domain in wanted:
        # Each for itself: one that cannot be registered is missing on the organization's list, where the vetter sees it.
        try:
            perform(house, actor, About("add-domain", made.slug, "domain", "new"), add_domain, made.slug, domain)
        except (Refused, BadRequest, Conflict):
            continue
    perform(house, actor, About("open-vetting", made.slug, "organization", made.slug), open_vetting, made.slug)
    return read_of_provider(context, caller, about, VET, lambda tx: organization_document(organizations.require(tx, made.slug)))


@router.post("/provider/applications/{application_id}/rejection", **described(provider(VET), 403, 409, post=True))
def reject(application_id: ApplicationPath, body: ReasonBody, context: Context, caller: CallerOf) -> ApplicationDocument:
    """Reject an application that is not even taken up; the reason is mailed."""
    about = About("reject-application", "", "application", application_id)
    read_of_provider(context, caller, about, VET, lambda _: None)
    return application_document(perform(context.house, caller.actor, about, reject_application, ApplicationId(application_id), body.reason))
