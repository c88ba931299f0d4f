"""The vetter records what he found about one item of the checklist, with the source and the day (A35, A36)."""

from __future__ import annotations

import dataclasses
import hashlib

from privyseal.actions.account_life import happened, require_person, require_vetting
from privyseal.actions.house import House, record
from privyseal.model.actor import Actor
from privyseal.model.administrator import Permission
from privyseal.model.request import require_text
from privyseal.model.vetting import ItemFinding, VettingState, read_day, read_item, read_telephone
from privyseal.store import organizations, vettings
from privyseal.store.database import Transaction
from privyseal_wire.canonical import canonical_bytes


def record_finding(
    house: House,
    tx: Transaction,
    actor: Actor,
    slug: str,
    *,
    item: str,
    is_met: bool,
    source: str,
    seen_on: str,
    telephone: str = "",
    note: str = "",
) -> ItemFinding:
    """Add a finding; earlier ones of the item stay and count no more.

    Raises NotFound, NotPermitted, Refused (a field), Conflict ``vetting-state`` after the vetting was handed over.
    """
    require_person(actor, Permission.VET)
    organization = organizations.require(tx, slug)
    vetting = require_vetting(tx, organization, VettingState.OPEN)
    checked = read_item(item)
    finding = ItemFinding(
        vetting_id=vetting.id,
        item=checked,
        is_met=is_met,
        source=require_text("source", source, 300),
        seen_on=read_day(seen_on, tx.now),
        telephone=read_telephone(checked, telephone),
        note=require_text("note", " ".join(note.splitlines()), 2000, optional=True),
        by=actor.id,
        at=tx.now,
    )
    vettings.add_finding(tx, finding)
    plain = dataclasses.asdict(finding) | {"item": checked.value, "seen_on": finding.seen_on.isoformat(), "at": finding.at.isoformat()}
    digest = hashlib.sha256(canonical_bytes(plain)).hexdigest()
    word = f"{checked.value} {'met' if is_met else 'not met'}"
    record(house, tx, actor, slug, happened("record-finding", organization, word, (digest,)))
    return finding
