"""An administrator keeps a search of a list under a name. It is a bookmark, no decision: only a refusal of it is written in the log."""

from __future__ import annotations

from collections.abc import Mapping

from privyseal.actions.house import House
from privyseal.model.actor import Actor, ActorKind, require_somewhere
from privyseal.model.administrator import Permission
from privyseal.model.errors import Conflict, NotPermitted
from privyseal.model.identifiers import AdministratorId, SavedSearchId
from privyseal.model.request import require_text
from privyseal.model.saved_search import MOST_SEARCHES, NAME_CHARACTERS, SavedSearch, SearchedList, require_query
from privyseal.store import organizations, searches
from privyseal.store.database import Transaction


def save_search(
    house: House, tx: Transaction, actor: Actor, slug: str, searched: SearchedList, name: str, query: Mapping[str, str]
) -> SavedSearch:
    """Return the new search of whoever calls; what the values of ``query`` mean has the list's own reader checked before.

    Raises NotFound, NotPermitted ``administrator-needed``, Refused ``text`` or ``saved-search-query``, Conflict
    ``saved-search-name`` or ``saved-search-count``.
    """
    organization = organizations.require(tx, slug)
    require_somewhere(actor, Permission.READ, organization.id)
    if actor.kind is not ActorKind.ADMINISTRATOR:
        raise NotPermitted("administrator-needed", "Searches are kept for people. Use an Administrator ID or a passkey.")
    search = SavedSearch(
        id=SavedSearchId(house.id("sea", tx.now)),
        organization_id=organization.id,
        administrator_id=AdministratorId(actor.id),
        searched=searched,
        name=require_text("name", name, NAME_CHARACTERS),
        query=require_query(searched, query),
        created_at=tx.now,
    )
    searches.hold_shelf(tx, search.administrator_id)
    kept = searches.of_person(tx, organization.id, search.administrator_id, searched)
    if any(other.name == search.name for other in kept):
        raise Conflict("saved-search-name", "You keep another search under this name. Choose another, or delete that search first.")
    if len(kept) >= MOST_SEARCHES:
        raise Conflict("saved-search-count", f"You keep {len(kept)} searches of this list, which is as many as fit. Delete one first.")
    searches.insert(tx, search)
    return search
