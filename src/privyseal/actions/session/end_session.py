"""Sign out of the session one is in."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.session import Session, SessionEnd, log_of
from privyseal.store import sessions
from privyseal.store.database import Transaction


def end_session(house: House, tx: Transaction, actor: Actor, session: Session) -> None:
    """End the session; a second time changes nothing."""
    if sessions.end(tx, session.id, SessionEnd.SIGNED_OUT):
        event = AuditEvent("end-session", Outcome.DONE, "session", session.id, reason=SessionEnd.SIGNED_OUT.value)
        record(house, tx, actor, log_of(session.audience), event)
