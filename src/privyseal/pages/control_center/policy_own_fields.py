"""The questions of an organization's own in the form of a policy: rows that become fields of its requests, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from privyseal.look.forms import Form
from privyseal.look.words import gettext
from privyseal.model.custom_field import MAXIMUM_FIELDS, MAXIMUM_LABEL, MAXIMUM_VALUE, CustomField, FieldPattern
from privyseal.model.errors import BadRequest
from privyseal.model.policy_draft import PolicyDraft

EMPTY_ROWS: Final = 2
MORE_ROWS: Final = 5
"""Rows for further questions below those that are there, and with the button for more."""

_PATTERNS: Final = {pattern.value: pattern for pattern in FieldPattern}


def rows_of(form: Form) -> int:
    """Return how many rows the form shows: those filled in and some more, with the button for more of them even more."""
    filled = [row for row in range(1, MAXIMUM_FIELDS + 1) if form.value(_input(row, "label")) or form.value(_input(row, "name"))]
    return min(MAXIMUM_FIELDS, max(filled, default=0) + (MORE_ROWS if form.value("more") else EMPTY_ROWS))


def typed_rows(draft: PolicyDraft) -> Mapping[str, Sequence[str]]:
    """Return what somebody would have typed to get the fields of a draft."""
    found: dict[str, Sequence[str]] = {}
    for row in range(1, MAXIMUM_FIELDS + 1):
        field = draft.custom_fields[row - 1] if row <= len(draft.custom_fields) else None
        found[_input(row, "label")] = [field.label if field else ""]
        found[_input(row, "name")] = [field.name if field else ""]
        found[_input(row, "pattern")] = [field.pattern.value if field else FieldPattern.TEXT.value]
        found[_input(row, "length")] = [str(field.max_length if field else MAXIMUM_LABEL)]
        found[_input(row, "required")] = ["yes"] if field and field.required else []
    return found


def read_rows(form: Form) -> tuple[CustomField, ...]:
    """Return the fields of the rows that have a label, in their order; raises BadRequest for what is no number."""
    rows = (row for row in range(1, MAXIMUM_FIELDS + 1) if form.value(_input(row, "label")))
    return tuple(_read_row(form, row) for row in rows)


def _read_row(form: Form, row: int) -> CustomField:
    label, length = form.value(_input(row, "label")), form.value(_input(row, "length"))
    if not length.isascii() or not length.isdigit() or not 1 <= int(length[:4]) <= MAXIMUM_VALUE:
        sentence = gettext("Write a whole number from 1 to %(most)s.") % {"most": MAXIMUM_VALUE}
        raise BadRequest("form", sentence, field=_input(row, "length"))
    return CustomField(
        name=form.value(_input(row, "name")) or name_of(label),
        label=label,
        required=form.has(_input(row, "required"), "yes"),
        pattern=_PATTERNS.get(form.value(_input(row, "pattern")), FieldPattern.TEXT),
        max_length=int(length),
    )


def name_of(label: str) -> str:
    """Return a name for programs that is made of a label, such as cost-center of Cost center; "" where nothing of it can be used."""
    plain = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")
    return plain.lstrip("0123456789-")[:32].rstrip("-")


def _input(row: int, part: str) -> str:
    return f"own-{row}-{part}"
