"""Requests for certificates: submit, confirm, look at, withdraw, pick up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from privyseal.actions.certificate.pick_up_certificate import pick_up_certificate
from privyseal.actions.house import About, perform
from privyseal.actions.request.confirm_request import confirm_request
from privyseal.actions.request.prove_phrase import prove_phrase
from privyseal.actions.request.submit_request import submit_request
from privyseal.actions.request.withdraw_request import withdraw_request
from privyseal.doors import DoorContext
from privyseal.doors.rest.access import ANYBODY, SUBSCRIBER, described, holder
from privyseal.doors.rest.addresses import After, Limit, RequestPath, Slug
from privyseal.doors.rest.authentication import Caller, CallerOf, Context
from privyseal.doors.rest.bodies import CodeBody, PhraseBody, RequestBody
from privyseal.doors.rest.documents import (
    PickedUp,
    ReceivedRequest,
    ReceivedShortRequest,
    RequestDocument,
    RequestPage,
    RequestStatus,
    ShortRequest,
)
from privyseal.doors.rest.reading import attempt_within, read
from privyseal.doors.rest.representations import picked_up, request_document, request_documents, short_request
from privyseal.engine.submission import RawSubmission, read_submission
from privyseal.model.actor import ActorKind
from privyseal.model.administrator import Permission
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import RequestId
from privyseal.model.organization import Organization
from privyseal.model.proof import PhraseProof
from privyseal.model.request import Request, RequestState
from privyseal.model.scope import EVERYTHING
from privyseal.store import certificates, requests
from privyseal.store.database import Transaction
from privyseal.store.failpoints import failpoint

router = APIRouter(tags=["Requests"])

States = Annotated[Sequence[RequestState], Query(description="Only requests in one of these states.")]


@router.post(
    "/organizations/{org}/requests",
    status_code=201,
    response_model=ReceivedRequest | ReceivedShortRequest,
    **described(ANYBODY, 403, 409, post=True, also={200: "The same request was there already."}),
)
def submit(org: Slug, body: RequestBody, response: Response, context: Context, caller: CallerOf) -> ReceivedRequest | ReceivedShortRequest:
    """Ask for a certificate.

    Without a credential the policy must allow open enrollment; a code is then mailed to the contact, whose address has
    to be confirmed first. The same key, names, policy and contact while a request is open give that request again (200).
    """
    house, actor = context.house, caller.actor
    about = About("submit-request", org, "request", "new")
    raw = RawSubmission(
        csr=body.csr,
        policy=body.policy,
        lifetime_days=body.lifetime_days,
        endpoints=tuple(body.endpoints),
        contact_name=body.contact_name,
        contact_email=body.contact_email,
        phrase=body.phrase,
        server_platform=body.server_platform,
        comment=body.comment,
        department=body.department,
        custom_fields=body.custom_fields,
    )
    submission = attempt_within(context, caller, about, lambda: read_submission(raw, house.random_bytes))
    submitted = perform(house, actor, about, submit_request, org, submission)
    failpoint("submit.after-commit")
    if not submitted.is_new:
        response.status_code = 200
    request = submitted.request
    confirmation: Literal["mail", "not-needed"] = "mail" if request.state is RequestState.UNCONFIRMED else "not-needed"
    if actor.kind is ActorKind.REQUESTER:
        return ReceivedShortRequest(**dict(short_request(request)), confirmation=confirmation)
    document = read(context, caller, about, None, lambda tx, organization: request_document(tx, organization, request))
    return ReceivedRequest(**dict(document), confirmation=confirmation)


@router.post("/organizations/{org}/requests/{request_id}/confirmation", **described(ANYBODY, post=True))
def confirm(org: Slug, request_id: RequestPath, body: CodeBody, context: Context, caller: CallerOf) -> ShortRequest:
    """Confirm the contact's address with the code from the mail; a second time is harmless."""
    about = About("confirm-request", org, "request", request_id)
    return short_request(perform(context.house, caller.actor, about, confirm_request, org, RequestId(request_id), body.code))


