"""When somebody is refused so many names of others that people have to hear of it.

At Comodo in 2011 one log-in of a reseller asked for nine certificates for famous names within minutes. Here each is refused;
that somebody asks at all may mean that a token or a card is in the wrong hands.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from privyseal.model.actor import Actor, ActorKind

KIND: Final = "name-not-validated"
"""The kind of the refusals that are counted."""

REFUSALS: Final = 5
"""So many refusals of one caller are told."""

WITHIN_MINUTES: Final = 10
"""They count as long as this, to the minute."""

TOLD_AGAIN_AFTER: Final = timedelta(hours=1)

STRANGERS_TOLD: Final = 10
"""Callers without a credential that one organization is told of in an hour: whoever has many addresses fills no mailbox."""


def is_counted(actor: Actor, refusal_kind: str) -> bool:
    """Tell whether a refusal counts: for a name of somebody else's, and of anybody but the service's own work."""
    return refusal_kind == KIND and actor.kind is not ActorKind.SYSTEM


def caller(actor: Actor) -> tuple[str, str]:
    """Return what this caller is known by and its value; refusals of the same one count together."""
    if actor.kind is ActorKind.REQUESTER:
        return "source", actor.source
    return "token" if actor.kind is ActorKind.API_TOKEN else "administrator", actor.id
