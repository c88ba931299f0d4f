"""The owner of a passkey removes it: it is revoked, and whoever is signed in with it is signed out.

Never the last credential: who has no other one adds it first, or asks a colleague to revoke this one.
"""

from __future__ import annotations

from privyseal.actions.house import House
from privyseal.actions.registering import passkey_owner
from privyseal.actions.withdrawing import withdraw
from privyseal.model.actor import Actor
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.revocation import RevocationReason
from privyseal.store import administrators, passkeys
from privyseal.store.database import Transaction


def remove_passkey(house: House, tx: Transaction, actor: Actor, slug: str, certificate_sha256: str) -> None:
    """Revoke one of one's own passkeys; raises as ``registering.passkey_owner``, NotFound, Conflict ``last-credential``."""
    person, _ = passkey_owner(tx, actor, slug)
    # Of two that are removed at once the second one waits here, and sees that it is the last.
    administrators.hold(tx, person.id)
    found = [credential for credential in administrators.credentials_of(tx, person.id) if credential.is_usable(tx.now)]
    chosen = next((credential for credential in found if credential.certificate_sha256 == certificate_sha256), None)
    if chosen is None or certificate_sha256 not in passkeys.every_of(tx, person.id):
        raise NotFound("not-found", "You have no such passkey.")
    if len(found) == 1:
        sentence = "This is the only credential that you have left. Add another one first; without any you could not come in again."
        raise Conflict("last-credential", sentence)
    withdraw(house, tx, actor, slug, person, chosen, RevocationReason.CESSATION_OF_OPERATION)
