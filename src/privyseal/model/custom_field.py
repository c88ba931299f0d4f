"""Fields that an organization adds to its enroll form: a cost center, a ticket, a department's own number (requirements 4.3).

A policy version says which fields its requests have; what was filled in belongs to the request, is signed with it and stands in no
certificate.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from privyseal.model.errors import Refused

MAXIMUM_FIELDS: Final = 10
MAXIMUM_LABEL: Final = 64
MAXIMUM_VALUE: Final = 200
"""Characters of a label, and at most of what is filled in."""

INPUT: Final = "field-{name}"
"""What refusals call the place where a field is filled in, apart from the fields that every request has."""

FilledIn: TypeAlias = tuple[tuple[str, str], ...]
"""(name, value) of the fields that were filled in, in the order of the policy."""

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")


class FieldPattern(enum.Enum):
    """What may be typed into a field: chosen from a few, so that nobody writes a pattern of his own that can be made to hang."""

    TEXT = "text"
    DIGITS = "digits"
    CODE = "code"
    EMAIL = "email"


_FORMS: Final[Mapping[FieldPattern, re.Pattern[str]]] = {
    FieldPattern.DIGITS: re.compile(r"[0-9]+"),
    FieldPattern.CODE: re.compile(r"[A-Za-z0-9._/-]+"),
    FieldPattern.EMAIL: re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"),
}


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
    if len(fields) > MAXIMUM_FIELDS:
        problems.append(f"it has more than {MAXIMUM_FIELDS} fields of its own")
    if len({field.name for field in fields}) != len(fields):
        problems.append("two of its own fields have the same name")
    if len({field.label.casefold() for field in fields}) != len(fields):
        problems.append("two of its own fields have the same label")
    if any(not _NAME.fullmatch(field.name) for field in fields):
        problems.append("the name of a field has 1 to 32 lower case letters, digits and dashes, and begins with a letter")
    if any(not _is_line(field.label, MAXIMUM_LABEL) or field.label != field.label.strip() for field in fields):
        problems.append(f"the label of a field is one line of 1 to {MAXIMUM_LABEL} characters")
    if any(not 1 <= field.max_length <= MAXIMUM_VALUE for field in fields):
        problems.append(f"what is filled into a field has at most 1 to {MAXIMUM_VALUE} characters")


def require_filled_in(fields: Sequence[CustomField], given: Mapping[str, str]) -> FilledIn:
    """Return what was filled in, blanks around it taken away and empty fields left out.

    Raises Refused ``custom-field`` naming the input: unknown, missing, too long, or of another form than the policy says.
    """
    unknown = sorted(given.keys() - {field.name for field in fields})
    if unknown:
        raise _refuse(unknown[0], f"The policy asks no question with the name {unknown[0][:40]}.")
    values = [(field, " ".join(given.get(field.name, "").split(" ")).strip()) for field in fields]
    for field, value in values:
        _require_value(field, value)
    return tuple((field.name, value) for field, value in values if value)


def _require_value(field: CustomField, value: str) -> None:
    if not value:
        if field.required:
            raise _refuse(field.name, f"Fill in {field.label}: this organization wants to know it.")
        return
    if len(value) > field.max_length:
        raise _refuse(field.name, f"Your answer to {field.label} has {len(value)} characters; at most {field.max_length} are kept.")
    if not value.isprintable():
        raise _refuse(field.name, f"Your answer to {field.label} contains line breaks, control characters or invisible characters.")
    form = _FORMS.get(field.pattern)
    if form is None or form.fullmatch(value):
        return
    if field.pattern is FieldPattern.DIGITS:
        raise _refuse(field.name, f"Your answer to {field.label} may have digits only.")
    if field.pattern is FieldPattern.CODE:
        sentence = f"Your answer to {field.label} may have letters from A to Z, digits, dots, underscores, dashes and slashes only."
        raise _refuse(field.name, sentence)
    raise _refuse(field.name, f"Your answer to {field.label} is no mail address.")


def _is_line(text: str, maximum: int) -> bool:
    return 1 <= len(text) <= maximum and text.isprintable()


def _refuse(name: str, sentence: str) -> Refused:
    return Refused("custom-field", sentence, field=INPUT.format(name=name))


def labelled(fields: Sequence[CustomField], filled_in: FilledIn) -> list[tuple[str, str, str]]:
    """Return (name, label, value) of what was filled in; a field that the policy version has no more is called by its name."""
    labels = {field.name: field.label for field in fields}
    return [(name, labels.get(name, name), value) for name, value in filled_in]
