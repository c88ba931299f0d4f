"""Letters about another contact of an organization: both addresses are asked, and everybody is told how it ended."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from privyseal.features.notices.desk import Desk, common_values, decider, page_of
from privyseal.features.notices.recipients import ASKED_CONTACT, NEW_CONTACT, address_of
from privyseal.features.notices.render import Letter, date_text
from privyseal.model.application import ContactKind
from privyseal.model.contact_change import CALL_AFTER, ContactChange, ContactChangeEnd, ContactSide
from privyseal.model.identifiers import ContactChangeId
from privyseal.model.organization import Organization
from privyseal.store import contact_changes, organizations

_KINDS: Final = {
    ContactKind.CORPORATE: "corporate contact",
    ContactKind.TECHNICAL: "technical contact",
    ContactKind.BILLING: "billing contact",
    ContactKind.ALERT: "alert contact",
}
_ENDS: Final = {
    ContactChangeEnd.APPLIED: "was made",
    ContactChangeEnd.REFUSED: "was refused by one of the addresses",
    ContactChangeEnd.WITHDRAWN: "was withdrawn",
    ContactChangeEnd.OVERTAKEN: "ended, because the corporate contact who was asked is another one by now",
    ContactChangeEnd.EXPIRED: "ended, because not everybody answered in time",
}


def contact_asked(desk: Desk) -> Letter | None:
    """To the old address or the new one: whether it agrees, with the code of the answer."""
    organization, change = _change(desk)
    side = ContactSide(desk.payload["side"])
    address = change.asked_email if side is ContactSide.ASKED else change.email
    if not change.is_open(desk.tx.now) or not address:
        return None
    code = str(desk.payload["code"])
    values = _values(desk, organization, change) | {
        "page": page_of(desk, organization, f"contacts/{change.id}?code={quote(code)}"),
        "is_new": side is ContactSide.NEW,
        "until": change.expires_at,
        "call_days": CALL_AFTER.days,
        # Whoever it is about cannot be whom to ask about it.
        "help_contact": "",
    }
    subject = f"{organization.name}: another {_KINDS[change.kind]}? Answer by {date_text(change.expires_at)}"
    return Letter("contact_asked", address, subject, values)


def contact_proposed(desk: Desk) -> Letter | None:
    """To the corporate contact and whoever manages administrators: a contact is about to change, and how to stop it."""
    organization, change = _change(desk)
    address = address_of(desk.tx, desk.recipient, organization)
    if not change.is_open(desk.tx.now) or not address:
        return None
    values = _values(desk, organization, change) | {"page": page_of(desk, organization, "console/contacts"), "until": change.expires_at}
    subject = f"{organization.name}: another {_KINDS[change.kind]} is proposed since {date_text(change.proposed_at)}"
    return Letter("contact_proposed", address, subject, values)


def contact_closed(desk: Desk) -> Letter | None:
    """To both addresses, the corporate contact, whoever manages administrators, and the provider's vetters: how it ended."""
    organization, change = _change(desk)
    known = {ASKED_CONTACT: change.asked_email, NEW_CONTACT: change.email}
    somebody = address_of(desk.tx, desk.recipient, organization) or address_of(desk.tx, desk.recipient, None)
    address = known.get(desk.recipient, somebody)
    if change.end is None or change.ended_at is None or not address:
        return None
    values = _values(desk, organization, change) | {
        "end": _ENDS[change.end],
        "is_applied": change.end is ContactChangeEnd.APPLIED,
        "by_call": change.called_at is not None and change.agreed_at is None,
        "ended_at": change.ended_at,
        "help_contact": "",
    }
    return Letter("contact_closed", address, f"{organization.name}: change of the {_KINDS[change.kind]} {_ENDS[change.end]}", values)


def _change(desk: Desk) -> tuple[Organization, ContactChange]:
    organization = organizations.require(desk.tx, str(desk.payload["organization"]))
    change = contact_changes.get(desk.tx, organization.id, ContactChangeId(desk.payload["contact_change"]))
    if change is None:
        raise LookupError(desk.payload["contact_change"])
    return organization, change


def _values(desk: Desk, organization: Organization, change: ContactChange) -> dict[str, object]:
    return common_values(desk, organization) | {
        "kind": _KINDS[change.kind],
        "name": change.name,
        "email": change.email,
        "before": change.asked_email,
        "by": decider(desk, organization, change.proposed_by),
        "proposed_at": change.proposed_at,
    }
