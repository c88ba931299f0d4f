"""Say what an administrator has to sign to add the passkey that his browser has just made; nothing is used up."""

from __future__ import annotations

from privyseal.actions.house import House, sha256_hex
from privyseal.actions.registering import passkey_owner
from privyseal.engine.passkey_addition import addition
from privyseal.engine.passkeys import read_registration, registration_challenge
from privyseal.model.actor import Actor
from privyseal.model.errors import Refused
from privyseal.model.passkey import REGISTRATION_LIFE
from privyseal.model.statement import utc_text
from privyseal.store import passkeys
from privyseal.store.database import Transaction


def draft_passkey(house: House, tx: Transaction, actor: Actor, slug: str, registration: str) -> bytes:
    """Return the canonical bytes of a ``privyseal.passkey-registration.v1`` for this registration.

    They are signed by any credential that the person has already, and handed in with the same registration to
    ``add_passkey``. Raises as ``passkey_owner``, and Refused (registration, challenge).
    """
    person, _ = passkey_owner(tx, actor, slug)
    challenge = registration_challenge(registration)
    if not passkeys.has_challenge(tx, sha256_hex(challenge), person.id):
        raise Refused(
            "passkey-challenge", "This registration was used already, took longer than ten minutes, or is not yours. Start again."
        )
    read = read_registration(registration, challenge, house.relying_party)
    expires = utc_text(tx.now + REGISTRATION_LIFE)
    return addition(house.service.service_id, slug, person.id, read.passkey_id, read.spki_sha256, expires=expires).to_bytes()
