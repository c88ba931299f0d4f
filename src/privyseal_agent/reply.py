"""What a command hands back to ``application``, which prints it and chooses the exit status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """``document`` is printed with ``--json``, ``text`` without it.

    A ``refusal`` is a sentence for standard error and makes the exit status 1: the command did its work and the answer
    is no, as in ``seal certificate check`` of an expired certificate.
    """

    document: Mapping[str, object]
    text: str = ""
    refusal: str = ""
