"""A step of an instruction, and the names of files in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_UNUSUAL: Final = re.compile(r"[^a-z0-9.-]")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: a sentence, and lines to copy (commands or configuration) under it."""

    sentence: str
    lines: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The lines as they are copied."""
        return "\n".join(self.lines)


def file_stem(name: str) -> str:
    """Return the file name, without its ending, that stands for a certificate's first name: ``*.a.test`` -> ``wildcard.a.test``."""
    return _UNUSUAL.sub("-", name.lower().replace("*.", "wildcard.", 1)).strip(".-") or "certificate"
