"""Note that the person of a session has just shown a credential again, before something that cannot be taken back."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, NotPermitted
from privyseal.model.session import IdentityProof, Session, log_of
from privyseal.store import sessions
from privyseal.store.database import Transaction


def step_up_session(house: House, tx: Transaction, actor: Actor, session: Session, proof: IdentityProof) -> None:
    """Step the session up; raises NotPermitted ``other-person`` or ``reading-only``, Conflict ``session-ended``.

    Any usable credential of the same person will do: the proof was made with one a moment ago.
    """
    if session.is_reading:
        raise NotPermitted("reading-only", "This session is for reading only. Sign in with a passkey or an Administrator ID instead.")
    if (proof.audience, proof.administrator_id) != (session.audience, session.administrator_id):
        raise NotPermitted("other-person", "This credential belongs to somebody else than the person who is signed in.")
    if not sessions.step_up(tx, session.id):
        raise Conflict("session-ended", "The session has ended. Sign in again.")
    event = AuditEvent("step-up-session", Outcome.DONE, "session", session.id, evidence=(proof.credential_sha256,))
    record(house, tx, actor, log_of(session.audience), event)
