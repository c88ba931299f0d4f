"""The state of a form: what was typed, and what is wrong with it, each error with its field.

After an error everything typed stays, except secrets, which a page never sends back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from privyseal.look.sentences import told

SECRET_FIELDS = frozenset({"phrase", "phrase_again", "code", "client_secret"})


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend; ``field`` is the id of the input it belongs to, or nothing for the whole form."""

    field: str
    sentence: str


@dataclass(slots=True)
class Form:
    """Values by field name (each a list, as a browser sends them) and problems in the order they were found.

    ``is_filled_again`` tells that the values were kept, and ``was_interrupted`` that they were while the person showed the
    credential again.
    """

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    is_filled_again: bool = False
    was_interrupted: bool = False

    def value(self, name: str, default: str = "") -> str:
        """Return what was typed, without what surrounds it; of a secret only what the page itself fills in."""
        if name in SECRET_FIELDS:
            return default
        typed = self.values.get(name)
        return typed[0].strip() if typed else default

    def secret(self, name: str) -> str:
        """Return a secret exactly as typed, for an action; a template has no use for it."""
        typed = self.values.get(name)
        return typed[0] if typed else ""

    def all(self, name: str) -> list[str]:
        """Return every value of a field that may be there several times; a secret is never one of them."""
        if name in SECRET_FIELDS:
            return []
        return [text.strip() for text in self.values.get(name, ()) if text.strip()]

    def has(self, name: str, value: str) -> bool:
        """Tell whether a box with this value is ticked."""
        return value in self.values.get(name, ())

    def refuse(self, name: str, sentence: str) -> None:
        """Remember what is wrong with a field; what the rooms below say of it is told in the reader's language."""
        self.problems.append(Problem(name, told(sentence)))

    def problem(self, name: str) -> str:
        """Return the sentences about one field."""
        return " ".join(problem.sentence for problem in self.problems if problem.field == name)
