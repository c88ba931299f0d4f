"""An administrator deletes a search that he kept. Like keeping it, this is no decision: only a refusal is written in the log."""

from __future__ import annotations

from privyseal.actions.house import House
from privyseal.model.actor import Actor, ActorKind, require_somewhere
from privyseal.model.administrator import Permission
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import AdministratorId, SavedSearchId
from privyseal.model.saved_search import SearchedList
from privyseal.store import organizations, searches
from privyseal.store.database import Transaction


def delete_search(house: House, tx: Transaction, actor: Actor, slug: str, search_id: SavedSearchId) -> SearchedList:
    """Delete a search of whoever calls and return which list it was of; raises NotFound, also for somebody else's."""
    del house  # Nothing is recorded or announced.
    organization = organizations.require(tx, slug)
    require_somewhere(actor, Permission.READ, organization.id)
    is_person = actor.kind is ActorKind.ADMINISTRATOR
    searched = searches.forget(tx, organization.id, AdministratorId(actor.id), search_id) if is_person else None
    if searched is None:
        raise NotFound("not-found", "There is no such search, or it was deleted already.")
    return searched
