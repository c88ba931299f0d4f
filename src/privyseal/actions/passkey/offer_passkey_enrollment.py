"""Ask the browser of an invited person for a new passkey; the one-time link is looked at and not used up.

Durable after it: the challenge, which only this person can answer, once, within ten minutes.
"""

from __future__ import annotations

from privyseal.actions.house import House, sha256_hex
from privyseal.engine.passkeys import registration_options
from privyseal.engine.phrases import code_hash
from privyseal.model.actor import Actor
from privyseal.model.errors import NotFound
from privyseal.model.passkey import CHALLENGE_LIFE
from privyseal.store import administrators, passkeys
from privyseal.store.database import Transaction
from privyseal_wire.passkey import CHALLENGE_BYTES


def offer_passkey_enrollment(house: House, tx: Transaction, actor: Actor, code: str) -> str:
    """Return the JSON of ``PublicKeyCredentialCreationOptions``; raises NotFound ``link``."""
    invitation = administrators.invitation_of_code(tx, code_hash(code))
    person = administrators.get(tx, invitation.administrator_id) if invitation else None
    if invitation is None or person is None or invitation.used_at is not None or invitation.expires_at <= tx.now:
        raise NotFound("link", "This one-time link is unknown, was used already or has expired. Ask whoever invited you for a new one.")
    challenge = house.random_bytes(CHALLENGE_BYTES)
    passkeys.insert_challenge(tx, sha256_hex(challenge), person.id, tx.now + CHALLENGE_LIFE)
    return registration_options(house.relying_party, person, challenge, passkeys.usable_of(tx, person.id))
