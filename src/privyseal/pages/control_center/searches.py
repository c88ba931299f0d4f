"""Searches that somebody keeps: links over a list, a form that keeps what the list shows, and a button that deletes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.responses import Response

from privyseal.actions.search.delete_search import delete_search
from privyseal.actions.search.save_search import save_search
from privyseal.model.errors import PrivysealError
from privyseal.model.identifiers import SavedSearchId
from privyseal.model.organization import Organization
from privyseal.model.saved_search import NAME_CHARACTERS, SearchedList
from privyseal.pages.control_center.entry import home, look_up, part
from privyseal.reception.refusals import show_again
from privyseal.reception.site import Visit
from privyseal.store import searches
from privyseal.store.database import Transaction

NAME_FIELD = "search_name"


@dataclass(frozen=True, slots=True)
class Kept:
    """A search with its address; ``is_current`` when the list shows it now."""

    id: SavedSearchId
    name: str
    address: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a person keeps for a list, and the search that the list shows: its fields travel with the form that keeps it."""

    kept: list[Kept]
    query: Mapping[str, str]
    list_address: str
    deletion: str
    name_characters: int = NAME_CHARACTERS


def list_address(visit: Visit, searched: SearchedList) -> str:
    """Return the address of a list without any search."""
    return f"{home(visit)}/{searched.value}"


def shelf(visit: Visit, searched: SearchedList, query: Mapping[str, str], address: Callable[[Mapping[str, str]], str]) -> Shelf:
    """Return what is kept; ``address`` makes the address of a search."""

    def work(tx: Transaction, organization: Organization) -> list[Kept]:
        found = searches.of_person(tx, organization.id, visit.person.id, searched)
        return [Kept(search.id, search.name, address(search.query), search.query == query) for search in found]

    return Shelf(look_up(visit, work), query, list_address(visit, searched), f"{home(visit)}/searches")


def keep(visit: Visit, searched: SearchedList, query: Mapping[str, str], address: str, show: Callable[[int], Response]) -> Response:
    """Keep a search that the list's own reader has read, and lead to it; ``show`` shows the list again after a refusal."""
    about = visit.about("save-search", "saved-search", "new")
    try:
        visit.perform(about, save_search, visit.slug, searched, visit.form.value(NAME_FIELD), query)
    except PrivysealError as error:
        return show_again(visit, error, show, NAME_FIELD)
    return visit.go_to(address)


def delete(visit: Visit) -> Response:
    """Delete a search and go back to its list."""
    search_id = SavedSearchId(part(visit, "search"))
    searched = visit.perform(visit.about("delete-search", "saved-search", search_id), delete_search, visit.slug, search_id)
    return visit.go_to(list_address(visit, searched))
