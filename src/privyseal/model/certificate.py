"""Intents and certificates: what is about to be signed, and what was (requirements 5.3)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from privyseal.model.errors import Conflict
from privyseal.model.identifiers import AdministratorId, AuthorityId, CertificateId, DepartmentId, IntentId, OrganizationId, RequestId
from privyseal.model.profile import NameKind

REISSUE_AFTER_REVOCATION = timedelta(days=30)  # requirements 5.3, guards of a reissue.
REISSUE_GRACE = timedelta(days=7)  # C11: the old certificate is revoked after a grace.


class IntentState(enum.Enum):
    """prepared -> completed, or prepared -> abandoned; an abandoned serial is revoked and never signed again."""

    PREPARED = "prepared"
    COMPLETED = "completed"
    ABANDONED = "abandoned"


class IntentKind(enum.Enum):
    """What authorizes an intent: approvals, an administrator's one-time link, or the operator for the service's own ports."""

    REQUEST = "request"
    ADMINISTRATOR = "administrator"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Intent:
    """The record of what will be signed, durable before the CA key is used (architecture section 3 step 5)."""

    id: IntentId
    kind: IntentKind
    organization_id: OrganizationId | None
    request_id: RequestId | None
    administrator_id: AdministratorId | None
    authority_id: AuthorityId
    serial_hex: str
    tbs: bytes
    profile_id: str
    profile_version: int
    not_before: datetime
    not_after: datetime
    lint: str
    state: IntentState
    created_at: datetime


class CertificateState(enum.Enum):
    """valid -> revoked (final, I25); that it expired is seen from its dates."""

    VALID = "valid"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Certificate:
    """An issued certificate and its history."""

    id: CertificateId
    organization_id: OrganizationId | None
    request_id: RequestId | None
    intent_id: IntentId
    authority_id: AuthorityId
    serial_hex: str
    state: CertificateState
    common_name: str
    names: tuple[tuple[NameKind, str], ...]
    der: bytes
    sha256: str
    spki_sha256: str
    not_before: datetime
    not_after: datetime
    issued_at: datetime
    revoked_at: datetime | None
    revocation_reason: int | None
    contact_name: str
    contact_email: str
    phrase_hash: str
    picked_up_at: datetime | None
    replaces: CertificateId | None
    revoke_after: datetime | None
    department_id: DepartmentId | None = None


def require_reissuable(certificate: Certificate, now: datetime) -> None:
    """Raise Conflict ``not-reissuable`` unless it is valid or was revoked within 30 days, and has not expired."""
    if now >= certificate.not_after:
        raise Conflict("not-reissuable", "The certificate has expired. Ask for a new one instead of a replacement.")
    if certificate.revoked_at is not None and now > certificate.revoked_at + REISSUE_AFTER_REVOCATION:
        raise Conflict("not-reissuable", "The certificate was revoked more than 30 days ago. Ask for a new one instead of a replacement.")


def require_in_use(certificate: Certificate, now: datetime) -> None:
    """Raise Conflict ``certificate-ended`` for a certificate that no server can use any more."""
    if certificate.state is CertificateState.REVOKED:
        raise Conflict("certificate-ended", "The certificate is revoked: no server uses it any more.")
    if now >= certificate.not_after:
        raise Conflict("certificate-ended", "The certificate has expired: no server uses it any more.")
