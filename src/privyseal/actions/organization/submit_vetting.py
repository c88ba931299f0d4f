"""The vetter hands the filled checklist over to a second person."""

from __future__ import annotations

from privyseal.actions.account_life import happened, newest_findings, require_person, require_vetting
from privyseal.actions.house import House, record
from privyseal.model.actor import Actor
from privyseal.model.administrator import Permission
from privyseal.model.errors import Conflict
from privyseal.model.vetting import Vetting, VettingState, require_complete
from privyseal.store import organizations, vettings
from privyseal.store.database import Transaction


def submit_vetting(house: House, tx: Transaction, actor: Actor, slug: str) -> Vetting:
    """Hand it over; nothing is added to it before it is returned.

    Raises NotFound, NotPermitted, Refused ``vetting-incomplete``, ``no-validated-domain``, Conflict ``vetting-state``.
    """
    require_person(actor, Permission.VET)
    organization = organizations.require(tx, slug)
    vetting = require_vetting(tx, organization, VettingState.OPEN)
    require_complete(
        newest_findings(vettings.findings_of(tx, vetting.id)),
        {file.item for file in vettings.files_of(tx, vetting.id)},
        has_domain=any(domain.is_valid(tx.now) for domain in organizations.domains_of(tx, organization.id)),
        organization=organization.name,
        now=tx.now,
    )
    values = {"submitted_at": tx.now, "submitted_by": actor.id, "return_reason": ""}
    if not vettings.move(tx, vetting.id, VettingState.OPEN, VettingState.SUBMITTED, **values):
        raise Conflict("vetting-state", "Somebody else has just changed this vetting. Look at it again.")
    record(house, tx, actor, slug, happened("submit-vetting", organization, f"number {vetting.number}"))
    return vettings.require_numbered(tx, organization.id, vetting.number)
