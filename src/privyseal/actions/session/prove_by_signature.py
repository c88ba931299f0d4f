"""Check a signed ``privyseal.sign-in.v1``, by which a program lets its owner in: for keys that sign and cannot speak TLS.

A card signs what it is given; to speak TLS with it takes an engine of the TLS library of each computer. The challenge is of
this service, for this audience and for whoever knows the secret of which it was given the hash, once. It is removed and
committed before anything is compared, and the try is counted first, as for passkeys.
"""

from __future__ import annotations

from privyseal.actions.house import House, sha256_hex
from privyseal.engine.signed_statement import Trust, require_signed, signer_of
from privyseal.model.actor import Actor
from privyseal.model.administrator import AdministratorState
from privyseal.model.errors import Unauthenticated
from privyseal.model.session import CHALLENGE_LIFE, PROVIDER_AUDIENCE, IdentityProof
from privyseal.model.statement import require_current
from privyseal.store import administrators, organizations, sessions, throttles
from privyseal_wire.statements import SignIn


def prove_by_signature(house: House, actor: Actor, audience: str, program_sha256: str, message: bytes) -> IdentityProof:
    """Return whose Administrator ID signed; ``program_sha256`` is of the secret that the program shows now.

    Raises Unauthenticated ``challenge``, ``credential-unknown`` or ``credential-unusable``; Refused, CmsRefused and
    StatementRefused for what was signed; NotFound, TooManyRequests. Brings its own transactions, so that a try stays counted.
    """
    fingerprint, _ = signer_of(message)
    with house.database.write(house.clock()) as tx:
        sessions.require_audience(tx, audience)
        organization = None if audience == PROVIDER_AUDIENCE else organizations.require(tx, audience)
        found = administrators.by_certificate(tx, fingerprint)
        throttles.count_sign_in(tx, fingerprint if found is not None else "", actor.source)
    if found is None or found[0].organization_id != (organization.id if organization else None):
        raise Unauthenticated("credential-unknown", "Cannot verify administrator's identity. This certificate is not registered here.")
    person, credential = found
    if person.state is not AdministratorState.ACTIVE or not credential.is_usable(house.clock()):
        sentence = "Cannot verify administrator's identity. This Administrator ID is revoked or has expired, or its person was removed."
        raise Unauthenticated("credential-unusable", sentence)
    trust = Trust(house.administrators_authority, organization, house.relying_party)
    signed = SignIn.from_bytes(require_signed(message, found, trust, house.clock()).content)
    with house.database.write(house.clock()) as tx:
        challenge = sessions.take_challenge(tx, sha256_hex(bytes.fromhex(signed.challenge)))
        is_open = challenge is not None and challenge.expires_at > tx.now
    given = None if challenge is None else (challenge.audience, challenge.browser_sha256)
    if not is_open or given != (audience, program_sha256):
        raise Unauthenticated("challenge", "This sign-in was used already or took longer than five minutes. Start again.")
    if (signed.service, signed.organization) != (house.service.service_id, audience):
        raise Unauthenticated("challenge", "What was signed is a sign-in at another service or organization.")
    require_current(signed.expires_at, house.clock(), CHALLENGE_LIFE)
    with house.database.write(house.clock()) as tx:
        throttles.clear_sign_in(tx, fingerprint, actor.source)
    return IdentityProof(audience, person.id, credential.certificate_sha256)
