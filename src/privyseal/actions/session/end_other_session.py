"""End one of one's own sessions from the list of them."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import SessionId
from privyseal.model.session import Session, SessionEnd, log_of
from privyseal.store import sessions
from privyseal.store.database import Transaction


def end_other_session(house: House, tx: Transaction, actor: Actor, session: Session, other_id: SessionId) -> None:
    """End a live session of the person of ``session``; raises NotFound for everything else."""
    if other_id not in {other.id for other in sessions.live_of(tx, session.administrator_id)}:
        raise NotFound("session", "There is no such session, or it has ended already.")
    if sessions.end(tx, other_id, SessionEnd.ENDED_FROM_LIST):
        event = AuditEvent("end-session", Outcome.DONE, "session", other_id, reason=SessionEnd.ENDED_FROM_LIST.value)
        record(house, tx, actor, log_of(session.audience), event)
