"""What a check found: good, something to look at, or a reason to refuse; always with the evidence."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Finding(enum.Enum):
    """How a check ended; the value is the state that a page shows it as."""

    GOOD = "good"
    WARNING = "waiting"
    REFUSED = "bad"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``subject`` is what was checked (key, names, ...), ``sentence`` what was found, ``evidence`` what that rests on or nothing.

    ``serial_hex`` is the certificate that it speaks of, if there is one.
    """

    subject: str
    finding: Finding
    sentence: str
    evidence: str = ""
    serial_hex: str = ""
