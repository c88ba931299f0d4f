"""Sessions of people, and what a sign-in waits for: challenges of passkeys and hand-over codes of certificates.

Of every token, code and challenge only the SHA-256 is kept: whoever reads the database cannot use one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from privyseal.model.administrator import Administrator, Credential
from privyseal.model.identifiers import AdministratorId, SessionId
from privyseal.model.session import IDLE_LIFE, PROVIDER_AUDIENCE, SEEN_EVERY, Session, SessionEnd
from privyseal.store import organizations as organization_store
from privyseal.store import sign_ons
from privyseal.store.administrators import administrators, credentials, people_of
from privyseal.store.database import Transaction
from privyseal.store.organizations import organizations
from privyseal.store.prepared import Prepared
from privyseal.store.schema import Digest, Id, UtcTime, metadata
from privyseal.store.sign_ons import sign_on_links

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("token_sha256", Digest, nullable=False, unique=True),
    sa.Column("audience", sa.String(40), nullable=False),
    sa.Column("administrator_id", Id, sa.ForeignKey("administrators.id"), nullable=False, index=True),
    sa.Column("credential_sha256", Digest, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("last_seen_at", UtcTime, nullable=False),
    sa.Column("ends_at", UtcTime, nullable=False, index=True),
    sa.Column("stepped_up_at", UtcTime, nullable=False),
    sa.Column("agent", sa.String(160), nullable=False),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("ended_at", UtcTime),
    sa.Column("end_reason", sa.String(32)),
    sa.Column("link_id", Id, sa.ForeignKey("sign_on_links.id")),
)

sign_in_challenges = sa.Table(
    "sign_in_challenges",
    metadata,
    sa.Column("challenge_sha256", Digest, primary_key=True),
    sa.Column("audience", sa.String(40), nullable=False),
    sa.Column("browser_sha256", Digest, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False, index=True),
)

hand_over_codes = sa.Table(
    "hand_over_codes",
    metadata,
    sa.Column("code_sha256", Digest, primary_key=True),
    sa.Column("audience", sa.String(40), nullable=False),
    sa.Column("browser_sha256", Digest, nullable=False),
    sa.Column("administrator_id", Id, sa.ForeignKey("administrators.id"), nullable=False),
    sa.Column("credential_sha256", Digest, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a passkey is asked to sign; ``browser_sha256`` is the SHA-256 of the cookie of the browser that asked."""

    challenge_sha256: str
    audience: str
    browser_sha256: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class HandOverCode:
    """A verified certificate on its way from the administrators' port to the page that asked for it."""

    code_sha256: str
    audience: str
    browser_sha256: str
    administrator_id: AdministratorId
    credential_sha256: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """A session with what decides about it now: the person, the audience he belongs to, the credential (None: not registered).

    ``is_linked`` tells whether the link that the person came by counts still.
    """

    session: Session
    person: Administrator
    home: str
    credential: Credential | None
    is_linked: bool


_BY_TOKEN = Prepared(
    sa.select(
        *(column.label(f"session_{column.name}") for column in sessions.columns if column.name != "token_sha256"),
        *(column.label(f"person_{column.name}") for column in administrators.columns),
        *(column.label(f"credential_{column.name}") for column in credentials.columns if column.name != "certificate_der"),
        organizations.c.slug.label("home"),
        sign_on_links.c.administrator_id.label("linked_administrator"),
    )
    .join(administrators, administrators.c.id == sessions.c.administrator_id)
    .outerjoin(credentials, credentials.c.certificate_sha256 == sessions.c.credential_sha256)
    .outerjoin(organizations, organizations.c.id == administrators.c.organization_id)
    .outerjoin(sign_on_links, sa.and_(sign_on_links.c.id == sessions.c.link_id, sign_on_links.c.ended_at.is_(None)))
    .where(sessions.c.token_sha256 == sa.bindparam("token_sha256"))
)


def require_audience(tx: Transaction, audience: str) -> None:
    """Raise NotFound unless this is the provider or the slug of an organization."""
    if audience != PROVIDER_AUDIENCE:
        organization_store.require(tx, audience)


def home_of(tx: Transaction, person: Administrator) -> str:
    """Return the audience that a person belongs to."""
    return PROVIDER_AUDIENCE if person.organization_id is None else organization_store.get(tx, person.organization_id).slug


def insert(tx: Transaction, session: Session, token_sha256: str) -> None:
    """Add a session."""
    tx.execute(sessions.insert().values(**_columns(session), token_sha256=token_sha256))


def _columns(session: Session) -> dict[str, Any]:
    values = {column.name: getattr(session, column.name) for column in sessions.columns if column.name != "token_sha256"}
    return values | {"end_reason": session.end_reason.value if session.end_reason else None}


def _session(row: Mapping[Any, Any], prefix: str = "") -> Session:
    fields = {column.name: row[prefix + column.name] for column in sessions.columns if column.name != "token_sha256"}
    return Session(**{**fields, "end_reason": SessionEnd(fields["end_reason"]) if fields["end_reason"] else None})


