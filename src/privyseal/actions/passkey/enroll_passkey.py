"""A person uses the one-time link to make a passkey his first credential; its key was made in the authenticator.

Durable after it: the used link, bound to the key of this passkey, what is known of the passkey, and the intent. The issuer
process completes it, as it does for an Administrator ID whose key is in a file.
"""

from __future__ import annotations

from privyseal.actions.admission import require_admitted
from privyseal.actions.house import House, record, require_evidence, sha256_hex
from privyseal.actions.registering import answer_challenge, register_passkey
from privyseal.engine.phrases import code_hash
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import IntentId
from privyseal.store import administrators, organizations
from privyseal.store.database import Transaction


def enroll_passkey(house: House, tx: Transaction, actor: Actor, code: str, registration: str, label: str) -> IntentId:
    """Use the link and prepare the certificate of a passkey.

    ``registration`` is the JSON of the browser's answer to ``offer_passkey_enrollment``, ``label`` the person's own name for
    it. Raises NotFound ``link``, Refused (registration, challenge, key, label), Conflict ``passkey-known``, Unavailable; and as
    ``admission.require_admitted`` when what was signed for this link does not count any more.
    """
    require_evidence(tx)
    invitation = administrators.invitation_of_code(tx, code_hash(code))
    person = administrators.get(tx, invitation.administrator_id) if invitation else None
    if invitation is None or person is None:
        raise _unusable()
    read = answer_challenge(house, tx, person, registration)
    if not administrators.use_invitation(tx, invitation.id, read.spki_sha256):
        raise _unusable()
    organization = organizations.get(tx, person.organization_id) if person.organization_id else None
    admitted = require_admitted(house, tx, person, organization, invitation) if organization is not None else None
    intent = register_passkey(house, tx, person, organization, read, label, None, until=admitted.until if admitted else None)
    event = AuditEvent("enroll-passkey", Outcome.DONE, "administrator", person.id, read.spki_sha256, evidence=(sha256_hex(intent.tbs),))
    record(house, tx, actor, organization.slug if organization else "", event)
    return intent.id


def _unusable() -> NotFound:
    return NotFound("link", "This one-time link is unknown, was used already or has expired. Ask whoever invited you for a new one.")
