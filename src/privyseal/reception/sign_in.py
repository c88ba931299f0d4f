"""Coming in and going out: ties the actions of sign-in to cookies, addresses and the browser that asked.

The way of an Administrator ID: the pages set a cookie and link to the administrators' port with the cookie's SHA-256; there
TLS verifies the certificate, and the answer leads back with a one-time code, which counts only together with that cookie.
The way of a passkey: the same cookie ties a random challenge to the browser. Everything here is called from a thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from privyseal.actions.house import About, attempt, perform, sha256_hex
from privyseal.actions.opening import StartedSession
from privyseal.actions.session.challenge_passkey import challenge_passkey
from privyseal.actions.session.end_all_sessions import end_all_sessions
from privyseal.actions.session.end_other_session import end_other_session
from privyseal.actions.session.end_session import end_session
from privyseal.actions.session.hand_over_identity import hand_over_identity
from privyseal.actions.session.prove_by_code import prove_by_code
from privyseal.actions.session.prove_by_passkey import PasskeyAnswer, prove_by_passkey
from privyseal.actions.session.start_session import start_session
from privyseal.actions.session.step_up_session import step_up_session
from privyseal.engine.phrases import code_hash, new_code
from privyseal.model.errors import BadRequest, Unauthenticated
from privyseal.model.identifiers import SessionId
from privyseal.model.session import IdentityProof, Session, log_of
from privyseal.reception import certificates
from privyseal.reception.audiences import known_log, require_form, site_of
from privyseal.reception.certificates import client_certificate
from privyseal.reception.cookies import browser_cookie, drop, session_cookie, set_browser, set_token, token_of
from privyseal.reception.desk import desk_of
from privyseal.reception.visitors import Visitor
from privyseal.store import sessions

CERTIFICATE_PATH: Final = certificates.CERTIFICATE_PATH
"""At the administrators' port: leads back with a code, or says what is missing."""

SIGN_IN: Final = "sign-in"
STEP_UP: Final = "step-up"
WITHOUT_CERTIFICATE: Final = (
    "This address opens with an Administrator ID alone, and no certificate was shown. Programs with a token call the service's base_url."
)
_STATE_CHARACTERS: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that has begun: the browser's cookie, and ``state``, its SHA-256, which may stand in addresses."""

    audience: str
    token: str

    @property
    def state(self) -> str:
        """What ties a code or a challenge to this browser without telling the cookie."""
        return code_hash(self.token)


def begin(request: Request, audience: str) -> Attempt:
    """Return the sign-in of this browser, a new one or the one that is under way in another tab; ``keep`` sets the cookie."""
    desk = desk_of(request)
    return Attempt(audience, token_of(request, browser_cookie(audience)) or new_code(desk.house.random_bytes))


def keep(response: Response, begun: Attempt) -> None:
    """Set the cookie of a sign-in that has begun."""
    set_browser(response, begun.audience, begun.token)


def certificate_address(request: Request, begun: Attempt, purpose: str = SIGN_IN) -> str:
    """Return the address at the administrators' port that asks for an Administrator ID; ``purpose`` is SIGN_IN or STEP_UP."""
    desk = desk_of(request)
    query = urlencode({"audience": begun.audience, "state": begun.state, "purpose": purpose})
    return f"{desk.house.service.administrator_url}{CERTIFICATE_PATH}?{query}"


def hand_over(request: Request, audience: str, state: str, purpose: str = SIGN_IN) -> str:
    """At the administrators' port: return the address of the pages to go on to, with the one-time code.

    Raises Unauthenticated (``certificate-missing``, ``credential-unknown``, ``credential-unusable``), NotFound for an
    audience, BadRequest ``state``, TooManyRequests; all recorded.
    """
    desk = desk_of(request)
    actor = desk.stranger(request)
    certificate = client_certificate(request)
    fingerprint = sha256_hex(certificate) if certificate is not None else "none"
    about = About("sign-in", known_log(desk.house, audience), "credential", fingerprint)

    def work() -> str:
        if certificate is None:
            desk.limit.take(actor.source)
            raise Unauthenticated("certificate-missing", WITHOUT_CERTIFICATE)
        require_form(audience)
        if len(state) != 64 or not set(state) <= _STATE_CHARACTERS or purpose not in {SIGN_IN, STEP_UP}:
            raise BadRequest("state", "This link is incomplete. Start again from the sign-in page.")
        return hand_over_identity(desk.house, actor, audience, state, fingerprint)

    code = attempt(desk.house, actor, about, work)
    return f"{desk.house.service.base_url}{site_of(audience)}/{purpose}/finish?{urlencode({'code': code})}"


