"""Somebody says that an administrator's card is lost; a code goes to the corporate contact, whoever that somebody is.

Nothing tells whether such a person exists: known and unknown names are answered alike. Durable after it: the report and
the letter, or nothing.
"""

from __future__ import annotations

from privyseal.actions.house import House, announce, record
from privyseal.engine.phrases import code_hash, new_code
from privyseal.model.actor import Actor
from privyseal.model.administrator import AdministratorState
from privyseal.model.allowance import LOST_CARDS
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Refused, TooManyRequests
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import LostCardId
from privyseal.model.lost_card import CONFIRM_WITHIN, LostCard
from privyseal.model.request import require_text
from privyseal.store import administrators, lost_cards, organizations, throttles
from privyseal.store.database import Transaction


def report_lost_card(house: House, tx: Transaction, actor: Actor, slug: str, whose: str) -> None:
    """Mail a code to the corporate contact if ``whose`` is the full name or the address of an administrator there.

    Raises NotFound for an organization, Refused ``text`` for nothing at all, TooManyRequests for one source; a contact who has
    had enough letters gets no more, which nobody is told.
    """
    organization = organizations.require(tx, slug)
    if not whose.strip():
        raise Refused("text", "Write whose card it is: the full name or the mail address.", field="whose")
    wanted = require_text("whose", whose, 254).casefold()
    throttles.take(tx, f"lost-cards:{actor.source}", LOST_CARDS)
    people = administrators.of_organization(tx, organization.id)
    person = next((person for person in people if wanted in {person.name.casefold(), person.email.casefold()}), None)
    if person is None or person.state is AdministratorState.REMOVED or not organization.contact_email:
        return
    try:
        throttles.take(tx, f"lost-cards:{organization.id}", LOST_CARDS)
    except TooManyRequests:
        return
    code = new_code(house.random_bytes)
    lost_id = LostCardId(house.id("lst", tx.now))
    lost_cards.insert(tx, LostCard(lost_id, organization.id, person.id, code_hash(code), tx.now, tx.now + CONFIRM_WITHIN))
    record(house, tx, actor, slug, AuditEvent("report-lost-card", Outcome.DONE, "administrator", person.id, reason=lost_id))
    announce(house, tx, FactKind.LOST_CARD_REPORTED, {"organization": slug, "administrator": person.id, "code": code})
