"""The world outside as this service looks at it: the DNS from several perspectives, and plain http through one guarded door.

Wired once from the settings and handed to every entrance and to the work process. Nothing here keeps what it saw.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.guarded_https import GuardedHttps, HttpsPolicy, Turns
from privyseal.engine.perspectives import Perspectives
from privyseal.engine.token_fetch import FetchPolicy


@dataclass(frozen=True, slots=True)
class World:
    """``perspectives`` look things up in the DNS; ``fetch_policy`` says where a connection may go, ``https_policy`` one over https."""

    perspectives: Perspectives
    fetch_policy: FetchPolicy = field(default_factory=FetchPolicy)
    https_policy: HttpsPolicy = field(default_factory=HttpsPolicy)
    turns: Turns = field(default_factory=Turns)

    @classmethod
    def seen_by(cls, lookup: DnsLookup, fetch_policy: FetchPolicy | None = None, https_policy: HttpsPolicy | None = None) -> World:
        """Return the world as one place alone sees it."""
        return cls(Perspectives(lookup), fetch_policy or FetchPolicy(), https_policy or HttpsPolicy())

    @property
    def lookup(self) -> DnsLookup:
        """The first perspective, for what nobody has to corroborate."""
        return self.perspectives.primary

    @property
    def https(self) -> GuardedHttps:
        """Exchanges with servers that organizations named, over https."""
        return GuardedHttps(self.lookup, self.https_policy, self.turns)
