"""Signing in with a signature, for programs whose key lies on a card: it signs, and does not speak TLS."""

from __future__ import annotations

from fastapi import APIRouter, Request

from privyseal.actions.house import About, attempt, perform
from privyseal.actions.session.challenge_passkey import challenge_passkey
from privyseal.actions.session.end_session import end_session
from privyseal.actions.session.prove_by_signature import prove_by_signature
from privyseal.actions.session.start_session import start_session
from privyseal.doors.rest.access import ANYBODY, SIGNED_IN, described
from privyseal.doors.rest.authentication import CallerOf, Context
from privyseal.doors.rest.bodies import ChallengeBody, SignInBody
from privyseal.doors.rest.documents import ChallengeDocument, SignInDocument
from privyseal.engine.phrases import code_hash
from privyseal.model.errors import Unauthenticated
from privyseal.model.session import CHALLENGE_LIFE, log_of
from privyseal.model.statement import utc_text
from privyseal.reception.audiences import known_log, require_form
from privyseal.reception.signatures import read_message

router = APIRouter(tags=["Signing in"])


@router.post("/sign-in/challenge", **described(ANYBODY, post=True))
def challenge(body: ChallengeBody, request: Request, context: Context, caller: CallerOf) -> ChallengeDocument:
    """Ask for what has to be signed to sign in. It is good once, for five minutes, for whoever knows the secret."""
    request.state.shown_once = True
    about = About("sign-in", _log(context, body.audience), "challenge", "new")
    made = perform(context.house, caller.actor, about, challenge_passkey, body.audience, body.program_sha256)
    return ChallengeDocument(challenge=made.hex(), expires_at=utc_text(context.house.clock() + CHALLENGE_LIFE))


@router.post("/sign-in", status_code=201, **described(ANYBODY, post=True))
def sign_in(body: SignInBody, request: Request, context: Context, caller: CallerOf) -> SignInDocument:
    """Sign in with a signature by an Administrator ID. The token works for 15 minutes, and only while the ID counts.

    Signed is the canonical form of `{"type": "privyseal.sign-in.v1", "service", "organization", "challenge", "expires"}`, where
    `organization` is the audience.
    """
    request.state.shown_once = True
    house = context.house
    about = About("sign-in", _log(context, body.audience), "signature", "signature")
    message = attempt(house, caller.actor, about, lambda: read_message(body.signature, "signature"))
    program = code_hash(body.program)
    proof = attempt(house, caller.actor, about, lambda: prove_by_signature(house, caller.actor, body.audience, program, message))
    agent = request.headers.get("user-agent", "")
    started = perform(house, caller.actor, about, start_session, proof, agent, by_program=True)
    return SignInDocument(token=started.token, expires_at=utc_text(started.session.ends_at))


@router.delete("/sign-in", status_code=204, **described(SIGNED_IN))
def sign_out(context: Context, caller: CallerOf) -> None:
    """End the sign-in whose token is shown."""
    session = caller.session
    if session is None:
        raise Unauthenticated("credential-needed", "Show the token of the sign-in that is to end.")
    about = About("end-session", log_of(session.audience), "session", session.id)
    perform(context.house, caller.actor, about, end_session, session)


def _log(context: Context, audience: str) -> str:
    """Return whose log a try belongs to; raises NotFound for what has not the form of an audience."""
    return known_log(context.house, require_form(audience))
