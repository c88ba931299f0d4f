"""How a route reads: within one organization, by a caller who may, refusals recorded like everywhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from privyseal.actions.house import About, attempt
from privyseal.doors import DoorContext
from privyseal.doors.rest.authentication import Caller
from privyseal.model.actor import require, require_somewhere
from privyseal.model.administrator import Permission
from privyseal.model.organization import Organization
from privyseal.store import organizations
from privyseal.store.database import Transaction

R = TypeVar("R")


def read(
    context: DoorContext,
    caller: Caller,
    about: About,
    permission: Permission | None,
    work: Callable[[Transaction, Organization], R],
    *,
    scoped: bool = False,
) -> R:
    """Run ``work`` in a transaction that only reads, for a caller who has ``permission`` in the organization of ``about``.

    ``scoped`` lets in whoever has it for some department: ``work`` then looks within ``caller.actor.scope`` alone. None is for
    what everybody may read. Raises NotFound (also for an organization of somebody else), NotPermitted,
    Unauthenticated, and what ``work`` raises.
    """

    def call() -> R:
        with context.house.database.read(context.house.clock()) as tx:
            organization = organizations.require(tx, about.organization)
            if permission is not None and scoped:
                require_somewhere(caller.actor, permission, organization.id)
            elif permission is not None:
                require(caller.actor, permission, organization.id)
            return work(tx, organization)

    return attempt(context.house, caller.actor, about, call)


def read_of_provider(context: DoorContext, caller: Caller, about: About, permission: Permission, work: Callable[[Transaction], R]) -> R:
    """The same for what belongs to the provider; raises NotPermitted, Unauthenticated."""

    def call() -> R:
        require(caller.actor, permission, None)
        with context.house.database.read(context.house.clock()) as tx:
            return work(tx)

    return attempt(context.house, caller.actor, about, call)


def attempt_within(context: DoorContext, caller: Caller, about: About, work: Callable[[], R]) -> R:
    """Run the slow part of a call, which holds no transaction, and record its refusal in the organization's log.

    The organization is looked up first: what is asked of one that does not exist stands in the provider's log.
    """

    def call() -> R:
        with context.house.database.read(context.house.clock()) as tx:
            organizations.require(tx, about.organization)
        return work()

    return attempt(context.house, caller.actor, about, call)


def require_for_provider(context: DoorContext, caller: Caller, about: About, permission: Permission) -> None:
    """Refuse whoever is not the provider before an organization is looked for: nobody else learns which exist."""
    outside = About(about.action, "", about.kind, about.id)
    read_of_provider(context, caller, outside, permission, lambda tx: organizations.require(tx, about.organization))
