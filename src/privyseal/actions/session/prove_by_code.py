"""Take the code that stands for a verified certificate, once.

The code is removed and committed before it is looked at: a code that was tried in another browser, or for another
audience, is gone as well. Of two who try at once exactly one gets it.
"""

from __future__ import annotations

from privyseal.actions.house import House
from privyseal.engine.phrases import code_hash
from privyseal.model.actor import Actor
from privyseal.model.errors import Unauthenticated
from privyseal.model.session import IdentityProof
from privyseal.store import sessions, throttles


def prove_by_code(house: House, actor: Actor, audience: str, browser_sha256: str, code: str) -> IdentityProof:
    """Return whom the code stands for; raises Unauthenticated ``hand-over``, TooManyRequests."""
    with house.database.write(house.clock()) as tx:
        throttles.count_sign_in(tx, "", actor.source)
        taken = sessions.take_code(tx, code_hash(code))
        good = taken is not None and taken.expires_at > tx.now
    if taken is None or not good or (taken.audience, taken.browser_sha256) != (audience, browser_sha256):
        sentence = "This sign-in is unknown here, was used already or took longer than a minute. Start again from the sign-in page."
        raise Unauthenticated("hand-over", sentence)
    with house.database.write(house.clock()) as tx:
        throttles.clear_sign_in(tx, "", actor.source)
    return IdentityProof(audience, taken.administrator_id, taken.credential_sha256)