def by_token(tx: Transaction, token_sha256: str) -> Found | None:
    """Return the session of this token with its person and credential; None when there never was one."""
    row = _BY_TOKEN.first(tx, token_sha256=token_sha256)
    if row is None:
        return None
    registered = None
    if row["credential_id"] is not None:
        # Nobody needs the bytes of the certificate here, and they are the bulk of the row.
        fields = {column.name: row.get(f"credential_{column.name}", b"") for column in credentials.columns}
        registered = Credential(**fields)
    return Found(
        _session(row, "session_"),
        people_of(tx, [row], "person_")[0],
        PROVIDER_AUDIENCE if row["person_organization_id"] is None else row["home"],
        registered,
        is_linked=row["linked_administrator"] == row["person_id"],
    )


def live_of(tx: Transaction, administrator_id: AdministratorId) -> list[Session]:
    """Return the sessions of a person that can still be used, the newest first."""
    statement = (
        sessions.select()
        .where(
            sessions.c.administrator_id == administrator_id,
            sessions.c.ended_at.is_(None),
            sessions.c.ends_at > tx.now,
            sessions.c.last_seen_at > tx.now - IDLE_LIFE,
        )
        .order_by(sessions.c.id.desc())
    )
    return [_session(row._mapping) for row in tx.execute(statement)]


def mark_seen(tx: Transaction, session_id: SessionId) -> bool:
    """Note that a live session is in use; tells whether that was worth writing (once a minute at most)."""
    statement = sessions.update().where(
        sessions.c.id == session_id, sessions.c.ended_at.is_(None), sessions.c.last_seen_at <= tx.now - SEEN_EVERY
    )
    return tx.changed(statement.values(last_seen_at=tx.now)) == 1


def step_up(tx: Transaction, session_id: SessionId) -> bool:
    """Note that the person has just shown the credential again; tells whether the session was still live."""
    statement = sessions.update().where(sessions.c.id == session_id, sessions.c.ended_at.is_(None), sessions.c.ends_at > tx.now)
    return tx.changed(statement.values(stepped_up_at=tx.now)) == 1


def end(tx: Transaction, session_id: SessionId, reason: SessionEnd) -> bool:
    """End a session; tells whether this call did, so that it is recorded once."""
    statement = sessions.update().where(sessions.c.id == session_id, sessions.c.ended_at.is_(None))
    return tx.changed(statement.values(ended_at=tx.now, end_reason=reason.value)) == 1


def out_of_time(tx: Transaction, limit: int) -> list[Session]:
    """Return sessions whose time has passed without anybody noticing, the oldest first."""
    statement = (
        sessions.select()
        .where(sessions.c.ended_at.is_(None), sa.or_(sessions.c.ends_at <= tx.now, sessions.c.last_seen_at <= tx.now - IDLE_LIFE))
        .order_by(sessions.c.ends_at)
        .limit(limit)
    )
    return [_session(row._mapping) for row in tx.execute(statement)]


def forget(tx: Transaction, before: datetime) -> int:
    """Delete sessions that ended before this moment; return how many."""
    return tx.changed(sessions.delete().where(sessions.c.ended_at < before))


def forget_sign_ins(tx: Transaction) -> int:
    """Delete challenges and codes whose time has passed; return how many."""
    challenges = tx.changed(sign_in_challenges.delete().where(sign_in_challenges.c.expires_at <= tx.now))
    sign_ons.forget_attempts(tx)
    return challenges + tx.changed(hand_over_codes.delete().where(hand_over_codes.c.expires_at <= tx.now))


def insert_challenge(tx: Transaction, challenge: Challenge) -> None:
    """Add a challenge."""
    tx.execute(
        sign_in_challenges.insert().values(**{column.name: getattr(challenge, column.name) for column in sign_in_challenges.columns})
    )


def take_challenge(tx: Transaction, challenge_sha256: str) -> Challenge | None:
    """Remove a challenge and return it, or None; of several calls at once exactly one gets it."""
    statement = sign_in_challenges.delete().where(sign_in_challenges.c.challenge_sha256 == challenge_sha256)
    row = tx.execute(statement.returning(*sign_in_challenges.columns)).first()
    return None if row is None else Challenge(**row._mapping)


def insert_code(tx: Transaction, code: HandOverCode) -> None:
    """Add a hand-over code."""
    tx.execute(hand_over_codes.insert().values(**{column.name: getattr(code, column.name) for column in hand_over_codes.columns}))


def take_code(tx: Transaction, code_sha256: str) -> HandOverCode | None:
    """Remove a code and return it, or None; of several calls at once exactly one gets it."""
    statement = hand_over_codes.delete().where(hand_over_codes.c.code_sha256 == code_sha256)
    row = tx.execute(statement.returning(*hand_over_codes.columns)).first()
    return None if row is None else HandOverCode(**row._mapping)
