"""The second person returns a vetting that is not convincing; whoever fills it in reads why."""

from __future__ import annotations

from privyseal.actions.account_life import happened, require_person, require_vetting
from privyseal.actions.house import House, record
from privyseal.model.actor import Actor
from privyseal.model.administrator import Permission
from privyseal.model.errors import Conflict
from privyseal.model.request import require_text
from privyseal.model.vetting import Vetting, VettingState
from privyseal.store import organizations, vettings
from privyseal.store.database import Transaction


def return_vetting(house: House, tx: Transaction, actor: Actor, slug: str, reason: str) -> Vetting:
    """Open it again with a reason; raises NotFound, NotPermitted, Refused ``text``, Conflict ``vetting-state``."""
    require_person(actor, Permission.CONCLUDE_VETTING)
    organization = organizations.require(tx, slug)
    vetting = require_vetting(tx, organization, VettingState.SUBMITTED)
    text = require_text("reason", " ".join(reason.splitlines()), 1000)
    if not vettings.move(tx, vetting.id, VettingState.SUBMITTED, VettingState.OPEN, return_reason=text):
        raise Conflict("vetting-state", "Somebody else has just changed this vetting. Look at it again.")
    record(house, tx, actor, slug, happened("return-vetting", organization, f"number {vetting.number}"))
    return vettings.require_numbered(tx, organization.id, vetting.number)
