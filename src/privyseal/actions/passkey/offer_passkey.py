"""Ask the browser of an administrator for another passkey of his own.

Durable after it: the challenge, which only this person can answer, once, within ten minutes.
"""

from __future__ import annotations

from privyseal.actions.house import House, sha256_hex
from privyseal.actions.registering import passkey_owner
from privyseal.engine.passkeys import registration_options
from privyseal.model.actor import Actor
from privyseal.model.passkey import CHALLENGE_LIFE
from privyseal.store import passkeys
from privyseal.store.database import Transaction
from privyseal_wire.passkey import CHALLENGE_BYTES


def offer_passkey(house: House, tx: Transaction, actor: Actor, slug: str) -> str:
    """Return the JSON of ``PublicKeyCredentialCreationOptions``; raises as ``passkey_owner``."""
    person, _ = passkey_owner(tx, actor, slug)
    challenge = house.random_bytes(CHALLENGE_BYTES)
    passkeys.insert_challenge(tx, sha256_hex(challenge), person.id, tx.now + CHALLENGE_LIFE)
    return registration_options(house.relying_party, person, challenge, passkeys.usable_of(tx, person.id))
