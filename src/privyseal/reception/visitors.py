"""Who visits a page: the session of a cookie, looked up at every request, or nobody.

Everything here reads the database and is called from a thread, not from the event loop.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from privyseal.actions.house import About, attempt
from privyseal.actions.session.resume_session import resume_session
from privyseal.model.actor import Actor, require_credential
from privyseal.model.administrator import Administrator, Permission
from privyseal.model.errors import NotPermitted, Unauthenticated
from privyseal.model.session import END_SENTENCES, Session, SessionEnd, log_of, needs_step_up
from privyseal.reception.cookies import session_cookie, token_of
from privyseal.reception.desk import Desk, desk_of


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in: the session, the person, and the actor with the rights he holds at this moment."""

    session: Session
    administrator: Administrator
    actor: Actor


@dataclass(frozen=True, slots=True)
class Recognized:
    """``visitor`` is None for nobody; ``ended`` tells why the ``session`` of this browser ended, while that is still known."""

    visitor: Visitor | None = None
    ended: SessionEnd | None = None
    session: Session | None = None


def recognize(request: Request, audience: str, *, in_use: bool = True) -> Recognized:
    """Look the session up; ``in_use`` is False for what a page asks by itself, which keeps nobody signed in.

    Raises BadRequest ``cookies``, Unavailable.
    """
    token = token_of(request, session_cookie(audience))
    if not token:
        return Recognized()
    desk = desk_of(request)
    found = resume_session(desk.house, token, audience, desk.source(request), in_use=in_use)
    if found is None:
        return Recognized()
    if found.ended is not None:
        return Recognized(ended=found.ended, session=found.session)
    return Recognized(Visitor(found.session, found.person, found.actor), session=found.session)


def visitor(request: Request, audience: str) -> Visitor | None:
    """Return who is signed in at this audience, or None; raises as :func:`recognize`."""
    return recognize(request, audience).visitor


def is_still_here(request: Request, guest: Visitor) -> bool:
    """Tell whether the session of a page that stays open (live updates) still holds; asking keeps it no longer alive."""
    now = recognize(request, guest.session.audience, in_use=False).visitor
    return (
        now is not None
        and now.session.id == guest.session.id
        and (now.actor.permissions, now.actor.partial)
        == (
            guest.actor.permissions,
            guest.actor.partial,
        )
    )


def require_visitor(
    request: Request,
    audience: str,
    permission: Permission | None = None,
    *,
    scoped: bool = False,
    step_up: bool = False,
    in_use: bool = True,
    with_credential: bool = False,
) -> Visitor:
    """Return who is signed in and holds the right, where ``scoped`` for some department at least; raises what the page answers.

    Unauthenticated ``sign-in-needed`` says why the last session ended, NotPermitted ``permission`` is recorded, NotPermitted
    ``step-up-needed`` asks for the credential again when ``step_up`` and the last time is more than five minutes ago. NotPermitted
    ``reading-only``, recorded, where ``with_credential`` and the session came through the organization's sign-on.
    """
    desk = desk_of(request)
    found = recognize(request, audience, in_use=in_use)
    guest = found.visitor
    if guest is None:
        reason = "You are not signed in here." if found.ended is None else END_SENTENCES[found.ended]
        raise Unauthenticated("sign-in-needed", f"{reason} Sign in to go on.")
    request.state.visitor = guest
    if with_credential and guest.session.is_reading:
        about = About("open-page", log_of(guest.session.audience), "session", guest.session.id)
        attempt(desk.house, guest.actor, about, lambda: require_credential(guest.actor))
    if permission is not None:
        scope = guest.actor.scope(permission)
        if not (scope.everything or (scoped and scope.paths)):
            _refuse_permission(desk, guest, permission)
    if step_up and needs_step_up(guest.session, desk.house.clock()):
        raise NotPermitted("step-up-needed", "Show your credential again to go on: what you are about to do cannot be taken back.")
    return guest


def _refuse_permission(desk: Desk, guest: Visitor, permission: Permission) -> None:
    def refuse() -> None:
        right = permission.value.replace("-", " ")
        if guest.actor.scope(permission).paths:
            raise NotPermitted("scope", f"Your right to {right} is for certain departments; this needs it for the whole organization.")
        raise NotPermitted("permission", f"None of your roles includes the right to {right}.")

    about = About("open-page", log_of(guest.session.audience), "permission", permission.value)
    attempt(desk.house, guest.actor, about, refuse)
