"""What the vetting desk sends and gets over REST, and how it is made of the vetting's own values."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal

from pydantic import Field

from privyseal.doors.rest.bodies import Body, Number, Text
from privyseal.doors.rest.documents import Document, Time
from privyseal.model.errors import BadRequest
from privyseal.model.organization import Organization, vetted_until
from privyseal.model.rules import Tier
from privyseal.model.statement import utc_text
from privyseal.model.vetting import EvidenceFile, ItemFinding, Vetting
from privyseal.store.organization_events import HistoryEntry

Item = Literal["legal-existence", "address", "telephone", "right-to-act", "domains"]


class FindingBody(Body):
    """What was found of one item."""

    item: Item = Field(description="What was checked.")
    met: bool = Field(description="Whether it is as it should be.")
    source: Text = Field(description="Where it was looked up.", examples=["Register of companies, excerpt 4711"])
    seen_on: Text = Field(description="The day, in UTC.", examples=["2026-11-22"])
    telephone: Text = Field(default="", description="The number that was called, for the item telephone.", examples=["+1 859 555 0100"])
    note: Text = Field(default="", description="Anything else.")


class EvidenceBody(Body):
    """A file that shows how an item was found."""

    item: Item = Field(description="What it belongs to.")
    name: Text = Field(description="Name of the file.", examples=["excerpt.pdf"])
    content: Annotated[str, Field(max_length=120 * 1024)] = Field(description="The file in Base64. Larger ones go through the page.")


class ReasonBody(Body):
    """Why something is done."""

    reason: Text = Field(description="Whoever it concerns reads it.", examples=["The register knows no such company."])


class ClosureBody(ReasonBody):
    """Why an organization is closed, and what the caller knows will be revoked."""

    valid_certificates: Number = Field(description="How many of its certificates are valid, and are revoked with this.")


class FindingDocument(Document):
    """What was found."""

    item: str
    met: bool
    source: str
    seen_on: str
    telephone: str
    note: str
    by: str
    at: Time


class EvidenceDocument(Document):
    """A file; `content` in Base64 only where one file was asked for."""

    item: str
    name: str
    media_type: str
    size: int
    sha256: str
    by: str
    at: Time
    content: str | None = None


class VettingDocument(Document):
    """A vetting with everything that was found in it, in order; of each item the last one counts."""

    organization: str
    organization_state: str
    number: int
    state: Literal["open", "submitted", "concluded", "dropped"]
    opened_at: Time
    opened_by: str
    submitted_at: Time | None = None
    submitted_by: str
    concluded_at: Time | None = None
    concluded_by: str
    return_reason: str
    findings: list[FindingDocument]
    files: list[EvidenceDocument]


class HistoryItem(Document):
    """What happened to an organization."""

    event: str
    state: str
    by_kind: str
    by: str
    reason: str
    at: Time


class HistoryDocument(Document):
    """The history, the oldest first; until when the vetting counts for each tier; what closing would revoke."""

    organization: str
    state: str
    vetted_until_public: Time | None = None
    vetted_until_private: Time | None = None
    valid_certificates: int
    items: list[HistoryItem]


def read_content(body: EvidenceBody) -> bytes:
    """Return the bytes of the file; raises BadRequest ``base64``."""
    try:
        return base64.b64decode(body.content, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("base64", "The content of the file is not Base64.", field="content") from None


def finding_document(finding: ItemFinding) -> FindingDocument:
    """Return a finding."""
    return FindingDocument(
        item=finding.item.value,
        met=finding.is_met,
        source=finding.source,
        seen_on=finding.seen_on.isoformat(),
        telephone=finding.telephone,
        note=finding.note,
        by=finding.by,
        at=utc_text(finding.at),
    )


def evidence_document(file: EvidenceFile, content: bytes | None = None) -> EvidenceDocument:
    """Return a file, with its bytes where they are given."""
    return EvidenceDocument(
        item=file.item.value,
        name=file.name,
        media_type=file.media_type,
        size=file.size,
        sha256=file.sha256,
        by=file.by,
        at=utc_text(file.at),
        content=None if content is None else base64.b64encode(content).decode(),
    )


def vetting_document(organization: Organization, vetting: Vetting, found: list[ItemFinding], files: list[EvidenceFile]) -> VettingDocument:
    """Return a vetting."""
    return VettingDocument(
        organization=organization.slug,
        organization_state=organization.state.value,
        number=vetting.number,
        state=vetting.state.value,
        opened_at=utc_text(vetting.opened_at),
        opened_by=vetting.opened_by,
        submitted_at=None if vetting.submitted_at is None else utc_text(vetting.submitted_at),
        submitted_by=vetting.submitted_by,
        concluded_at=None if vetting.concluded_at is None else utc_text(vetting.concluded_at),
        concluded_by=vetting.concluded_by,
        return_reason=vetting.return_reason,
        findings=[finding_document(finding) for finding in found],
        files=[evidence_document(file) for file in files],
    )


def history_document(organization: Organization, entries: list[HistoryEntry], valid_certificates: int) -> HistoryDocument:
    """Return the history of an organization."""
    public, private = vetted_until(organization, Tier.PUBLIC), vetted_until(organization, Tier.PRIVATE)
    return HistoryDocument(
        organization=organization.slug,
        state=organization.state.value,
        vetted_until_public=None if public is None else utc_text(public),
        vetted_until_private=None if private is None else utc_text(private),
        valid_certificates=valid_certificates,
        items=[
            HistoryItem(
                event=entry.event.value,
                state=entry.state.value,
                by_kind=entry.by_kind,
                by=entry.by,
                reason=entry.reason,
                at=utc_text(entry.at),
            )
            for entry in entries
        ],
    )
