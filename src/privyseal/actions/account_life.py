"""How an organization moves from one state to the next: conditionally, with its history and an audit entry in the same transaction.

No action, but what those of the account's life and of the vetting desk share.
"""

from __future__ import annotations

from typing import Any

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor, ActorKind, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, Refused
from privyseal.model.identifiers import AdministratorId
from privyseal.model.organization import (
    Organization,
    OrganizationEvent,
    OrganizationState,
    require_active,
    require_move,
    require_no_trial,
    require_trial_runs,
)
from privyseal.model.vetting import ItemFinding, Vetting, VettingItem, VettingState, require_person_of_vetting, require_state
from privyseal.store import administrators, organization_events, organizations, vettings
from privyseal.store.database import Transaction
from privyseal.store.organization_events import HistoryEntry


def move(
    house: House,
    tx: Transaction,
    actor: Actor,
    organization: Organization,
    event: OrganizationEvent,
    audited: AuditEvent,
    *,
    reason: str = "",
    **values: Any,  # noqa: ANN401 - columns of the table, each of its own type
) -> Organization:
    """Move it, and write the history and the audit entry; ``values`` are columns that change with it.

    Raises Conflict ``organization-state`` when it is not, or no longer, where the event begins.
    """
    target = require_move(organization, event)
    if not organization_events.move(tx, organization.id, organization.state, target, **values):
        raise Conflict("organization-state", f"Somebody else has just moved {organization.name} to another state. Look at it again.")
    note(tx, actor, organization, event, target, reason)
    record(house, tx, actor, organization.slug, audited)
    return organizations.get(tx, organization.id)


def note(
    tx: Transaction, actor: Actor, organization: Organization, event: OrganizationEvent, state: OrganizationState, reason: str = ""
) -> None:
    """Write a line of the history."""
    organization_events.add(tx, organization.id, HistoryEntry(event, state, actor.kind.value, actor.id, reason, tx.now))


def happened(action: str, organization: Organization, reason: str = "", evidence: tuple[str, ...] = ()) -> AuditEvent:
    """Return the audit entry of something that was done to an organization; the reason is a word or an id, never a typed text."""
    return AuditEvent(action, Outcome.DONE, "organization", organization.id, reason=reason, evidence=evidence)


def require_person(actor: Actor, permission: Permission) -> None:
    """Raise unless somebody of the provider is behind the call with this right, by a credential of his own."""
    require(actor, permission, None)
    require_person_of_vetting(is_person=actor.kind is ActorKind.PROVIDER_ADMINISTRATOR and bool(actor.id))


def require_vetting(tx: Transaction, organization: Organization, *states: VettingState) -> Vetting:
    """Return the organization's last vetting, held until the transaction ends, in one of these states.

    Raises Refused ``no-vetting`` when none was begun, ``trial``, Conflict ``vetting-state``.
    """
    require_no_trial(organization)
    vetting = vettings.newest(tx, organization.id)
    if vetting is None:
        raise Refused("no-vetting", f"The vetting of {organization.name} has not begun. Begin it first.")
    require_state(vetting, *states)
    if not vettings.lock(tx, vetting.id, vetting.state):
        raise Conflict("vetting-state", "Somebody else has just changed this vetting. Look at it again.")
    return vetting


def newest_findings(found: list[ItemFinding]) -> dict[VettingItem, ItemFinding]:
    """Return what counts of each item: what was found last."""
    return {finding.item: finding for finding in found}


def address_of(tx: Transaction, person: str) -> str:
    """Return the mail address of one of the provider's people, or "" for nobody known."""
    known = administrators.get(tx, AdministratorId(person))
    return known.email if known is not None else ""


def require_standing(tx: Transaction, organization: Organization) -> None:
    """Raise unless somebody of this organization may get a credential now; it cannot be suspended or closed before that is done.

    Raises as ``require_active`` and ``require_two_persons``. The entrance asks this, and the issuer once more (A35, I17).
    """
    organizations.hold(tx, organization.id)
    standing = organizations.get(tx, organization.id)
    require_active(standing)
    require_trial_runs(standing, tx.now)
    require_two_persons(tx, standing)


def require_two_persons(tx: Transaction, organization: Organization) -> None:
    """Raise Refused ``not-vetted`` unless two different people vetted the organization; the issuer asks this too (A35, I17).

    A trial is not vetted.
    """
    if organization.is_trial:
        return  # Nobody vets a trial; the mark in its credentials keeps it what it is.
    vetting = vettings.newest_concluded(tx, organization.id)
    if vetting is not None and vetting.is_earlier:
        return
    if vetting is None or not vetting.submitted_by or not vetting.concluded_by or vetting.submitted_by == vetting.concluded_by:
        sentence = f"{organization.name} was not vetted by two different people of the provider. Nobody gets a credential before that."
        raise Refused("not-vetted", sentence)
