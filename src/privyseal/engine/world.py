"""The world outside as this service looks at it: the DNS from several perspectives, and plain http through one guarded door.

Wired once from the settings and handed to every entrance and to the work process. Nothing here keeps what it saw.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.perspectives import Perspectives
from privyseal.engine.token_fetch import FetchPolicy


@dataclass(frozen=True, slots=True)
class World:
    """``perspectives`` look things up in the DNS; ``fetch_policy`` says where a connection may go."""

    perspectives: Perspectives
    fetch_policy: FetchPolicy = field(default_factory=FetchPolicy)

    @classmethod
    def seen_by(cls, lookup: DnsLookup, fetch_policy: FetchPolicy | None = None) -> World:
        """Return the world as one place alone sees it."""
        return cls(Perspectives(lookup), fetch_policy or FetchPolicy())

    @property
    def lookup(self) -> DnsLookup:
        """The first perspective, for what nobody has to corroborate."""
        return self.perspectives.primary
