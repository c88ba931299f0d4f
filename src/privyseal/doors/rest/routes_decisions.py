"""Decisions of administrators, each under a signature that is verified here, stored, and verified again by the issuer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from privyseal.actions.approving import Approved, SignedApproval
from privyseal.actions.house import About, perform
from privyseal.actions.request.approve_request import approve_request
from privyseal.actions.request.approve_requests import approve_requests
from privyseal.actions.request.reject_request import reject_request
from privyseal.doors.rest.access import described, holder
from privyseal.doors.rest.addresses import RequestPath, Slug
from privyseal.doors.rest.authentication import Caller, CallerOf, Context
from privyseal.doors.rest.bodies import ApprovalsBody, SignatureBody
from privyseal.doors.rest.documents import ApprovalOutcome, ApprovalOutcomes, ApprovalResult, RequestDocument
from privyseal.doors.rest.errors import problem_document
from privyseal.doors.rest.reading import read
from privyseal.doors.rest.representations import request_document, short_certificate
from privyseal.doors.rest.routes_requests import require_request
from privyseal.model.actor import require
from privyseal.model.administrator import Permission
from privyseal.model.errors import BadRequest, NotPermitted, PrivysealError
from privyseal.model.identifiers import RequestId
from privyseal.model.organization import Organization
from privyseal.model.request import RequestState
from privyseal.model.statement import MAXIMUM_STATEMENT_LIFE, approval_fields, require_unexpired, utc_text
from privyseal.reception.issuing import issue
from privyseal.reception.signatures import read_message
from privyseal.store import certificates, departments, policies, requests
from privyseal.store.database import Transaction
from privyseal.store.failpoints import failpoint
from privyseal_wire.canonical import canonical_bytes
from privyseal_wire.statements import Approval

router = APIRouter(tags=["Decisions"])

_TO_BE_ISSUED = frozenset({RequestState.APPROVED, RequestState.ISSUING})
_TO_BE_ISSUED_WORDS = frozenset(state.value for state in _TO_BE_ISSUED)
STATEMENT_LIFE = timedelta(minutes=10)
Expires = Annotated[
    str,
    Query(
        pattern=r"^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z)?$",
        description="End of the approval, RFC 3339 in UTC with whole seconds; ten minutes from now when left out.",
    ),
]


@router.get(
    "/organizations/{org}/requests/{request_id}/approval-content",
    response_class=Response,
    **described(holder(Permission.APPROVE), 403, file="application/json"),
)
def show_approval_content(org: Slug, request_id: RequestPath, context: Context, caller: CallerOf, expires: Expires = "") -> Response:
    """Give out the bytes that the caller signs to approve (RFC 8785).

    `Privyseal-Fingerprint` is the short form to compare with `seal request show`. Whoever signs should compute the
    bytes himself from what he sees, as `seal` does.
    """

    def content(tx: Transaction, organization: Organization) -> bytes:
        if caller.administrator is None:
            raise NotPermitted("administrator-needed", "An approval is signed by a person. Use an Administrator ID.")
        request = require_request(tx, organization, request_id, caller)
        require(caller.actor, Permission.APPROVE, organization.id, departments.path_of(tx, request.department_id))
        policy, _ = policies.get(tx, request.policy_id, request.policy_version)
        end = expires or utc_text(tx.now + STATEMENT_LIFE)
        _require_end(end, tx.now)
        service = context.house.service.service_id
        fields = approval_fields(
            request, policy, service=service, organization=organization.slug, approver=caller.administrator.id, expires=end
        )
        return canonical_bytes(fields)

    about = About("show-approval-content", org, "request", request_id)
    data = read(context, caller, about, Permission.APPROVE, content, scoped=True)
    return Response(data, media_type="application/json", headers={"Privyseal-Fingerprint": Approval.from_bytes(data).fingerprint()})


@router.post(
    "/organizations/{org}/requests/{request_id}/approval",
    **described(holder(Permission.READ), 403, 409, post=True, also={202: "Kept; the certificate is issued as soon as it can be."}),
)
def approve(
    org: Slug, request_id: RequestPath, body: SignatureBody, response: Response, context: Context, caller: CallerOf
) -> ApprovalResult:
    """Hand in a signed approval; the signature decides, not who carries it.

    After the last approval needed the certificate is issued before the answer. 202 says that it is kept and will be
    issued: the issuer is not there at the moment.
    """
    house, actor = context.house, caller.actor
    about = About("approve-request", org, "request", request_id)
    read(
        context, caller, about, Permission.READ, lambda tx, organization: require_request(tx, organization, request_id, caller), scoped=True
    )
    signature = read_message(body.signature, "signature")
    approved = perform(house, actor, about, approve_request, org, RequestId(request_id), signature)
    failpoint("approve.after-commit")
    if approved.is_complete:
        issue(context, about, [approved.request_id])

    def result(tx: Transaction, organization: Organization) -> ApprovalResult:
        request = require_request(tx, organization, request_id)
        if request.state in _TO_BE_ISSUED:
            response.status_code = 202
        certificate = certificates.of_request(tx, request.id)
        return ApprovalResult(
            request=request_document(tx, organization, request),
            certificate=short_certificate(certificate) if certificate else None,
            approvals=approved.approvals,
            approvals_needed=approved.approvals_needed,
        )

    return read(context, caller, about, None, result)


@router.post(
    "/organizations/{org}/approvals",
    **described(holder(Permission.READ), 403, 409, post=True, also={202: "Kept; some certificates are issued as soon as they can be."}),
)
def approve_together(org: Slug, body: ApprovalsBody, response: Response, context: Context, caller: CallerOf) -> ApprovalOutcomes:
    """Hand in approvals of several requests at once, each signed on its own as for `approval`.

    Each is judged on its own: one that is refused is recorded, and does not hurt the others. The certificates are issued
    before the answer. 202 says that some are kept and will be issued: the issuer is not there at the moment.
    """
    house, about = context.house, About("approve-request", org, "organization", org)
    read(context, caller, about, Permission.READ, lambda _tx, _organization: None, scoped=True)
    handed_in = [SignedApproval(RequestId(item.request), read_message(item.signature, "signature")) for item in body.approvals]
    outcomes = perform(house, caller.actor, about, approve_requests, org, handed_in)
    failpoint("approve.after-commit")
    complete = [outcome.request_id for outcome in outcomes if isinstance(outcome, Approved) and outcome.is_complete]
    if complete:
        issue(context, about, complete)

    def result(tx: Transaction, organization: Organization) -> ApprovalOutcomes:
        pairs = zip(handed_in, outcomes, strict=True)
        items = [_outcome(tx, organization, caller, item.request_id, outcome) for item, outcome in pairs]
        if any(item.problem is None and item.state in _TO_BE_ISSUED_WORDS for item in items):
            response.status_code = 202
        return ApprovalOutcomes(items=items)

    return read(context, caller, about, None, result)


def _outcome(
    tx: Transaction, organization: Organization, caller: Caller, request_id: RequestId, outcome: Approved | PrivysealError
) -> ApprovalOutcome:
    request = requests.get(tx, organization.id, request_id, scope=caller.actor.scope(Permission.READ))
    certificate = certificates.of_request(tx, request.id) if request else None
    problem = problem_document(outcome) if isinstance(outcome, PrivysealError) else None
    return ApprovalOutcome(
        request=request_id,
        state=request.state.value if request else None,
        state_reason=request.state_reason if request else "",
        certificate=short_certificate(certificate) if certificate else None,
        approvals=outcome.approvals if isinstance(outcome, Approved) else None,
        approvals_needed=outcome.approvals_needed if isinstance(outcome, Approved) else None,
        problem=problem,
    )


def _require_end(end: str, now: datetime) -> None:
    try:
        require_unexpired(end, now, MAXIMUM_STATEMENT_LIFE)
    except ValueError as error:
        raise BadRequest("expires", f"The end {end} is not a moment of the calendar.", field="expires") from error


@router.post("/organizations/{org}/requests/{request_id}/rejection", **described(holder(Permission.READ), 403, 409, post=True))
def reject(org: Slug, request_id: RequestPath, body: SignatureBody, context: Context, caller: CallerOf) -> RequestDocument:
    """Hand in a signed rejection; the contact is told the reason."""
    about = About("reject-request", org, "request", request_id)
    read(
        context, caller, about, Permission.READ, lambda tx, organization: require_request(tx, organization, request_id, caller), scoped=True
    )
    rejected = perform(
        context.house, caller.actor, about, reject_request, org, RequestId(request_id), read_message(body.signature, "signature")
    )
    return read(context, caller, about, None, lambda tx, organization: request_document(tx, organization, rejected))
