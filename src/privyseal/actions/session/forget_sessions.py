"""End the sessions whose time passed unnoticed, and delete what nobody needs any more."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.session import KEPT_AFTER_END, SessionEnd, log_of, time_is_up
from privyseal.store import kept_answers, kept_forms, sessions
from privyseal.store.database import Transaction


def forget_sessions(house: House, tx: Transaction, actor: Actor, limit: int) -> int:
    """Record up to ``limit`` ends and return how many; sessions that ended a week ago, old challenges, codes and kept forms are deleted."""
    ended = 0
    for session in sessions.out_of_time(tx, limit):
        reason = time_is_up(session, tx.now) or SessionEnd.TOO_OLD
        if sessions.end(tx, session.id, reason):
            ended += 1
            event = AuditEvent("end-session", Outcome.DONE, "session", session.id, reason=reason.value)
            record(house, tx, actor, log_of(session.audience), event)
    sessions.forget(tx, tx.now - KEPT_AFTER_END)
    sessions.forget_sign_ins(tx)
    kept_forms.delete_expired(tx)
    kept_answers.delete_expired(tx)
    return ended
