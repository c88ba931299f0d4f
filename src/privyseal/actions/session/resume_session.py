"""Look up the session of a token at every request, and end it at the very request at which it may not go on.

One indexed read tells everything; nothing is written but the last use, once a minute, and an end, once.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from privyseal.actions.house import House, record
from privyseal.engine.phrases import code_hash
from privyseal.model.actor import Actor, administrator_actor, reading_actor
from privyseal.model.administrator import Administrator
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Unavailable
from privyseal.model.session import Session, SessionEnd, is_seen_again, log_of, reason_to_end
from privyseal.store import sessions
from privyseal.store.database import Transaction


@dataclass(frozen=True, slots=True)
class ResumedSession:
    """A session that was found; ``ended`` is None while it goes on, and ``actor`` is whose it is."""

    session: Session
    person: Administrator
    actor: Actor
    ended: SessionEnd | None


def resume_session(house: House, token: str, asked: str | None, source: str, *, in_use: bool = True) -> ResumedSession | None:
    """Return the session, or None for a token that is unknown at the audience that was asked; raises Unavailable.

    ``asked`` is None for the token of a program, which belongs to whatever audience it was made for.

    ``in_use`` is False for a page that asks by itself, which keeps no session alive. A token shown at another audience than
    its own is answered as unknown, and its session ends: no browser does that.
    """
    now = house.clock()
    with house.database.read(now) as tx:
        found = sessions.by_token(tx, code_hash(token))
    if found is None:
        return None
    session = found.session
    audience = session.audience if asked is None else asked
    if session.is_reading:
        actor = reading_actor(found.person, source)
    else:
        actor = administrator_actor(found.person, session.credential_sha256, source)
    if session.ended_at is not None:
        ended = session.end_reason
    else:
        ended = reason_to_end(session, found.person, found.home, found.credential, audience, now, is_linked=found.is_linked)
        if ended is not None:
            with house.database.write(now) as tx:
                _end(house, tx, actor, session, ended)
        elif in_use and is_seen_again(session, now):
            # A full disk stops nobody from reading; the session then only ends earlier.
            with suppress(Unavailable), house.database.write(now) as tx:
                sessions.mark_seen(tx, session.id)
    return None if audience != session.audience else ResumedSession(session, found.person, actor, ended)


def _end(house: House, tx: Transaction, actor: Actor, session: Session, reason: SessionEnd) -> None:
    if sessions.end(tx, session.id, reason):
        event = AuditEvent("end-session", Outcome.DONE, "session", session.id, reason=reason.value)
        record(house, tx, actor, log_of(session.audience), event)
