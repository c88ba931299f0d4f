"""The vetter attaches a file that shows how an item was found; it is judged by its content and kept under its SHA-256."""

from __future__ import annotations

from privyseal.actions.account_life import happened, require_person, require_vetting
from privyseal.actions.house import House, record, sha256_hex
from privyseal.engine.evidence_types import evidence_type
from privyseal.engine.private_keys import refuse_private_keys
from privyseal.model.actor import Actor
from privyseal.model.administrator import Permission
from privyseal.model.vetting import EvidenceFile, VettingState, read_item
from privyseal.store import organizations, vettings
from privyseal.store.database import Transaction


def attach_evidence(house: House, tx: Transaction, actor: Actor, slug: str, *, item: str, name: str, content: bytes) -> EvidenceFile:
    """Return the stored file; the same bytes are stored once, and attached to an item once.

    Raises NotFound, NotPermitted, Refused ``evidence-type``, BadRequest ``evidence-size``, Conflict ``vetting-state``.
    """
    require_person(actor, Permission.VET)
    organization = organizations.require(tx, slug)
    vetting = require_vetting(tx, organization, VettingState.OPEN)
    checked = read_item(item)
    refuse_private_keys(content, field="file")
    kind = evidence_type(content)
    file = EvidenceFile(
        vetting_id=vetting.id,
        item=checked,
        sha256=sha256_hex(content),
        name=kind.safe_name(name),
        media_type=kind.media_type,
        size=len(content),
        by=actor.id,
        at=tx.now,
    )
    if vettings.add_file(tx, file, content):
        record(house, tx, actor, slug, happened("attach-evidence", organization, checked.value, (file.sha256,)))
    return file
