"""What a check found: one verdict, a sentence and a way out for everything that is wrong, and what a source said."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509


class Verdict(enum.Enum):
    """The gravest first: the verdict of a check is the first one that any finding has, and ``ok`` when there is none (A59)."""

    REVOKED = "revoked"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    UNTRUSTED_ISSUER = "untrusted-issuer"
    NAME_MISMATCH = "name-mismatch"
    OTHER_CERTIFICATE = "other-certificate"
    REVOCATION_UNKNOWN = "revocation-unknown"
    OK = "ok"

    @property
    def words(self) -> str:
        """The verdict as people read it: ``name mismatch``."""
        return self.value.replace("-", " ")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: ``sentence`` says what and why, ``fix`` what to do."""

    verdict: Verdict
    sentence: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is served at ``endpoint`` (host:port) for ``name``, as seen at ``checked_at``.

    ``handshake_ms`` is the time of the TLS handshake alone, in milliseconds (A56). ``chain`` has one text per certificate
    that was sent. ``revocation`` says how the leaf's status was learned.
    """

    endpoint: str
    name: str
    checked_at: datetime
    handshake_ms: int
    protocol: str
    serial_hex: str
    sha256: str
    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    chain: tuple[str, ...]
    revocation: str
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The gravest finding's verdict, or ok."""
        found = {finding.verdict for finding in self.findings}
        return next((verdict for verdict in Verdict if verdict in found), Verdict.OK)


@dataclass(frozen=True, slots=True)
class Status:
    """``revoked_at`` is None for a certificate in good standing; ``reason`` is in words or empty; ``as_of`` when it was said."""

    revoked_at: datetime | None
    reason: str
    as_of: datetime


class StatusRefused(Exception):
    """The answer does not count; the text says why, in a few words that follow the name of its source."""


def reason_name(flag: x509.ReasonFlags) -> str:
    """Return a reason in words: ``key compromise``; nothing for the one that says nothing."""
    if flag is x509.ReasonFlags.unspecified:
        return ""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", flag.value).lower()
