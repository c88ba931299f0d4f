"""What the pages of one application share: the parts they work with and the count of strangers' calls."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import Request

from privyseal.actions.house import House
from privyseal.model.actor import Actor, ActorKind
from privyseal.reception.context import EntranceContext
from privyseal.reception.limits import AnonymousLimit
from privyseal.reception.sources import source_of


@dataclass(slots=True)
class Desk:
    """One per application; ``limit`` counts what strangers send, not what they look at."""

    context: EntranceContext
    limit: AnonymousLimit

    @property
    def house(self) -> House:
        """The parts that actions work with."""
        return self.context.house

    def stranger(self, request: Request) -> Actor:
        """Return the caller as somebody of whom only the address is known."""
        return Actor(ActorKind.REQUESTER, "anonymous", source=source_of(request, self.context))


def open_desk(app: FastAPI, context: EntranceContext) -> None:
    """Give an application its desk, at ``app.state.desk``; once, before its pages are mounted."""
    app.state.desk = Desk(context, AnonymousLimit(context.house.clock))


def desk_of(request: Request) -> Desk:
    """Return the desk of the application that serves this request."""
    desk: Desk = request.app.state.desk
    return desk
