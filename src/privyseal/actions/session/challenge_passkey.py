"""Give a browser something for a passkey to sign: 32 random bytes, good once, for five minutes, in that browser alone.

Random, and never the digest of a statement: what is signed here lets a person in and approves nothing.
"""

from __future__ import annotations

from privyseal.actions.house import House, sha256_hex
from privyseal.model.actor import Actor
from privyseal.model.session import CHALLENGE_LIFE
from privyseal.store import sessions
from privyseal.store.database import Transaction
from privyseal_wire.passkey import CHALLENGE_BYTES


def challenge_passkey(house: House, tx: Transaction, actor: Actor, audience: str, browser_sha256: str) -> bytes:
    """Return a new challenge; ``browser_sha256`` is of the cookie that the browser shows again. Raises NotFound."""
    sessions.require_audience(tx, audience)
    challenge = house.random_bytes(CHALLENGE_BYTES)
    sessions.insert_challenge(tx, sessions.Challenge(sha256_hex(challenge), audience, browser_sha256, tx.now + CHALLENGE_LIFE))
    return challenge
