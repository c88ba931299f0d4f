"""Never certify again the keys of a published list, and tell which certificates have one of them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.certificate import Certificate
from privyseal.model.request import require_text
from privyseal.store import certificates, revocations
from privyseal.store.database import Transaction

SOURCE_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class BlockedKeys:
    """``new`` is how many keys were not blocked before; ``certificates`` have one of the keys and are neither revoked nor expired."""

    new: int
    certificates: list[Certificate]


def block_keys(house: House, tx: Transaction, actor: Actor, keys: Collection[str], source: str) -> BlockedKeys:
    """Block ``keys``, the SHA-256 of each SubjectPublicKeyInfo in hex; blocking one again is harmless.

    Certificates are revoked by whoever called: a list may be wrong, and the CA has 24 hours (BR 4.9.1.1). The entry in the provider's
    log has the SHA-256 of the sorted hashes, a line each, so that anybody who has the list can tell what was blocked.

    Raises NotPermitted, Unauthenticated; Refused ``text``, field ``source``.
    """
    require(actor, Permission.OPERATE, None)
    named = require_text("source", source, SOURCE_CHARACTERS)
    new = revocations.block_listed_keys(tx, keys)
    digest = hashlib.sha256("".join(f"{key}\n" for key in sorted(keys)).encode()).hexdigest()
    record(house, tx, actor, "", AuditEvent("block-keys", Outcome.DONE, "key-list", named, digest, f"{new} of {len(keys)} new"))
    return BlockedKeys(new, certificates.valid_with_keys(tx, keys))
