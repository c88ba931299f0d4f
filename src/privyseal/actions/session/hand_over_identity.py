"""Turn the certificate that TLS verified on the administrators' port into a one-time code for the pages.

The pages live at another port, often at another host, which never sees the certificate. The code is good for a minute and
only in the browser that asked for it: ``browser_sha256`` came with its link and is the SHA-256 of a cookie that only the
pages' own host gets. So nobody can push his own sign-in into another person's browser (login CSRF).
"""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.engine.administrator_id import is_passkey
from privyseal.engine.phrases import code_hash, new_code
from privyseal.model.actor import Actor, administrator_actor
from privyseal.model.administrator import Administrator, AdministratorState, Credential
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Unauthenticated
from privyseal.model.session import HAND_OVER_LIFE, log_of
from privyseal.store import administrators, sessions, throttles
from privyseal.store.database import Transaction


def hand_over_identity(house: House, actor: Actor, audience: str, browser_sha256: str, certificate_sha256: str) -> str:
    """Return the code; raises Unauthenticated ``credential-unknown`` or ``credential-unusable``, NotFound, TooManyRequests.

    Brings its own transaction, so that a refused try stays counted.
    """
    with house.database.write(house.clock()) as tx:
        sessions.require_audience(tx, audience)
        throttles.count_sign_in(tx, certificate_sha256, actor.source)
        found = administrators.by_certificate(tx, certificate_sha256)
        refusal = _refusal(tx, found, audience)
        if refusal is None and found is not None:
            throttles.clear_sign_in(tx, certificate_sha256, actor.source)
            return _hand_over(house, tx, actor, audience, browser_sha256, found)
    raise refusal or _unknown()


def _hand_over(
    house: House, tx: Transaction, actor: Actor, audience: str, browser_sha256: str, found: tuple[Administrator, Credential]
) -> str:
    person, credential = found
    code = new_code(house.random_bytes)
    sha256 = credential.certificate_sha256
    sessions.insert_code(tx, sessions.HandOverCode(code_hash(code), audience, browser_sha256, person.id, sha256, tx.now + HAND_OVER_LIFE))
    event = AuditEvent("hand-over-identity", Outcome.DONE, "administrator", person.id)
    record(house, tx, administrator_actor(person, sha256, actor.source), log_of(audience), event)
    return code


def _refusal(tx: Transaction, found: tuple[Administrator, Credential] | None, audience: str) -> Unauthenticated | None:
    # The certificate of a passkey names no purpose, and a TLS library that finds none lets it in for every purpose.
    if found is None or sessions.home_of(tx, found[0]) != audience or is_passkey(found[1].certificate_der):
        return _unknown()
    person, credential = found
    if person.state is AdministratorState.ACTIVE and credential.is_usable(tx.now):
        return None
    sentence = (
        "Cannot verify administrator's identity. This Administrator ID is revoked or has expired, or its person was removed. "
        "Ask a security administrator for a new one."
    )
    return Unauthenticated("credential-unusable", sentence)


def _unknown() -> Unauthenticated:
    # Said of a stranger's certificate and of another organization's alike: who is registered where is nobody else's business.
    sentence = "Cannot verify administrator's identity. The certificate that your browser showed is not registered here."
    return Unauthenticated("credential-unknown", sentence)
