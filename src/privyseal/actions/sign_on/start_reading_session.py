"""Open a session for reading, for whoever the organization's provider has just vouched for and is linked here."""

from __future__ import annotations

from privyseal.actions.house import House
from privyseal.actions.linking import subject_hash
from privyseal.actions.opening import StartedSession, Tokens, open_session
from privyseal.engine.phrases import new_code
from privyseal.model.actor import Actor, reading_actor
from privyseal.model.administrator import AdministratorState
from privyseal.model.errors import Unauthenticated
from privyseal.model.identifiers import SessionId
from privyseal.model.session import READING_LIFE, Session, agent_words
from privyseal.model.sign_on import Vouched
from privyseal.store import administrators, organizations, sessions, sign_ons, throttles
from privyseal.store.database import Transaction


def start_reading_session(
    house: House, tx: Transaction, actor: Actor, slug: str, vouched: Vouched, user_agent: str, former_token: str
) -> StartedSession:
    """Open it. Raises Unauthenticated ``sign-on-unlinked`` for whoever is linked with nobody.

    Settings, link and person are read here: any of them may have ended while the provider was asked.
    """
    organization = organizations.require(tx, slug)
    known = sign_ons.in_force(tx, organization.id)
    link = sign_ons.link_of_subject(tx, organization.id, subject_hash(house, vouched.sign_on.settings, vouched.subject))
    person = administrators.get(tx, link.administrator_id) if link is not None else None
    is_open = known is not None and known.id == vouched.sign_on.id and person is not None and person.state is AdministratorState.ACTIVE
    if link is None or person is None or not is_open or sessions.home_of(tx, person) != slug:
        sentence = (
            "Your organization's sign-on knows you, but nobody here is linked with that account. Sign in with a passkey or an "
            "Administrator ID, and link the two in your account."
        )
        raise Unauthenticated("sign-on-unlinked", sentence)
    throttles.clear_sign_in(tx, "", actor.source)
    token = new_code(house.random_bytes)
    session = Session(
        id=SessionId(house.id("ses", tx.now)),
        audience=slug,
        administrator_id=person.id,
        credential_sha256="",
        created_at=tx.now,
        last_seen_at=tx.now,
        ends_at=tx.now + READING_LIFE,
        stepped_up_at=tx.now,
        agent=agent_words(user_agent),
        source=actor.source,
        link_id=link.id,
    )
    open_session(house, tx, reading_actor(person, actor.source), session, Tokens(token, former_token))
    return StartedSession(session, person, token)
