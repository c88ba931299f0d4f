"""Fields that an organization adds to its enroll form: a cost center, a ticket, a department's own number.

A field has a name for programs and a label for people. What may be typed is chosen from a few patterns, each of which is
matched in time linear in the text: nobody writes a pattern of his own, so none can be made to hang or to let a line break in.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from privyseal.model.errors import Refused
from privyseal.model.request import require_text

MAXIMUM_FIELDS: Final = 10
MAXIMUM_LENGTH: Final = 200
LABEL_CHARACTERS: Final = 64
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")


class FieldPattern(enum.Enum):
    """What may be typed into a field."""

    TEXT = "text"
    DIGITS = "digits"
    CODE = "code"
    EMAIL = "email"


_PATTERNS: Final[Mapping[FieldPattern, re.Pattern[str]]] = {
    FieldPattern.DIGITS: re.compile(r"[0-9]+"),
    FieldPattern.CODE: re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*"),
    FieldPattern.EMAIL: re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}"),
}

_SENTENCES: Final[Mapping[FieldPattern, str]] = {
    FieldPattern.DIGITS: "has digits only",
    FieldPattern.CODE: "has letters, digits, dots, hyphens, underscores and slashes only, and begins with a letter or a digit",
    FieldPattern.EMAIL: "is a mail address",
}


@dataclass(frozen=True, slots=True)
class CustomField:
    """One field; ``max_length`` is in characters."""

    name: str
    label: str
    required: bool
    pattern: FieldPattern
    max_length: int

    def require(self, typed: str) -> str:
        """Return what was typed, without blanks around it; raises Refused ``custom-field``."""
        where = f"fields.{self.name}"
        try:
            text = require_text(self.label, typed, self.max_length, optional=not self.required)
        except Refused as refusal:
            raise Refused("custom-field", refusal.sentence, field=where) from refusal
        pattern = _PATTERNS.get(self.pattern)
        if text and pattern is not None and not pattern.fullmatch(text):
            raise Refused("custom-field", f"The field {self.label} {_SENTENCES[self.pattern]}.", field=where)
        return text


def judge_fields(fields: Sequence[CustomField], problems: list[str]) -> None:
    """Add what is wrong with the fields of a policy, each as the end of a sentence."""
    if len(fields) > MAXIMUM_FIELDS:
        problems.append(f"it has more than {MAXIMUM_FIELDS} fields of its own")
    if len({item.name for item in fields}) != len(fields):
        problems.append("two of its fields have the same name")
    for item in fields:
        if not _NAME.fullmatch(item.name):
            problems.append("the name of a field has 1 to 32 lower case letters, digits and underscores and begins with a letter")
            continue
        if not 1 <= len(item.label) <= LABEL_CHARACTERS or not item.label.isprintable() or item.label != item.label.strip():
            problems.append(f"the field {item.name} has a label of 1 to {LABEL_CHARACTERS} printable characters")
        if not 1 <= item.max_length <= MAXIMUM_LENGTH:
            problems.append(f"the field {item.name} takes 1 to {MAXIMUM_LENGTH} characters")


def require_fields(fields: Sequence[CustomField], typed: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return (name, text) of every field with something in it, in the policy's order; raises Refused ``custom-field``."""
    unknown = sorted(typed.keys() - {item.name for item in fields})
    if unknown:
        sentence = f"The policy asks for no field {unknown[0][:32]}. Leave it out."
        raise Refused("custom-field", sentence, field="fields")
    judged = [(item.name, item.require(typed.get(item.name, ""))) for item in fields]
    return tuple((name, text) for name, text in judged if text)
