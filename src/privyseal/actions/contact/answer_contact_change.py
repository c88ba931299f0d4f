"""An address answers with the code of its letter: yes, or no, which ends the change at once.

1. the try is counted, durable before the code is compared, so that a thousand guesses at once are a thousand tries
2. the yes is noted, and with the last one the change is applied; or the change ends
The second step is one transaction. A second yes of the same side changes nothing.
"""

from __future__ import annotations

from privyseal.actions.contacting import apply_when_agreed, end_contact_change, note_contact, require_contact_change, require_open
from privyseal.actions.house import House
from privyseal.engine.phrases import code_matches
from privyseal.model.actor import Actor
from privyseal.model.allowance import CONTACT_CODES
from privyseal.model.contact_change import ContactAnswer, ContactChange, ContactChangeEnd, ContactSide
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import ContactChangeId
from privyseal.store import contact_changes, organizations, throttles
from privyseal.store.database import Transaction
from privyseal.store.failpoints import failpoint


def answer_contact_change(
    house: House, actor: Actor, slug: str, change_id: ContactChangeId, code: str, answer: ContactAnswer
) -> ContactChange:
    """Take the answer and return the change as it then stands.

    Raises NotFound ``contact-code`` for a wrong code, whatever exists; Conflict ``contact-change-ended``, ``contact-moved``,
    Refused ``alert-contact``, ``organization-not-active``; TooManyRequests ``too-many-contact-codes``.
    """
    subjects = [f"contact-code:{change_id[:64]}", *([f"contact-code-source:{actor.source}"] if actor.source else [])]
    with house.database.write(house.clock()) as tx:
        for subject in subjects:
            throttles.take(tx, subject, CONTACT_CODES)
    failpoint("contact.after-count")
    with house.database.write(house.clock()) as tx:
        change = _answer(house, tx, actor, slug, change_id, code, answer)
        for subject in subjects:
            throttles.clear_misses(tx, subject)
    return change


def _answer(
    house: House, tx: Transaction, actor: Actor, slug: str, change_id: ContactChangeId, code: str, answer: ContactAnswer
) -> ContactChange:
    organization = organizations.require(tx, slug)
    unknown = NotFound("contact-code", "This code fits no open change of a contact. Copy it from the newest mail.", field="code")
    try:
        change = require_contact_change(tx, organization, change_id)
    except NotFound as error:
        raise unknown from error
    side = _side(change, code)
    if side is None:
        raise unknown
    if answer == "no":
        require_open(tx, change)
        end_contact_change(house, tx, actor, organization, change, ContactChangeEnd.REFUSED)
    elif _has_said_yes(change, side):
        if change.end is not ContactChangeEnd.APPLIED:
            require_open(tx, change)
    else:
        require_open(tx, change)
        contact_changes.agree(tx, change, side)
        note_contact(house, tx, actor, slug, "confirm-contact", change, side.value)
        failpoint("contact.after-yes")
        apply_when_agreed(house, tx, actor, organization, change)
    return require_contact_change(tx, organization, change_id)


def _side(change: ContactChange, code: str) -> ContactSide | None:
    if change.asked_email and code_matches(code, change.asked_hash):
        return ContactSide.ASKED
    return ContactSide.NEW if code_matches(code, change.new_hash) else None


def _has_said_yes(change: ContactChange, side: ContactSide) -> bool:
    return (change.agreed_at if side is ContactSide.ASKED else change.confirmed_at) is not None