def new_challenge(request: Request, begun: Attempt) -> bytes:
    """Return 32 bytes for a passkey to sign, for this browser and audience; raises NotFound, TooManyRequests."""
    desk = desk_of(request)
    actor = desk.stranger(request)
    desk.limit.take(actor.source)
    about = About("sign-in", known_log(desk.house, require_form(begun.audience)), "challenge", "new")
    return perform(desk.house, actor, about, challenge_passkey, begun.audience, begun.state)


def sign_in_by_code(request: Request, audience: str, code: str) -> StartedSession:
    """Exchange the one-time code for a session; raises Unauthenticated, TooManyRequests, recorded. Then ``let_in``."""
    return _start(request, audience, _prove_by_code(request, audience, code))


def sign_in_by_passkey(request: Request, audience: str, answer: PasskeyAnswer) -> StartedSession:
    """Exchange the answer of a passkey for a session; raises Unauthenticated, Refused, TooManyRequests, recorded."""
    return _start(request, audience, _prove_by_passkey(request, audience, answer))


def step_up_by_code(request: Request, guest: Visitor, code: str) -> None:
    """Note that the Administrator ID was shown again; raises as ``sign_in_by_code``, and NotPermitted for somebody else's."""
    _step_up(request, guest, _prove_by_code(request, guest.session.audience, code))


def step_up_by_passkey(request: Request, guest: Visitor, answer: PasskeyAnswer) -> None:
    """Note that a passkey was used again; raises as ``sign_in_by_passkey``, and NotPermitted for somebody else's."""
    _step_up(request, guest, _prove_by_passkey(request, guest.session.audience, answer))


def let_in(response: Response, started: StartedSession) -> None:
    """Give the browser the token of its new session; the cookie of the sign-in has done its work."""
    set_token(response, session_cookie(started.session.audience), started.token)
    drop(response, browser_cookie(started.session.audience))


def sign_out(request: Request, response: Response, guest: Visitor, *, everywhere: bool = False) -> None:
    """End the session, or all sessions of the person, and delete the cookie."""
    desk = desk_of(request)
    house = desk.house
    about = About("end-session", log_of(guest.session.audience), "session", guest.session.id)
    if everywhere:
        perform(house, guest.actor, about, end_all_sessions, guest.session)
    else:
        perform(house, guest.actor, about, end_session, guest.session)
    drop(response, session_cookie(guest.session.audience))


def own_sessions(request: Request, guest: Visitor) -> list[Session]:
    """Return the live sessions of the visitor, the newest first, this one among them."""
    desk = desk_of(request)
    house = desk.house
    with house.database.read(house.clock()) as tx:
        return sessions.live_of(tx, guest.administrator.id)


def end_one(request: Request, guest: Visitor, session_id: str) -> None:
    """End one of the visitor's sessions from that list; raises NotFound."""
    desk = desk_of(request)
    about = About("end-session", log_of(guest.session.audience), "session", session_id)
    perform(desk.house, guest.actor, about, end_other_session, guest.session, SessionId(session_id))


def _prove_by_code(request: Request, audience: str, code: str) -> IdentityProof:
    desk = desk_of(request)
    actor = desk.stranger(request)
    desk.limit.take(actor.source)
    state = _state(request, audience)
    about = About("sign-in", known_log(desk.house, audience), "code", "code")
    return attempt(desk.house, actor, about, lambda: prove_by_code(desk.house, actor, audience, state, code))


def _prove_by_passkey(request: Request, audience: str, answer: PasskeyAnswer) -> IdentityProof:
    desk = desk_of(request)
    actor = desk.stranger(request)
    desk.limit.take(actor.source)
    state = _state(request, audience)
    about = About("sign-in", known_log(desk.house, audience), "passkey", "passkey")
    return attempt(desk.house, actor, about, lambda: prove_by_passkey(desk.house, actor, audience, state, answer))


def _state(request: Request, audience: str) -> str:
    """Nothing when the browser has no cookie of a sign-in: no code and no challenge is tied to nothing."""
    token = token_of(request, browser_cookie(audience))
    return code_hash(token) if token else ""


def _start(request: Request, audience: str, proof: IdentityProof) -> StartedSession:
    desk = desk_of(request)
    about = About("sign-in", known_log(desk.house, audience), "administrator", proof.administrator_id)
    agent = request.headers.get("user-agent", "")
    former = token_of(request, session_cookie(audience))
    return perform(desk.house, desk.stranger(request), about, start_session, proof, agent, former)


def _step_up(request: Request, guest: Visitor, proof: IdentityProof) -> None:
    desk = desk_of(request)
    about = About("step-up-session", log_of(guest.session.audience), "session", guest.session.id)
    perform(desk.house, guest.actor, about, step_up_session, guest.session, proof)
