"""A search of a list that an administrator keeps under a name: personal, and no right to anything."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from privyseal.model.errors import Refused
from privyseal.model.identifiers import AdministratorId, OrganizationId, SavedSearchId

NAME_CHARACTERS: Final = 64
VALUE_CHARACTERS: Final = 253
"""Of one value, as long as the longest host name, which is the longest thing that is searched by."""

MOST_SEARCHES: Final = 50
"""How many one administrator keeps for one list."""


class SearchedList(enum.Enum):
    """Lists whose searches are kept."""

    CERTIFICATES = "certificates"
    REQUESTS = "requests"


FIELDS: Final[Mapping[SearchedList, tuple[str, ...]]] = {
    SearchedList.CERTIFICATES: ("show", "text", "from", "to"),
    SearchedList.REQUESTS: ("show", "name"),
}
"""What a list is searched by, in the order in which an address names it. ``show`` is the filter and never missing."""


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """``query`` has some of the fields of its list, each with a text; what they mean is the list's."""

    id: SavedSearchId
    organization_id: OrganizationId
    administrator_id: AdministratorId
    searched: SearchedList
    name: str
    query: Mapping[str, str]
    created_at: datetime


def require_query(searched: SearchedList, query: Mapping[str, str]) -> dict[str, str]:
    """Return the query in the order of the list's fields; raises Refused ``saved-search-query`` for what is no search of this list."""
    fields = FIELDS[searched]
    is_known = "show" in query and set(query) <= set(fields)
    if not is_known or not all(value and len(value) <= VALUE_CHARACTERS and value.isprintable() for value in query.values()):
        raise Refused("saved-search-query", "This is no search of the list. Search again, and save what you see then.")
    return {name: query[name] for name in fields if name in query}
