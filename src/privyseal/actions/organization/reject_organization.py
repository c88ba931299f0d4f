"""The provider rejects an application, with a reason that is mailed to the applicant; it ends closed and can never be resumed."""

from __future__ import annotations

from privyseal.actions.account_life import happened, move, require_person
from privyseal.actions.house import House, announce
from privyseal.model.actor import Actor
from privyseal.model.administrator import Permission
from privyseal.model.fact import FactKind
from privyseal.model.organization import Organization, OrganizationEvent
from privyseal.model.request import require_text
from privyseal.model.vetting import VettingState
from privyseal.store import organizations, vettings
from privyseal.store.database import Transaction


def reject_organization(house: House, tx: Transaction, actor: Actor, slug: str, reason: str) -> Organization:
    """Close it; raises NotFound, NotPermitted, Refused ``text``, Conflict ``organization-state`` once it is active."""
    require_person(actor, Permission.VET)
    organization = organizations.require(tx, slug)
    text = require_text("reason", " ".join(reason.splitlines()), 1000)
    audited = happened("reject-organization", organization)
    rejected = move(house, tx, actor, organization, OrganizationEvent.REJECT, audited, reason=text)
    vetting = vettings.newest(tx, organization.id)
    if vetting is not None and vetting.state in {VettingState.OPEN, VettingState.SUBMITTED}:
        vettings.move(tx, vetting.id, vetting.state, VettingState.DROPPED)
    announce(house, tx, FactKind.ORGANIZATION_MOVED, {"organization": slug, "event": OrganizationEvent.REJECT.value})
    return rejected
