"""Take somebody who comes back from the provider, once: this browser, this organization, these ten minutes.

The attempt is removed and committed before it is looked at, and the try is counted first, as for every other way in. So an answer
that was tried in another browser is used up, and of two who come at once exactly one goes on.
"""

from __future__ import annotations

from privyseal.actions.house import House
from privyseal.engine.phrases import code_hash
from privyseal.model.actor import Actor
from privyseal.model.errors import Unauthenticated
from privyseal.model.sign_on import SignOn, SignOnAttempt
from privyseal.store import organizations, sign_ons, throttles


def take_sign_on(house: House, actor: Actor, slug: str, browser_sha256: str, state: str) -> tuple[SignOnAttempt, SignOn]:
    """Return the attempt and the settings it was begun under; raises Unauthenticated ``sign-on-state``, NotFound, TooManyRequests."""
    with house.database.write(house.clock()) as tx:
        organization = organizations.require(tx, slug)
        throttles.count_sign_in(tx, "", actor.source)
        taken = sign_ons.take_attempt(tx, code_hash(state))
        is_open = taken is not None and taken.expires_at > tx.now
        sign_on = sign_ons.in_force(tx, organization.id)
    if taken is None or not is_open or (taken.audience, taken.browser_sha256) != (slug, browser_sha256):
        sentence = "This sign-in is unknown here, was used already or took longer than ten minutes. Start again from the sign-in page."
        raise Unauthenticated("sign-on-state", sentence)
    if sign_on is None or sign_on.id != taken.sign_on_id:
        raise Unauthenticated("sign-on-state", "The sign-on of this organization was changed meanwhile. Start again.")
    return taken, sign_on
