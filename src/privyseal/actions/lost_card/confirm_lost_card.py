"""The corporate contact confirms that the card is lost, with the code of the letter; then the provider calls back.

Durable after it: the confirmation, in both logs, and the letters that tell of it aloud.
"""

from __future__ import annotations

from privyseal.actions.house import House, announce, record
from privyseal.engine.phrases import code_hash
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import NotFound
from privyseal.model.fact import FactKind
from privyseal.store import lost_cards, organizations
from privyseal.store.database import Transaction


def confirm_lost_card(house: House, tx: Transaction, actor: Actor, slug: str, code: str) -> None:
    """Confirm the report of this code; a second time is harmless. Raises NotFound ``lost-card`` for any other code."""
    organization = organizations.require(tx, slug)
    lost = lost_cards.of_code(tx, code_hash(code))
    if lost is None or lost.organization_id != organization.id or (lost.confirmed_at is None and lost.expires_at <= tx.now):
        sentence = "This code is unknown here, or older than a day. Report the card again, or call the provider."
        raise NotFound("lost-card", sentence, field="code")
    if not lost_cards.confirm(tx, lost.id):
        return
    event = AuditEvent("confirm-lost-card", Outcome.DONE, "administrator", lost.administrator_id, reason=lost.id)
    record(house, tx, actor, slug, event)
    record(house, tx, actor, "", event)
    announce(house, tx, FactKind.LOST_CARD_CONFIRMED, {"organization": slug, "administrator": lost.administrator_id})
