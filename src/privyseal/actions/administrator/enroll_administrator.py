"""A person uses the one-time link to get an Administrator ID; the key was made on the person's own computer.

Durable after it: the used link, bound to the key of this CSR, and the intent. The issuer process completes it.
"""

from __future__ import annotations

from privyseal.actions.account_life import require_standing
from privyseal.actions.admission import require_admitted
from privyseal.actions.house import House, record, require_evidence, sha256_hex
from privyseal.actions.renewing import require_new_key
from privyseal.engine.administrator_id import administrator_content, administrator_intent
from privyseal.engine.csr import Csr
from privyseal.engine.phrases import code_hash
from privyseal.engine.serials import new_serial
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import IntentId
from privyseal.store import administrators, certificates, organizations
from privyseal.store.database import Transaction

SERIAL_PREFIX = 0x52


def enroll_administrator(house: House, tx: Transaction, actor: Actor, code: str, csr: Csr) -> IntentId:
    """Use the link and prepare the Administrator ID; raises NotFound ``link``, Refused (key), Unavailable.

    Raises as ``admission.require_admitted`` when what was signed for this link does not count any more.
    """
    require_evidence(tx)
    invitation = administrators.invitation_of_code(tx, code_hash(code))
    administrator = administrators.get(tx, invitation.administrator_id) if invitation else None
    spki_sha256 = csr.spki_sha256.hex()
    if invitation is None or administrator is None or not administrators.use_invitation(tx, invitation.id, spki_sha256):
        raise NotFound("link", "This one-time link is unknown, was used already or has expired. Ask whoever invited you for a new one.")
    require_new_key(tx, csr)
    authority = house.administrators_authority
    organization = organizations.get(tx, administrator.organization_id) if administrator.organization_id else None
    if organization is not None:
        require_standing(tx, organization)
    admitted = require_admitted(house, tx, administrator, organization, invitation) if organization is not None else None
    serial = new_serial(SERIAL_PREFIX, house.random_bytes)
    content = administrator_content(
        authority.issuer, serial, tx.now, administrator, organization, csr.spki_der, until=admitted.until if admitted else None
    )
    intent = administrator_intent(authority, IntentId(house.id("int", tx.now)), content, administrator, tx.now)
    certificates.insert_intents(tx, [intent])
    slug = organization.slug if organization else ""
    event = AuditEvent(
        "enroll-administrator", Outcome.DONE, "administrator", administrator.id, spki_sha256, evidence=(sha256_hex(intent.tbs),)
    )
    record(house, tx, actor, slug, event)
    return intent.id
