"""JSON objects of the service, read field by field, so that an unexpected answer is a sentence and not a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from privyseal_agent.errors import Refused


@dataclass(frozen=True, slots=True)
class Document:
    """One JSON object. Every reading method raises Refused ``answer`` when the field is missing or of another type."""

    fields: Mapping[str, object]

    @classmethod
    def of(cls, value: object) -> Document:
        """Return the document that a parsed JSON value is."""
        if not isinstance(value, dict):
            raise _unexpected("is not a JSON object")
        return cls(value)

    def text(self, key: str) -> str:
        """The text of a field that has to be there."""
        value = self.fields.get(key)
        if not isinstance(value, str):
            raise _unexpected(f"has no text {key}")
        return value

    def maybe(self, key: str) -> str:
        """The text of a field, or nothing where it is missing or null."""
        return self.text(key) if self.fields.get(key) is not None else ""

    def integer(self, key: str) -> int:
        """The integer of a field that has to be there."""
        value = self.fields.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise _unexpected(f"has no integer {key}")
        return value

    def part(self, key: str) -> Document:
        """The object of a field that has to be there."""
        if key not in self.fields:
            raise _unexpected(f"has no object {key}")
        return Document.of(self.fields[key])

    def parts(self, key: str) -> tuple[Document, ...]:
        """The objects in the list of a field."""
        return tuple(Document.of(item) for item in self._items(key))

    def texts(self, key: str) -> tuple[str, ...]:
        """The texts in the list of a field."""
        items = self._items(key)
        found = tuple(item for item in items if isinstance(item, str))
        if len(found) != len(items):
            raise _unexpected(f"has no list of texts {key}")
        return found

    def integers(self, key: str) -> tuple[int, ...]:
        """The integers in the list of a field, which has to have some."""
        items = self._items(key)
        found = tuple(item for item in items if isinstance(item, int) and not isinstance(item, bool))
        if len(found) != len(items) or not found:
            raise _unexpected(f"has no list of integers {key}")
        return found

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        """The pairs of texts in the list of a field."""
        found = []
        for item in self._items(key):
            if not isinstance(item, list) or len(item) != 2 or not all(isinstance(text, str) for text in item):
                raise _unexpected(f"has no list of pairs {key}")
            found.append((item[0], item[1]))
        return tuple(found)

    def _items(self, key: str) -> list[object]:
        value = self.fields.get(key)
        if not isinstance(value, list):
            raise _unexpected(f"has no list {key}")
        return value


def _unexpected(what: str) -> Refused:
    return Refused("answer", f"The service's answer {what}, so it cannot be used. The versions of seal and of the service may not fit.")
