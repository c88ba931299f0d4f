"""The provider, after calling back: everything that this person signs in and decides with is revoked, or nothing is.

Its sessions end at their next call, open streams within half a minute. A new credential is another decision, of another
person: a security administrator's signature, or the operator's with the key of the administrators' CA when nobody is left.
"""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.actions.withdrawing import withdraw
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.identifiers import LostCardId
from privyseal.model.lost_card import NOTE_CHARACTERS, LostCardEnd
from privyseal.model.request import require_text
from privyseal.model.revocation import RevocationReason
from privyseal.store import administrators, lost_cards, organizations
from privyseal.store.database import Transaction


def conclude_lost_card(house: House, tx: Transaction, actor: Actor, lost_id: LostCardId, end: LostCardEnd, note: str) -> int:
    """Conclude a confirmed report and return how many credentials were revoked; ``note`` tells of the call.

    Raises NotPermitted, NotFound, Refused ``note``, Conflict ``lost-card-concluded`` (also before the contact has confirmed).
    """
    require(actor, Permission.REVOKE_CREDENTIALS, None)
    lost = lost_cards.get(tx, lost_id)
    person = administrators.get(tx, lost.administrator_id) if lost is not None else None
    if lost is None or person is None:
        raise NotFound("not-found", "There is no such report of a lost card.")
    told = require_text("note", note, NOTE_CHARACTERS)
    if not lost_cards.conclude(tx, lost_id, actor.id, end, told):
        raise Conflict("lost-card-concluded", "This report is concluded already, or the corporate contact has not confirmed it.")
    slug = organizations.get(tx, lost.organization_id).slug
    event = AuditEvent(
        "conclude-lost-card", Outcome.DONE, "administrator", person.id, reason=end.value, evidence=(house.personal_hash(told),)
    )
    record(house, tx, actor, slug, event)
    record(house, tx, actor, "", event)
    if end is LostCardEnd.DISMISSED:
        return 0
    found = administrators.credentials_of(tx, person.id)
    return sum(withdraw(house, tx, actor, slug, person, credential, RevocationReason.KEY_COMPROMISE) for credential in found)
