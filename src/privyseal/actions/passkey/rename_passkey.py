"""The owner of a passkey gives it another name, so that he knows which device it is."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.actions.registering import passkey_owner
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import NotFound
from privyseal.model.passkey import LABEL_CHARACTERS
from privyseal.model.request import require_text
from privyseal.store import passkeys
from privyseal.store.database import Transaction


def rename_passkey(house: House, tx: Transaction, actor: Actor, slug: str, certificate_sha256: str, label: str) -> None:
    """Rename one of one's own passkeys; raises as ``registering.passkey_owner``, Refused ``label``, NotFound."""
    person, _ = passkey_owner(tx, actor, slug)
    name = require_text("label", label, LABEL_CHARACTERS)
    if not passkeys.rename(tx, person.id, certificate_sha256, name):
        raise NotFound("not-found", "You have no such passkey.")
    record(house, tx, actor, slug, AuditEvent("rename-passkey", Outcome.DONE, "administrator", person.id, certificate_sha256))