@router.get("/organizations/{org}/requests", **described(holder(Permission.READ), 403))
def list_requests(
    org: Slug,
    context: Context,
    caller: CallerOf,
    state: States = (),
    after: After = "",
    limit: Limit = 50,
) -> RequestPage:
    """List the requests of the organization, oldest first."""

    def page(tx: Transaction, organization: Organization) -> RequestPage:
        scope = caller.actor.scope(Permission.READ)
        found = requests.page(tx, organization.id, states=state, scope=scope, after=after, limit=limit + 1)
        items = request_documents(tx, organization, found[:limit])
        return RequestPage(items=items, next=items[-1].id if len(found) > limit else "")

    return read(context, caller, About("list-requests", org, "organization", org), Permission.READ, page, scoped=True)


@router.get("/organizations/{org}/requests/{request_id}", **described(holder(Permission.READ), 403))
def show_request(org: Slug, request_id: RequestPath, context: Context, caller: CallerOf) -> RequestDocument:
    """Show everything that an administrator decides on."""
    about = About("show-request", org, "request", request_id)
    return read(
        context,
        caller,
        about,
        Permission.READ,
        lambda tx, organization: request_document(tx, organization, require_request(tx, organization, request_id, caller)),
        scoped=True,
    )


@router.post("/organizations/{org}/requests/{request_id}/status", **described(SUBSCRIBER, post=True))
def show_status(org: Slug, request_id: RequestPath, body: PhraseBody, context: Context, caller: CallerOf) -> RequestStatus:
    """Tell a subscriber what became of his request."""
    proof = prove(context, caller, About("show-status", org, "request", request_id), body.phrase)

    def status(tx: Transaction, organization: Organization) -> RequestStatus:
        request = require_request(tx, organization, proof.request_id)
        certificate = certificates.of_request(tx, request.id)
        serial = certificate.serial_hex if certificate else None
        return RequestStatus(id=request.id, state=request.state.value, state_reason=request.state_reason, serial=serial)

    return read(context, caller, About("show-status", org, "request", request_id), None, status)


@router.post("/organizations/{org}/requests/{request_id}/withdrawal", **described(SUBSCRIBER, 409, post=True))
def withdraw(org: Slug, request_id: RequestPath, body: PhraseBody, context: Context, caller: CallerOf) -> ShortRequest:
    """Take a request back that was not decided yet."""
    about = About("withdraw-request", org, "request", request_id)
    proof = prove(context, caller, about, body.phrase)
    return short_request(perform(context.house, caller.actor, about, withdraw_request, org, proof))


@router.post("/organizations/{org}/requests/{request_id}/pickup", **described(SUBSCRIBER, 409, post=True))
def pick_up(org: Slug, request_id: RequestPath, body: PhraseBody, context: Context, caller: CallerOf) -> PickedUp:
    """Fetch the certificate with its chain."""
    about = About("pick-up-certificate", org, "request", request_id)
    proof = prove(context, caller, about, body.phrase)
    return picked_up(context.house, perform(context.house, caller.actor, about, pick_up_certificate, org, proof))


def prove(context: DoorContext, caller: Caller, about: About, phrase: str) -> PhraseProof:
    """Return the proof that the caller knows the phrase of the request that ``about`` names; raises Refused, TooManyRequests."""
    return attempt_within(
        context, caller, about, lambda: prove_phrase(context.house, caller.actor, about.organization, RequestId(about.id), phrase)
    )


def require_request(tx: Transaction, organization: Organization, request_id: str, reader: Caller | None = None) -> Request:
    """Return the request of the organization, where there is a ``reader`` within what he may read; raises NotFound."""
    scope = reader.actor.scope(Permission.READ) if reader else EVERYTHING
    request = requests.get(tx, organization.id, RequestId(request_id), scope=scope)
    if request is None:
        raise NotFound("not-found", "There is no such request in your organization.")
    return request
