"""Vettings of organizations, what was found of each item, and the files that show it. Rows are added; none is deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from privyseal.model.errors import NotFound
from privyseal.model.identifiers import OrganizationId, VettingId
from privyseal.model.vetting import EvidenceFile, ItemFinding, Vetting, VettingItem, VettingState
from privyseal.store.database import Transaction
from privyseal.store.schema import Digest, Id, Sequence, UtcTime, metadata
from privyseal.store.upsert import insert_once

vettings = sa.Table(
    "vettings",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("is_earlier", sa.Boolean, nullable=False),
    sa.Column("opened_at", UtcTime, nullable=False),
    sa.Column("opened_by", Id, nullable=False),
    sa.Column("submitted_at", UtcTime),
    sa.Column("submitted_by", Id, nullable=False),
    sa.Column("concluded_at", UtcTime),
    sa.Column("concluded_by", Id, nullable=False),
    sa.Column("return_reason", sa.String(1000), nullable=False),
    # Two who begin at once draw the same number, and the second of them gets nothing.
    sa.UniqueConstraint("organization_id", "number"),
)

vetting_findings = sa.Table(
    "vetting_findings",
    metadata,
    sa.Column("position", Sequence, primary_key=True, autoincrement=True),
    sa.Column("vetting_id", Id, sa.ForeignKey("vettings.id"), nullable=False, index=True),
    sa.Column("item", sa.String(32), nullable=False),
    sa.Column("is_met", sa.Boolean, nullable=False),
    sa.Column("source", sa.String(300), nullable=False),
    sa.Column("seen_on", sa.String(10), nullable=False),
    sa.Column("telephone", sa.String(40), nullable=False),
    sa.Column("note", sa.String(2000), nullable=False),
    sa.Column("by", Id, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

evidence_contents = sa.Table(
    "evidence_contents",
    metadata,
    sa.Column("sha256", Digest, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("first_at", UtcTime, nullable=False),
)

evidence_files = sa.Table(
    "evidence_files",
    metadata,
    sa.Column("vetting_id", Id, sa.ForeignKey("vettings.id"), primary_key=True),
    sa.Column("item", sa.String(32), primary_key=True),
    sa.Column("sha256", Digest, sa.ForeignKey("evidence_contents.sha256"), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("media_type", sa.String(80), nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("by", Id, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)


def _vetting(row: Mapping[Any, Any]) -> Vetting:
    return Vetting(**{**row, "state": VettingState(row["state"])})


def insert(tx: Transaction, vetting: Vetting) -> None:
    """Add a vetting; its number is the organization's next one."""
    values = {column.name: getattr(vetting, column.name) for column in vettings.columns}
    tx.execute(vettings.insert().values(**values | {"state": vetting.state.value}))


def newest(tx: Transaction, organization_id: OrganizationId) -> Vetting | None:
    """Return the organization's last vetting, or None."""
    statement = vettings.select().where(vettings.c.organization_id == organization_id).order_by(vettings.c.number.desc()).limit(1)
    row = tx.execute(statement).first()
    return None if row is None else _vetting(row._mapping)


def every(tx: Transaction, organization_id: OrganizationId) -> list[Vetting]:
    """Return the organization's vettings, the newest first."""
    statement = vettings.select().where(vettings.c.organization_id == organization_id).order_by(vettings.c.number.desc())
    return [_vetting(row._mapping) for row in tx.execute(statement)]


def newest_concluded(tx: Transaction, organization_id: OrganizationId) -> Vetting | None:
    """Return the last vetting of the organization that was concluded, or None."""
    scope = (vettings.c.organization_id == organization_id, vettings.c.state == VettingState.CONCLUDED.value)
    row = tx.execute(vettings.select().where(*scope).order_by(vettings.c.number.desc()).limit(1)).first()
    return None if row is None else _vetting(row._mapping)


def require_numbered(tx: Transaction, organization_id: OrganizationId, number: int) -> Vetting:
    """Return the vetting of this number; raises NotFound."""
    row = tx.execute(vettings.select().where(vettings.c.organization_id == organization_id, vettings.c.number == number)).first()
    if row is None:
        raise NotFound("not-found", "There is no such vetting.")
    return _vetting(row._mapping)


def move(tx: Transaction, vetting_id: VettingId, source: VettingState, target: VettingState, **values: object) -> bool:
    """Move a vetting from one state to another and set columns; tells whether it was there."""
    statement = vettings.update().where(vettings.c.id == vetting_id, vettings.c.state == source.value)
    return tx.changed(statement.values(state=target.value, **values)) == 1


def lock(tx: Transaction, vetting_id: VettingId, state: VettingState) -> bool:
    """Let nobody move the vetting before this transaction ends; tells whether it is in this state."""
    statement = vettings.update().where(vettings.c.id == vetting_id, vettings.c.state == state.value)
    return tx.changed(statement.values(state=state.value)) == 1


def add_finding(tx: Transaction, finding: ItemFinding) -> None:
    """Add what was found; earlier findings of the item stay."""
    values = {column.name: getattr(finding, column.name) for column in vetting_findings.columns if column.name != "position"}
    tx.execute(vetting_findings.insert().values(**values | {"item": finding.item.value, "seen_on": finding.seen_on.isoformat()}))


def findings_of(tx: Transaction, vetting_id: VettingId) -> list[ItemFinding]:
    """Return everything that was found in a vetting, in order."""
    rows = tx.execute(vetting_findings.select().where(vetting_findings.c.vetting_id == vetting_id).order_by(vetting_findings.c.position))
    return [_finding(row._mapping) for row in rows]


def _finding(row: Mapping[Any, Any]) -> ItemFinding:
    fields = {name: value for name, value in row.items() if name != "position"}
    return ItemFinding(**fields | {"item": VettingItem(fields["item"]), "seen_on": date.fromisoformat(fields["seen_on"])})


def add_file(tx: Transaction, file: EvidenceFile, content: bytes) -> bool:
    """Attach a file to an item; the same bytes are stored once. Tells whether this item did not have it yet."""
    insert_once(tx, evidence_contents, {"sha256": file.sha256, "content": content, "first_at": tx.now})
    values = {column.name: getattr(file, column.name) for column in evidence_files.columns}
    return insert_once(tx, evidence_files, values | {"item": file.item.value})


def files_of(tx: Transaction, vetting_id: VettingId) -> list[EvidenceFile]:
    """Return the files of a vetting, without their content, in order."""
    statement = evidence_files.select().where(evidence_files.c.vetting_id == vetting_id)
    rows = tx.execute(statement.order_by(evidence_files.c.at, evidence_files.c.sha256))
    return [EvidenceFile(**{**row._mapping, "item": VettingItem(row.item)}) for row in rows]


def file_content(tx: Transaction, vetting_id: VettingId, sha256: str) -> tuple[EvidenceFile, bytes]:
    """Return a file of a vetting with its bytes; raises NotFound."""
    found = next((file for file in files_of(tx, vetting_id) if file.sha256 == sha256), None)
    row = tx.execute(sa.select(evidence_contents.c.content).where(evidence_contents.c.sha256 == sha256)).first()
    if found is None or row is None:
        raise NotFound("not-found", "There is no such file in this vetting.")
    return found, bytes(row.content)
