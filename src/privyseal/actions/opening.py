"""How a session is entered, whatever its person came in with: what ``start_session`` and ``start_reading_session`` share."""

from __future__ import annotations

from dataclasses import dataclass

from privyseal.actions.house import House, record
from privyseal.engine.phrases import code_hash
from privyseal.model.actor import Actor
from privyseal.model.administrator import Administrator
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.session import Session, SessionEnd, log_of
from privyseal.store import access_reviews, kept_answers, kept_forms, sessions
from privyseal.store.database import Transaction


@dataclass(frozen=True, slots=True)
class StartedSession:
    """The session, whose it is, and the token for the browser's cookie, which is in this value and nowhere else."""

    session: Session
    person: Administrator
    token: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """``new`` is the token of the session that begins, ``former`` what the browser had before, or ""."""

    new: str
    former: str


def open_session(house: House, tx: Transaction, actor: Actor, session: Session, tokens: Tokens) -> None:
    """Enter a session of ``actor``; the one that this browser had ends, and what it kept of a form goes on to this one."""
    sessions.insert(tx, session, code_hash(tokens.new))
    access_reviews.note_sign_in(tx, session.administrator_id)
    events = [AuditEvent("start-session", Outcome.DONE, "session", session.id, reason="reading" if session.is_reading else "")]
    former = sessions.by_token(tx, code_hash(tokens.former)) if tokens.former else None
    if former is not None and former.session.administrator_id == session.administrator_id:
        kept_forms.hand_on(tx, former.session.id, session.id)
        kept_answers.hand_on(tx, former.session.id, session.id)
    if former is not None and former.session.audience == session.audience and sessions.end(tx, former.session.id, SessionEnd.REPLACED):
        events.append(AuditEvent("end-session", Outcome.DONE, "session", former.session.id, reason=SessionEnd.REPLACED.value))
    record(house, tx, actor, log_of(session.audience), *events)
