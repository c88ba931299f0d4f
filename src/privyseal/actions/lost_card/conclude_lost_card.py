"""The provider, after calling back: everything that this person signs in and decides with is revoked, or nothing is.

Its sessions end at their next call, open streams within half a minute. A new credential is another decision, of another
person: a security administrator's signature, or the operator's with the key of the administrators' CA when nobody is left.

Somebody who has left for good still counts for how many sign a change, and is removed by a change. Only
where so few of the others can sign that such a change never comes about, the contact's word and the provider's remove the person.
"""

from __future__ import annotations

from privyseal.actions.assigning import hold
from privyseal.actions.changing import holders_of, needed_of
from privyseal.actions.changing_kinds import Side
from privyseal.actions.house import House, record
from privyseal.actions.removing import remove_person
from privyseal.actions.withdrawing import withdraw
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Administrator, Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.change import ChangeKind
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.identifiers import LostCardId
from privyseal.model.lost_card import NOTE_CHARACTERS, LostCardEnd
from privyseal.model.organization import Organization
from privyseal.model.request import require_text
from privyseal.model.revocation import RevocationReason
from privyseal.store import administrators, lost_cards, organizations
from privyseal.store.database import Transaction


def conclude_lost_card(house: House, tx: Transaction, actor: Actor, lost_id: LostCardId, end: LostCardEnd, note: str) -> int:
    """Conclude a confirmed report and return how many credentials were revoked; ``note`` tells of the call.

    Raises NotPermitted, NotFound, Refused ``note``, Conflict ``lost-card-concluded`` (also before the contact has confirmed),
    ``organization-decides`` for a removal that enough people there can sign, ``last-security-administrator``.
    """
    require(actor, Permission.REVOKE_CREDENTIALS, None)
    lost = lost_cards.get(tx, lost_id)
    person = administrators.get(tx, lost.administrator_id) if lost is not None else None
    if lost is None or person is None:
        raise NotFound("not-found", "There is no such report of a lost card.")
    told = require_text("note", note, NOTE_CHARACTERS)
    if not lost_cards.conclude(tx, lost_id, actor.id, end, told):
        raise Conflict("lost-card-concluded", "This report is concluded already, or the corporate contact has not confirmed it.")
    organization = organizations.get(tx, lost.organization_id)
    slug, found = organization.slug, administrators.credentials_of(tx, person.id)
    if end is LostCardEnd.LEFT:
        hold(tx, organization)
        _require_too_few(house, tx, organization, person)
    event = AuditEvent(
        "conclude-lost-card", Outcome.DONE, "administrator", person.id, reason=end.value, evidence=(house.personal_hash(told),)
    )
    record(house, tx, actor, slug, event)
    record(house, tx, actor, "", event)
    if end is LostCardEnd.DISMISSED:
        return 0
    if end is LostCardEnd.LEFT:
        remove_person(house, tx, actor, organization, person.id, (house.personal_hash(told),))
        return sum(credential.revoked_at is None for credential in found)
    return sum(withdraw(house, tx, actor, slug, person, credential, RevocationReason.KEY_COMPROMISE) for credential in found)


def _require_too_few(house: House, tx: Transaction, organization: Organization, person: Administrator) -> None:
    """Raise Conflict ``organization-decides`` where the others can remove this person by a change: the provider decides nothing then."""
    side = Side(organization)
    holders = holders_of(tx, side, ChangeKind.ROLE, person.id)
    if sum(item.hindrance is None for item in holders) >= needed_of(house, ChangeKind.ROLE, holders):
        sentence = (
            f"Enough people of {organization.name} can sign that {person.name} is removed. They propose it themselves; revoke the "
            "credentials here."
        )
        raise Conflict("organization-decides", sentence)
