"""A step of an instruction, and the names of files in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

LONGEST_STEM: Final = 48
"""More than most names have, so that the files of two servers do not get the same name."""
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


def file_stem(name: str, day: datetime | None = None) -> str:
    """Return the file name, without its ending, that stands for a certificate's first name: ``*.a.test`` -> ``wildcard.a.test``.

    A long name loses its end: 253 characters and an ending are more than a file system takes. A replacement has the ``day``
    on which it was asked for in its name (``a.test.2026-11-22``): the key of what it replaces is still in use.
    """
    plain = _UNUSUAL.sub("-", name.lower().replace("*.", "wildcard.", 1)).strip(".-") or "certificate"
    stem = plain[:LONGEST_STEM].rstrip(".-")
    return stem if day is None else f"{stem}.{day:%Y-%m-%d}"
