"""Ways in for programs: one protocol per folder, whole, with its routes, messages, tables and error mapping.

A door parses bytes to checked values, calls actions and turns their errors into the protocol's own. It decides
nothing. No door knows another, and ``privyseal.app`` finds the folders by itself: deleting one removes that protocol
and nothing else. Each package has a ``DOOR``.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fastapi import FastAPI, Request

from privyseal.actions.house import House
from privyseal.engine.dcv import DnsLookup
from privyseal.engine.token_fetch import FetchPolicy
from privyseal.model.errors import TooManyRequests
from privyseal.model.identifiers import IntentId

BURST = 60
PER_SECOND = 2.0
MAXIMUM_SOURCES = 50_000


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
    """The issuer process, as a door sees it; both raise Unavailable when it is down or may not sign."""

    def complete(self, intent_ids: Sequence[IntentId]) -> Sequence[Completed]:
        """Sign prepared intents and return what became of each."""

    def ping(self) -> None:
        """Return when the issuer may sign."""


@dataclass(frozen=True, slots=True)
class DoorContext:
    """What every door is given. ``vkey`` gives the verifier key of a log; ``trusted_proxies`` are IP addresses."""

    house: House
    issuer: Issuer
    lookup: DnsLookup
    fetch_policy: FetchPolicy
    vkey: Callable[[str], str]
    trusted_proxies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Door:
    """One protocol: its name and the function that adds its routes to the application."""

    name: str
    mount: Callable[[FastAPI, DoorContext], None]


class AnonymousLimit:
    """How often somebody without a credential may call: a token bucket per source, in memory (facts/reliability 6).

    ``burst`` calls at once, then ``per_second``; the sources longest unseen are forgotten first.
    """

    def __init__(self, clock: Callable[[], datetime], burst: int = BURST, per_second: float = PER_SECOND) -> None:
        self._clock = clock
        self._burst = float(burst)
        self._per_second = per_second
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def take(self, source: str) -> None:
        """Count one call; raises TooManyRequests ``rate``."""
        now = self._clock()
        with self._lock:
            left, seen = self._buckets.pop(source, (self._burst, now))
            left = min(self._burst, left + max(0.0, (now - seen).total_seconds()) * self._per_second)
            allowed = left >= 1
            self._buckets[source] = (left - 1 if allowed else left, now)
            if len(self._buckets) > MAXIMUM_SOURCES:
                self._buckets.popitem(last=False)
        if not allowed:
            sentence = "Too many calls without a valid credential from your address. Wait a few seconds and try again."
            raise TooManyRequests("rate", sentence, retry_after_seconds=max(1, int((1 - left) / self._per_second) + 1))


def source_of(request: Request, context: DoorContext) -> str:
    """Return the salted hash of the caller's address, the only form in which it is kept.

    ``X-Forwarded-For`` counts only from a configured proxy, and of it only the part that this proxy wrote: the last.
    """
    address = request.client.host if request.client else ""
    if address in context.trusted_proxies:
        address = request.headers.get("x-forwarded-for", address).split(",")[-1].strip()
    return context.house.personal_hash(address)[:32]
