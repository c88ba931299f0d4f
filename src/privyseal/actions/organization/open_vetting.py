"""Begin the vetting of an organization: its first one takes the application up, a later one leaves the state as it is (A36)."""

from __future__ import annotations

from privyseal.actions.account_life import happened, move, note, require_person
from privyseal.actions.house import House, record
from privyseal.model.actor import Actor
from privyseal.model.administrator import Permission
from privyseal.model.errors import Conflict
from privyseal.model.identifiers import VettingId
from privyseal.model.organization import OrganizationEvent, OrganizationState, require_no_trial
from privyseal.model.vetting import Vetting, VettingState
from privyseal.store import organizations, vettings
from privyseal.store.database import Transaction


def open_vetting(house: House, tx: Transaction, actor: Actor, slug: str) -> Vetting:
    """Return the vetting that is under way now; a second call returns the same one.

    Raises NotFound, NotPermitted, Conflict ``organization-state`` for a closed organization.
    """
    require_person(actor, Permission.VET)
    organization = organizations.require(tx, slug)
    require_no_trial(organization)
    organizations.hold(tx, organization.id)
    newest = vettings.newest(tx, organization.id)
    if newest is not None and newest.state in {VettingState.OPEN, VettingState.SUBMITTED}:
        return newest
    if organization.state is OrganizationState.CLOSED:
        raise Conflict("organization-state", f"{organization.name} is closed and is not vetted again.")
    vetting = Vetting(
        id=VettingId(house.id("vet", tx.now)),
        organization_id=organization.id,
        number=newest.number + 1 if newest else 1,
        state=VettingState.OPEN,
        is_earlier=False,
        opened_at=tx.now,
        opened_by=actor.id,
        submitted_at=None,
        submitted_by="",
        concluded_at=None,
        concluded_by="",
        return_reason="",
    )
    vettings.insert(tx, vetting)
    audited = happened("open-vetting", organization, f"number {vetting.number}")
    if organization.state is OrganizationState.APPLIED:
        move(house, tx, actor, organization, OrganizationEvent.TAKE_UP, audited)
    else:
        record(house, tx, actor, slug, audited)
        if organization.state is not OrganizationState.VETTING:
            note(tx, actor, organization, OrganizationEvent.VET_AGAIN, organization.state)
    return vetting
