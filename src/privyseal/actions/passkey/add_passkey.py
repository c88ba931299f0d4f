"""An administrator adds a passkey of his own, under the signature of a credential that he has.

Durable after it: the signed bytes and the signature as they came, what is known of the passkey, and the intent. A session
alone adds nothing: whoever owns the web process owns every session, and would keep a passkey of his own.
"""

from __future__ import annotations

from privyseal.actions.house import House, record, require_evidence, sha256_hex
from privyseal.actions.registering import answer_challenge, passkey_owner, register_passkey
from privyseal.engine.passkey_addition import require_addition
from privyseal.engine.signed_statement import Trust, require_signed, signer_of
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Refused
from privyseal.model.identifiers import IntentId
from privyseal.store import passkeys
from privyseal.store.database import Transaction
from privyseal_wire.passkey import Signature


def add_passkey(house: House, tx: Transaction, actor: Actor, slug: str, registration: str, label: str, signature: Signature) -> IntentId:
    """Verify the registration and the signed ``privyseal.passkey-registration.v1``, and prepare the passkey's certificate.

    Raises as ``passkey_owner``; Refused (registration, challenge, signature, content, expiry, key, label), Conflict
    ``passkey-known``, Unavailable.
    """
    require_evidence(tx)
    person, organization = passkey_owner(tx, actor, slug)
    trust = Trust(house.administrators_authority, organization, house.relying_party)
    signed = require_signed(signature, passkeys.by_signer(tx, *signer_of(signature)), trust, tx.now)
    if signed.person.id != person.id:
        raise Refused("passkey-signer", "A passkey is added by its owner. What was signed is by somebody else.")
    read = answer_challenge(house, tx, person, registration)
    require_addition(signed.content, house.service.service_id, slug, person.id, read.passkey_id, read.spki_sha256, now=tx.now)
    passkeys.require_use(tx, signed.assertion)
    intent = register_passkey(house, tx, person, organization, read, label, signed)
    evidence = (*signed.evidence, sha256_hex(intent.tbs))
    record(house, tx, actor, slug, AuditEvent("add-passkey", Outcome.DONE, "administrator", person.id, read.spki_sha256, evidence=evidence))
    return intent.id
