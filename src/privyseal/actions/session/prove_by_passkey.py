"""Check what a passkey signed to let its owner in: a challenge that this browser was given, for this audience, once.

The challenge is removed and committed before anything is compared, and the try is counted first, as for challenge phrases.
"""

from __future__ import annotations

from dataclasses import dataclass

from privyseal.actions.house import House, sha256_hex
from privyseal.model.actor import Actor
from privyseal.model.administrator import AdministratorState
from privyseal.model.errors import Unauthenticated
from privyseal.model.session import IdentityProof
from privyseal.store import passkeys, sessions, throttles
from privyseal_wire.passkey import Assertion, RelyingParty, verify_assertion


@dataclass(frozen=True, slots=True)
class PasskeyAnswer:
    """The challenge as the page was given it, and what ``PublicKeyCredential.toJSON()`` says of the answer."""

    challenge: bytes
    assertion: str


def prove_by_passkey(house: House, actor: Actor, audience: str, browser_sha256: str, answer: PasskeyAnswer) -> IdentityProof:
    """Return whose passkey it was.

    Raises Unauthenticated ``challenge``, ``credential-unknown`` or ``credential-unusable``, Refused ``passkey-copied``, WireError of
    the assertion itself, TooManyRequests.
    """
    assertion = Assertion.from_browser(answer.assertion)
    identity = sha256_hex(assertion.credential.encode())
    with house.database.write(house.clock()) as tx:
        found = passkeys.by_signer(tx, "", assertion.credential)
        # Only passkeys that exist have a counter: nobody fills the table with names that he made up.
        throttles.count_sign_in(tx, identity if found is not None else "", actor.source)
        challenge = sessions.take_challenge(tx, sha256_hex(answer.challenge))
        is_open = challenge is not None and challenge.expires_at > tx.now
        home = sessions.home_of(tx, found[0]) if found is not None else ""
    if challenge is None or not is_open or (challenge.audience, challenge.browser_sha256) != (audience, browser_sha256):
        raise Unauthenticated("challenge", "This sign-in was used already or took longer than five minutes. Start again.")
    if found is None or home != audience:
        raise Unauthenticated("credential-unknown", "Cannot verify administrator's identity. This passkey is not registered here.")
    person, credential = found
    relying_party = RelyingParty.of(house.service.base_url)
    verify_assertion(
        assertion.to_bytes(), certificate_der=credential.certificate_der, challenge=answer.challenge, relying_party=relying_party
    )
    if person.state is not AdministratorState.ACTIVE or not credential.is_usable(house.clock()):
        sentence = "Cannot verify administrator's identity. This passkey is revoked or has expired, or its person was removed."
        raise Unauthenticated("credential-unusable", sentence)
    with house.database.write(house.clock()) as tx:
        passkeys.require_use(tx, assertion)
        throttles.clear_sign_in(tx, identity, actor.source)
    return IdentityProof(audience, person.id, credential.certificate_sha256)
