"""The parts that entrances work with, wired once by ``privyseal.cli``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from privyseal.actions.house import House
from privyseal.engine.world import World
from privyseal.model.identifiers import IntentId
from privyseal.reception.live import Watches


class Completed(Protocol):
    """What became of one intent in the issuer process."""

    @property
    def intent_id(self) -> IntentId:
        """The intent."""

    @property
    def ok(self) -> bool:
        """Whether the certificate is durable now."""

    @property
    def kind(self) -> str:
        """Why not, for programs."""

    @property
    def sentence(self) -> str:
        """Why not, for people."""


class Issuer(Protocol):
    """The issuer process, as an entrance sees it; both raise Unavailable when it is down or may not sign."""

    def complete(self, intent_ids: Sequence[IntentId]) -> Sequence[Completed]:
        """Sign prepared intents and return what became of each."""

    def ping(self) -> None:
        """Return when the issuer may sign."""


@dataclass(frozen=True, slots=True)
class EntranceContext:
    """What every entrance is given. ``vkey`` gives the verifier key of a log; ``trusted_proxies`` are IP addresses.

    ``world`` is what is outside, as the service looks at it. ``watches`` are the queues that somebody follows.
    """

    house: House
    issuer: Issuer
    world: World
    vkey: Callable[[str], str]
    trusted_proxies: tuple[str, ...]
    watches: Watches = field(default_factory=Watches)
