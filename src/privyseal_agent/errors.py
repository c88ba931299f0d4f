"""The errors of ``seal``, each with the exit status of contract.md and a sentence for people.

Nothing here prints or exits; ``application`` does both. What privyseal_wire refuses arrives as a WireError and counts
as a refusal too. Any other exception is a bug.
"""

from __future__ import annotations

from typing import ClassVar


class SealError(Exception):
    """Something that the person or program in front of ``seal`` has to know.

    ``kind`` is a stable kebab-case word, ``sentence`` says what happened, why and what to do, ``field`` names the part
    of the input concerned where the service told it.
    """

    exit_status: ClassVar[int] = 1

    def __init__(self, kind: str, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.kind = kind
        self.sentence = sentence
        self.field = field


class Refused(SealError):
    """The service, or a rule kept on this computer, says no. Nothing was done."""


class UsageError(SealError):
    """The command line, the environment or the settings file lacks something or contradicts itself."""

    exit_status: ClassVar[int] = 2


class Unreachable(SealError):
    """The other side does not answer, or not as itself: no connection, no trust in its certificate, not available now."""

    exit_status: ClassVar[int] = 3
