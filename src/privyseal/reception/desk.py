"""What answering a page takes besides the request: the parts that entrances work with, and the count of strangers' calls."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from privyseal.actions.house import House
from privyseal.model.actor import Actor, ActorKind
from privyseal.reception.context import EntranceContext
from privyseal.reception.limits import AnonymousLimit
from privyseal.reception.sources import source_of


@dataclass(frozen=True, slots=True)
class Desk:
    """One per application; ``limit`` counts what strangers send, not what they look at."""

    context: EntranceContext
    limit: AnonymousLimit

    @property
    def house(self) -> House:
        """The parts that actions work with."""
        return self.context.house

    def source(self, request: Request) -> str:
        """Return the salted hash of the caller's address."""
        return source_of(request, self.context)

    def stranger(self, request: Request) -> Actor:
        """Return the caller as somebody of whom only the address is known."""
        return Actor(ActorKind.REQUESTER, "anonymous", source=self.source(request))


def desk_of(request: Request) -> Desk:
    """Return the desk of the application that serves this request (``application.state.desk``)."""
    desk: Desk = request.app.state.desk
    return desk
