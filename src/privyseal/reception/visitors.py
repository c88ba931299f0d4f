"""Who visits a page: the session of a cookie, looked up at every request, or nobody.

Everything here reads the database and is called from a thread, not from the event loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from privyseal.actions.house import About, attempt
from privyseal.actions.session.resume_session import resume_session
from privyseal.model.actor import Actor
from privyseal.model.administrator import Administrator, Permission
from privyseal.model.errors import NotFound, NotPermitted, Unauthenticated
from privyseal.model.session import END_SENTENCES, PROVIDER_AUDIENCE, Session, SessionEnd, log_of, needs_step_up
from privyseal.reception.cookies import session_cookie, token_of
from privyseal.reception.desk import desk_of
from privyseal.reception.sources import source_of


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in: the session, the person, and the actor with the rights he holds at this moment."""

    session: Session
    administrator: Administrator
    actor: Actor


@dataclass(frozen=True, slots=True)
class Visit:
    """``visitor`` is None for nobody; ``ended`` tells why the session of this browser ended, while that is still known."""

    visitor: Visitor | None = None
    ended: SessionEnd | None = None


def audience_of(request: Request) -> str:
    """Return whose page was asked for, by its address ``/o/SLUG/...`` or ``/provider/...``; raises NotFound for any other."""
    parts = request.url.path.split("/")
    if parts[1:2] == ["provider"]:
        return PROVIDER_AUDIENCE
    if parts[1:2] == ["o"] and len(parts) > 2 and parts[2]:
        return parts[2]
    raise NotFound("not-found", "There is nothing at this address.")


def visit(request: Request, audience: str, *, in_use: bool = True) -> Visit:
    """Look the session up; ``in_use`` is False for what a page asks by itself, which keeps nobody signed in.

    Raises BadRequest ``cookies``, Unavailable.
    """
    token = token_of(request, session_cookie(audience))
    if not token:
        return Visit()
    desk = desk_of(request)
    found = resume_session(desk.house, token, audience, source_of(request, desk.context), in_use=in_use)
    if found is None:
        return Visit()
    if found.ended is not None:
        return Visit(ended=found.ended)
    return Visit(Visitor(found.session, found.person, found.actor))


def visitor(request: Request, audience: str) -> Visitor | None:
    """Return who is signed in at this audience, or None; raises as :func:`visit`."""
    return visit(request, audience).visitor


def is_still_here(request: Request, guest: Visitor) -> bool:
    """Tell whether the session of a page that stays open (live updates) still holds; asking keeps it no longer alive."""
    now = visit(request, guest.session.audience, in_use=False).visitor
    return now is not None and now.session.id == guest.session.id and now.actor.permissions == guest.actor.permissions


def require_visitor(request: Request, audience: str, permission: Permission | None = None, *, step_up: bool = False) -> Visitor:
    """Return who is signed in and holds the right; raises what the page answers with something to do.

    Unauthenticated ``sign-in-needed`` says why the last session ended, NotPermitted ``permission`` is recorded, NotPermitted
    ``step-up-needed`` asks for the credential again when ``step_up`` and the last time is more than five minutes ago.
    """
    found = visit(request, audience)
    guest = found.visitor
    if guest is None:
        reason = "You are not signed in here." if found.ended is None else END_SENTENCES[found.ended]
        raise Unauthenticated("sign-in-needed", f"{reason} Sign in to go on.")
    if permission is not None and permission not in guest.actor.permissions:
        _refuse_permission(request, guest, permission)
    if step_up and needs_step_up(guest.session, desk_of(request).house.clock()):
        raise NotPermitted("step-up-needed", "Show your credential again to go on: what you are about to do cannot be taken back.")
    return guest


def _refuse_permission(request: Request, guest: Visitor, permission: Permission) -> None:
    def refuse() -> None:
        right = permission.value.replace("-", " ")
        raise NotPermitted("permission", f"Your role, {guest.administrator.role.value}, does not include the right to {right}.")

    about = About("open-page", log_of(guest.session.audience), "permission", permission.value)
    attempt(desk_of(request).house, guest.actor, about, refuse)


async def _admitted(request: Request) -> Visitor:
    guest = getattr(request.state, "visitor", None)
    if not isinstance(guest, Visitor):
        raise Unauthenticated("sign-in-needed", "You are not signed in here. Sign in to go on.")
    return guest


CurrentVisitor = Annotated[Visitor, Depends(_admitted)]
"""Parameter of a page that is not open to everybody: whom ``access.admit`` let in."""
