"""What a CRL or an OCSP answer says of one certificate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509


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
