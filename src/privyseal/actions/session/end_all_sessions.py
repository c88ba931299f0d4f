"""Sign out everywhere: end every session of the person, the one that asks included."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.session import Session, SessionEnd, log_of
from privyseal.store import sessions
from privyseal.store.database import Transaction


def end_all_sessions(house: House, tx: Transaction, actor: Actor, session: Session) -> int:
    """End all sessions of the person of this one; return how many were live."""
    reason = SessionEnd.SIGNED_OUT_EVERYWHERE
    ended = [other.id for other in sessions.live_of(tx, session.administrator_id) if sessions.end(tx, other.id, reason)]
    events = [AuditEvent("end-session", Outcome.DONE, "session", session_id, reason=reason.value) for session_id in ended]
    if events:
        record(house, tx, actor, log_of(session.audience), *events)
    return len(ended)
