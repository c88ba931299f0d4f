"""Fields that an organization adds to its enroll form: a cost center, a ticket, a department's own number.

The form 2 of a policy's content has a place for them, so that it stays as it is when forms ask for them. Until then a policy
that has some is refused: nobody is to believe that they are asked.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass


class FieldPattern(enum.Enum):
    """What may be typed into a field: chosen from a few, so that nobody writes a pattern of his own that can be made to hang."""

    TEXT = "text"
    DIGITS = "digits"
    CODE = "code"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class CustomField:
    """One field; ``max_length`` is in characters."""

    name: str
    label: str
    required: bool
    pattern: FieldPattern
    max_length: int


def judge_fields(fields: Sequence[CustomField], problems: list[str]) -> None:
    """Add what is wrong with the fields of a policy, each as the end of a sentence."""
    if fields:
        problems.append("its own fields are asked for by no form")
