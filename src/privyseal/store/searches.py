"""Searches that administrators keep. Every query names the organization and the person: nobody sees another one's."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from privyseal.model.identifiers import AdministratorId, OrganizationId, SavedSearchId
from privyseal.model.saved_search import SavedSearch, SearchedList
from privyseal.store.administrators import administrators
from privyseal.store.database import Transaction
from privyseal.store.schema import Id, UtcTime, metadata

saved_searches = sa.Table(
    "saved_searches",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("administrator_id", Id, sa.ForeignKey("administrators.id"), nullable=False),
    sa.Column("searched", sa.String(16), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("query", sa.JSON, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.UniqueConstraint("administrator_id", "searched", "name"),
)


def _search(row: Any) -> SavedSearch:  # noqa: ANN401 - a row of the table above
    return SavedSearch(
        id=SavedSearchId(row.id),
        organization_id=OrganizationId(row.organization_id),
        administrator_id=AdministratorId(row.administrator_id),
        searched=SearchedList(row.searched),
        name=row.name,
        query=row.query,
        created_at=row.created_at,
    )


def hold_shelf(tx: Transaction, administrator_id: AdministratorId) -> None:
    """Lock what a person keeps until the end of the transaction, so that two tabs together keep no more than is allowed."""
    tx.execute(sa.select(administrators.c.id).where(administrators.c.id == administrator_id).with_for_update(key_share=True))


def insert(tx: Transaction, search: SavedSearch) -> None:
    """Add a search."""
    plain = {column.name: getattr(search, column.name) for column in saved_searches.columns}
    tx.execute(saved_searches.insert().values(**plain | {"searched": search.searched.value, "query": dict(search.query)}))


def of_person(
    tx: Transaction, organization_id: OrganizationId, administrator_id: AdministratorId, searched: SearchedList
) -> list[SavedSearch]:
    """Return what a person keeps for a list, by name."""
    rows = tx.execute(
        saved_searches.select()
        .where(
            saved_searches.c.organization_id == organization_id,
            saved_searches.c.administrator_id == administrator_id,
            saved_searches.c.searched == searched.value,
        )
        .order_by(saved_searches.c.id)
    )
    return sorted(map(_search, rows), key=lambda search: (search.name.casefold(), search.id))


def forget(
    tx: Transaction, organization_id: OrganizationId, administrator_id: AdministratorId, search_id: SavedSearchId
) -> SearchedList | None:
    """Forget a search of a person and return which list it was of; None when there is none."""
    statement = (
        saved_searches.delete()
        .where(
            saved_searches.c.id == search_id,
            saved_searches.c.organization_id == organization_id,
            saved_searches.c.administrator_id == administrator_id,
        )
        .returning(saved_searches.c.searched)
    )
    found = tx.execute(statement).scalar()
    return None if found is None else SearchedList(found)
