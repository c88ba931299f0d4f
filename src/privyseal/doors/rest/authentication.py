"""Who calls: an Administrator ID over mutual TLS or by a signed sign-in, an API token, or nobody.

Decided on every request from the database, because a TLS session outlives a revocation (facts/stack section 6).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from privyseal.actions.house import About, attempt, sha256_hex
from privyseal.actions.session.resume_session import resume_session
from privyseal.doors import AnonymousLimit, DoorContext, source_of
from privyseal.engine.administrator_id import is_passkey
from privyseal.engine.phrases import code_hash
from privyseal.model.actor import Actor, ActorKind, administrator_actor
from privyseal.model.administrator import Administrator, AdministratorState
from privyseal.model.errors import Unauthenticated
from privyseal.model.session import END_SENTENCES, PROGRAM_TOKEN, Session
from privyseal.reception.certificates import client_certificate
from privyseal.store import administrators

LONGEST_SHOWN_PATH = 120
_SHOWN_PART = re.compile(r"[a-z0-9.-]{0,40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Caller:
    """The actor of this call; ``administrator`` is set for an Administrator ID, ``session`` for one that signed in by signature."""

    actor: Actor
    administrator: Administrator | None = None
    session: Session | None = None

    def key(self) -> str:
        """What tells callers apart for idempotency keys: the credential or, for nobody, the source."""
        who = self.actor.credential_sha256 or self.actor.source
        return sha256_hex(f"{self.actor.kind.value}\n{self.actor.id}\n{who}".encode())


def shown_path(path: str) -> str:
    """Return the address of a call as the log may have it.

    The caller chose it: a part without the form of a word, an id or a fingerprint may be a person's name or a secret put
    into the wrong place, and is left out.
    """
    parts = (part if _SHOWN_PART.fullmatch(part) else "..." for part in path.split("/"))
    return "/".join(parts)[:LONGEST_SHOWN_PATH]


class Authenticator:
    """Makes a Caller of a request; every failure is recorded, and too many of one source are turned away."""

    def __init__(self, context: DoorContext, limit: AnonymousLimit) -> None:
        self._context = context
        self._house = context.house
        self.limit = limit

    def caller(self, request: Request) -> Caller:
        """Return who calls; raises Unauthenticated, or TooManyRequests for nobody calling too often."""
        anonymous = self.stranger(request)
        source = anonymous.source
        about = About("authenticate", "", "call", shown_path(request.url.path))
        certificate = client_certificate(request)
        header = request.headers.get("authorization", "")
        if certificate is None and not header:
            self.limit.take(source)
            return Caller(anonymous)
        try:
            return attempt(
                self._house,
                anonymous,
                about,
                lambda: self._token(header, source) if certificate is None else self._administrator(certificate, source),
            )
        except Unauthenticated:
            self.limit.take(source)
            raise

    def stranger(self, request: Request) -> Actor:
        """Return the caller as somebody of whom only the address is known."""
        return Actor(ActorKind.REQUESTER, "anonymous", source=source_of(request, self._context))

    def _administrator(self, certificate: bytes, source: str) -> Caller:
        fingerprint = sha256_hex(certificate)
        now = self._house.clock()
        with self._house.database.read(now) as tx:
            found = administrators.by_certificate(tx, fingerprint)
        # The certificate of a passkey names no purpose, and a TLS library that finds none lets it in for every purpose.
        if found is None or is_passkey(certificate):
            raise Unauthenticated("credential-unknown", "This Administrator ID is not registered here.")
        person, credential = found
        if not credential.is_usable(now) or person.state is not AdministratorState.ACTIVE:
            sentence = f"The Administrator ID of {person.name} is revoked or has expired, or the person was removed. Ask for a new one."
            raise Unauthenticated("credential-unusable", sentence)
        return Caller(administrator_actor(person, fingerprint, source), person)

    def _token(self, header: str, source: str) -> Caller:
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "bearer" or not text.strip().isascii():
            raise Unauthenticated("token", 'Send the token as "Authorization: Bearer pst_...".')
        if text.strip().startswith(PROGRAM_TOKEN):
            return self._session(text.strip(), source)
        now = self._house.clock()
        with self._house.database.read(now) as tx:
            token = administrators.token_of_hash(tx, code_hash(text.strip()))
        if token is None or token.revoked_at is not None or token.expires_at <= now:
            raise Unauthenticated("token", "This API token is unknown, revoked or expired.")
        return Caller(Actor(ActorKind.API_TOKEN, token.id, token.organization_id, "", token.scopes, source))

    def _session(self, text: str, source: str) -> Caller:
        """Return whoever signed in with a signature (``POST /sign-in``); revoked with the Administrator ID, at the next call."""
        found = resume_session(self._house, text, None, source)
        if found is None:
            raise Unauthenticated("token", "This sign-in is unknown. Sign in again.")
        if found.ended is not None:
            raise Unauthenticated("session-ended", END_SENTENCES[found.ended])
        return Caller(found.actor, found.person, found.session)


def _context(request: Request) -> DoorContext:
    context: DoorContext = request.app.state.rest
    return context


def _caller(request: Request) -> Caller:
    known = getattr(request.state, "caller", None)
    if isinstance(known, Caller):
        return known  # rest/intake.py asked already: a body is not looked at for nobody.
    authenticator: Authenticator = request.app.state.authenticator
    return authenticator.caller(request)


Context = Annotated[DoorContext, Depends(_context)]
CallerOf = Annotated[Caller, Depends(_caller)]
