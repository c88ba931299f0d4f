"""An administrator gets the next Administrator ID of his own, for a new key, under the signature of a credential that he has.

Durable after it: the signed bytes and the signature as they came, and the intent. The issuer verifies both again, and ends
the old Administrator ID where the new one replaces it.
"""

from __future__ import annotations

from privyseal.actions.account_life import require_standing
from privyseal.actions.house import House, record, require_evidence, sha256_hex
from privyseal.actions.registering import passkey_owner
from privyseal.actions.renewing import require_new_key, require_renewal
from privyseal.engine.administrator_id import administrator_content, administrator_intent
from privyseal.engine.csr import Csr
from privyseal.engine.serials import new_serial
from privyseal.engine.signed_statement import Trust, require_signed, signer_of
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, Refused
from privyseal.model.identifiers import IntentId
from privyseal.store import certificates, passkeys, renewals
from privyseal.store.database import Transaction
from privyseal.store.renewals import Renewal
from privyseal_wire.passkey import Signature

SERIAL_PREFIX = 0x52


def renew_administrator_id(house: House, tx: Transaction, actor: Actor, slug: str, csr: Csr, signature: Signature) -> IntentId:
    """Verify the signed ``privyseal.renewal.v1`` and prepare the new Administrator ID; ``slug`` is "" for the provider's people.

    Raises as ``registering.passkey_owner`` and ``renewing.require_renewal``; Refused (signature, key), Conflict ``key-known``,
    Unavailable.
    """
    require_evidence(tx)
    person, organization = passkey_owner(tx, actor, slug)
    if organization is not None:
        require_standing(tx, organization)
    trust = Trust(house.administrators_authority, organization, house.relying_party)
    signed = require_signed(signature, passkeys.by_signer(tx, *signer_of(signature)), trust, tx.now)
    if signed.person.id != person.id:
        raise Refused("renewal-signer", "An Administrator ID is renewed by its owner. What was signed is by somebody else.")
    spki_sha256 = csr.spki_sha256.hex()
    place = require_renewal(house, tx, person, organization, signed.content, spki_sha256)
    passkeys.require_use(tx, signed.assertion)
    require_new_key(tx, csr)
    kept = Renewal(spki_sha256, person.id, signed.content, signed.signature, signed.credential.certificate_sha256, tx.now)
    if not renewals.insert(tx, kept):
        raise Conflict("key-known", "An Administrator ID was asked for with this key before. Make a new key.")
    authority = house.administrators_authority
    serial = new_serial(SERIAL_PREFIX, house.random_bytes)
    content = administrator_content(authority.issuer, serial, tx.now, person, organization, csr.spki_der, until=place.until)
    intent = administrator_intent(authority, IntentId(house.id("int", tx.now)), content, person, tx.now)
    certificates.insert_intents(tx, [intent])
    evidence = (*signed.evidence, sha256_hex(intent.tbs))
    event = AuditEvent("ask-for-administrator-id", Outcome.DONE, "administrator", person.id, spki_sha256, evidence=evidence)
    record(house, tx, actor, slug, event)
    return intent.id
