"""Questions about requests: an administrator holds one with a question, its contact answers, or the question is taken back."""

from __future__ import annotations

from fastapi import APIRouter

from privyseal.actions.house import About, perform
from privyseal.actions.request.answer_question import answer_question
from privyseal.actions.request.hold_request import hold_request
from privyseal.actions.request.release_request import release_request
from privyseal.doors.rest.access import SUBSCRIBER, described, holder
from privyseal.doors.rest.addresses import RequestPath, Slug
from privyseal.doors.rest.authentication import CallerOf, Context
from privyseal.doors.rest.bodies import AnswerBody, QuestionBody, ReleaseBody
from privyseal.doors.rest.documents import RequestDocument, ShortRequest
from privyseal.doors.rest.reading import read
from privyseal.doors.rest.representations import request_document, short_request
from privyseal.doors.rest.routes_requests import prove
from privyseal.model.administrator import Permission
from privyseal.model.identifiers import RequestId

router = APIRouter(tags=["Questions"])


@router.post("/organizations/{org}/requests/{request_id}/hold", **described(holder(Permission.APPROVE), 403, 409, post=True))
def hold(org: Slug, request_id: RequestPath, body: QuestionBody, context: Context, caller: CallerOf) -> RequestDocument:
    """Hold a request that waits for a decision, with a question that is mailed to its contact.

    It can still be decided while it waits for the answer.
    """
    about = About("hold-request", org, "request", request_id)
    held = perform(context.house, caller.actor, about, hold_request, org, RequestId(request_id), body.question)
    return read(context, caller, about, None, lambda tx, organization: request_document(tx, organization, held))


@router.post("/organizations/{org}/requests/{request_id}/release", **described(holder(Permission.APPROVE), 403, 409, post=True))
def release(org: Slug, request_id: RequestPath, body: ReleaseBody, context: Context, caller: CallerOf) -> RequestDocument:
    """Take the question back: the held request waits for a decision again."""
    del body  # It is there so that this is a JSON call like every other one, and empty.
    about = About("release-request", org, "request", request_id)
    released = perform(context.house, caller.actor, about, release_request, org, RequestId(request_id))
    return read(context, caller, about, None, lambda tx, organization: request_document(tx, organization, released))


@router.post("/organizations/{org}/requests/{request_id}/answer", **described(SUBSCRIBER, 409, post=True))
def answer(org: Slug, request_id: RequestPath, body: AnswerBody, context: Context, caller: CallerOf) -> ShortRequest:
    """Answer the question of a held request, which then waits for a decision again. `status` tells the question."""
    about = About("answer-question", org, "request", request_id)
    proof = prove(context, caller, about, body.phrase)
    return short_request(perform(context.house, caller.actor, about, answer_question, org, proof, body.answer))
