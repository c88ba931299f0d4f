"""The ``issue-value`` of RFC 8659 4.2: which issuer a domain owner names, and the conditions set beside it.

CAA properties carry it (``0 issue "ca.test; accounturi=..."``), and the TXT record of persistent validation does too. What
does not follow the grammar names nobody: RFC 8659 4.2 has a CA treat it as the empty issuer, so a typing error locks
out instead of letting in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ISSUER = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_TAG = re.compile(_LABEL)
_VALUE = re.compile(r"[!-:<-~]*")

MAXIMUM_LENGTH = 2048
"""Longer values name nobody; a CAA property of this length has no honest use."""


@dataclass(frozen=True, slots=True)
class IssueValue:
    """``issuer`` is in lower case without a final dot, empty for nobody; ``parameters`` in order, tags in lower case."""

    issuer: str
    parameters: tuple[tuple[str, str], ...] = ()

    def all_of(self, tag: str) -> tuple[str, ...]:
        """Return every value of one parameter; a second one of the same tag is for the caller to judge (RFC 8657 3, 4)."""
        return tuple(value for name, value in self.parameters if name == tag)


NOBODY = IssueValue("")


def read_issue_value(text: str) -> IssueValue:
    """Return issuer and parameters; ``NOBODY`` for ``;``, for an empty text and for what does not follow the grammar."""
    if len(text) > MAXIMUM_LENGTH:
        return NOBODY
    issuer, *parts = (part.strip(" \t") for part in text.split(";"))
    if issuer and not _ISSUER.fullmatch(issuer):
        return NOBODY
    # "ca.test;" is right, with nothing behind its semicolon; "ca.test;;a=b" is not.
    if parts and not parts[-1]:
        parts.pop()
    parameters = []
    for part in parts:
        tag, equals, value = (piece.strip(" \t") for piece in part.partition("="))
        if not equals or not _TAG.fullmatch(tag) or not _VALUE.fullmatch(value):
            return NOBODY
        parameters.append((tag.lower(), value))
    return IssueValue(issuer.lower(), tuple(parameters))
