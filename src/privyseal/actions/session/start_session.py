"""Open a session for somebody who has just shown who he is.

Person and credential are read again here: between the proof and this moment either may have ended.
"""

from __future__ import annotations

from privyseal.actions.house import House
from privyseal.actions.opening import StartedSession, Tokens, open_session
from privyseal.engine.phrases import new_code
from privyseal.model.actor import Actor, administrator_actor
from privyseal.model.administrator import AdministratorState
from privyseal.model.errors import Unauthenticated
from privyseal.model.identifiers import SessionId
from privyseal.model.session import PROGRAM_LIFE, PROGRAM_TOKEN, WHOLE_LIFE, IdentityProof, Session, agent_words
from privyseal.store import administrators, sessions
from privyseal.store.database import Transaction


def start_session(
    house: House, tx: Transaction, actor: Actor, proof: IdentityProof, user_agent: str, former_token: str = "", *, by_program: bool = False
) -> StartedSession:
    """Open a session; ``former_token`` is what the browser had before, whose session ends. Raises Unauthenticated.

    A session of a program is short, and its token has a form that no cookie has: neither is good in place of the other.
    """
    found = administrators.by_certificate(tx, proof.credential_sha256)
    person = found[0] if found is not None else None
    if (
        found is None
        or person is None
        or person.id != proof.administrator_id
        or person.state is not AdministratorState.ACTIVE
        or sessions.home_of(tx, person) != proof.audience
        or not found[1].is_usable(tx.now)
    ):
        sentence = "Cannot verify administrator's identity. The credential has just been revoked, or the person was removed."
        raise Unauthenticated("credential-unusable", sentence)
    token = f"{PROGRAM_TOKEN if by_program else ''}{new_code(house.random_bytes)}"
    session = Session(
        id=SessionId(house.id("ses", tx.now)),
        audience=proof.audience,
        administrator_id=person.id,
        credential_sha256=proof.credential_sha256,
        created_at=tx.now,
        last_seen_at=tx.now,
        ends_at=tx.now + (PROGRAM_LIFE if by_program else WHOLE_LIFE),
        stepped_up_at=tx.now,
        agent=agent_words(user_agent),
        source=actor.source,
    )
    open_session(house, tx, administrator_actor(person, proof.credential_sha256, actor.source), session, Tokens(token, former_token))
    return StartedSession(session, person, token)
