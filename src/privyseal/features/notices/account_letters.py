"""Letters about the life of an account: applied, vetted, suspended, closed (requirements 5.5)."""

from __future__ import annotations

from typing import Final

from privyseal.features.notices.letters import Desk
from privyseal.features.notices.recipients import address_of
from privyseal.features.notices.render import Letter, date_text
from privyseal.model.organization import OrganizationEvent
from privyseal.store import organization_events, organizations

_MOVED: Final = {
    OrganizationEvent.SUSPEND: (
        "suspended",
        "Nothing new is issued, and nobody gets a credential. What exists can be read and revoked, and its certificates go on working.",
    ),
    OrganizationEvent.RESUME: ("active again", "Your administrators decide for themselves again, as before."),
    OrganizationEvent.REJECT: (
        "not accepted",
        "Nothing was issued, and nothing is needed from you. If the reason can be removed, apply again.",
    ),
    OrganizationEvent.CLOSE: (
        "closed",
        "Nobody can sign in any more. Its certificates are revoked: take them off every server that still has them.",
    ),
}


def organization_moved(desk: Desk) -> Letter | None:
    """To the corporate contact and every administrator: what the provider did with the account, why, and what follows."""
    organization = organizations.require(desk.tx, str(desk.payload["organization"]))
    event = OrganizationEvent(desk.payload["event"])
    address = address_of(desk.tx, desk.recipient, organization)
    entry = next((one for one in reversed(organization_events.of_organization(desk.tx, organization.id)) if one.event is event), None)
    if not address or entry is None or event not in _MOVED:
        return None
    state, follows = _MOVED[event]
    values = {
        "service": desk.house.service.service_id,
        # The provider decided this, so the provider is asked about it.
        "help_contact": "",
        "organization": organization.name,
        "state": state,
        "follows": follows,
        "reason": entry.reason,
        "moved_at": entry.at,
    }
    what = "application" if event is OrganizationEvent.REJECT else "account"
    return Letter("organization_moved", address, f"{organization.name}: {what} {state} on {date_text(entry.at)}", values)
