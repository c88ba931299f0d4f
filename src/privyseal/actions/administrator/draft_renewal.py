"""Say what an administrator has to sign to get the next Administrator ID of his own for a key; nothing is used up."""

from __future__ import annotations

from privyseal.actions.account_life import require_standing
from privyseal.actions.house import House
from privyseal.actions.registering import passkey_owner
from privyseal.actions.renewing import require_new_key, require_renewal
from privyseal.engine.csr import Csr
from privyseal.model.actor import Actor
from privyseal.model.passkey import REGISTRATION_LIFE
from privyseal.model.session import PROVIDER_AUDIENCE
from privyseal.model.statement import utc_text
from privyseal.store.database import Transaction
from privyseal_wire.statements import Renewal


def draft_renewal(house: House, tx: Transaction, actor: Actor, slug: str, csr: Csr, kind: str, replaces: str) -> bytes:
    """Return the canonical bytes of a ``privyseal.renewal.v1`` for the key of this CSR; ``slug`` is "" for the provider's people.

    They are signed by any credential that the person has, and handed in with the same CSR to ``renew_administrator_id``. Raises as
    ``passkey_owner``, ``require_new_key`` and ``require_renewal``, so that nobody signs what would be refused; StatementRefused.
    """
    person, organization = passkey_owner(tx, actor, slug)
    if organization is not None:
        require_standing(tx, organization)
    spki_sha256 = require_new_key(tx, csr)
    statement = Renewal(
        service=house.service.service_id,
        organization=slug or PROVIDER_AUDIENCE,
        expires=utc_text(tx.now + REGISTRATION_LIFE),
        administrator=person.id,
        kind=kind,
        replaces=replaces,
        spki_sha256=spki_sha256,
    )
    content = statement.to_bytes()
    require_renewal(house, tx, person, organization, content, spki_sha256)
    return content
