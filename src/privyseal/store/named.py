"""Lists found by the beginning of a name: a narrow table of names leads to the rows, in the order of the names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from privyseal.store.database import Transaction

Name = sa.String(254).with_variant(sa.String(254, collation="C"), "postgresql")
"""A name that ranges are asked of: in the order of its bytes, as in SQLite, whatever language PostgreSQL's database has."""

Fits = Callable[[sa.ColumnElement[str]], Sequence[sa.ColumnElement[bool]]]
"""The conditions that a column of names meets."""


def begins_with(text: str) -> Fits:
    """Return the conditions that a column of the type ``Name`` begins with ``text``."""
    # A range, because an index serves it on both databases; LIKE needs another one on each.
    return lambda column: [column >= text, column < f"{text}~"]


def equals(text: str) -> Fits:
    """Return the condition that a name is ``text``."""
    return lambda column: [column == text]


@dataclass(frozen=True, slots=True)
class Names:
    """A table with one row for each name of a row elsewhere, whose id is ``named``; the index is (organization, name, id)."""

    table: sa.Table
    named: sa.Column[str]

    def rows(
        self,
        tx: Transaction,
        scope: sa.ColumnElement[bool],
        fits: Fits,
        owner: sa.Column[str],
        columns: Sequence[sa.Column[Any]],
        clauses: Sequence[sa.ColumnElement[bool]],
        *,
        before: str,
        limit: int,
    ) -> list[sa.Row[Any]]:
        """Return the ``columns``, ``owner`` among them, of rows with a name that ``fits``: by their first such name, then the newest first.

        ``scope`` says whose names are looked at, ``clauses`` what else is asked of the row with the id ``owner``. ``before`` is
        the last id of the page before, or "". The order is that of the index, so that a page costs as much as it shows, however
        many names begin so.
        """
        ids = self._ids(tx, scope, fits, owner, clauses, before, limit)
        found = {row._mapping[owner]: row for row in tx.execute(sa.select(*columns).where(owner.in_(ids)))}
        return [found[row_id] for row_id in ids]

    def _ids(
        self,
        tx: Transaction,
        scope: sa.ColumnElement[bool],
        fits: Fits,
        owner: sa.Column[str],
        clauses: Sequence[sa.ColumnElement[bool]],
        before: str,
        limit: int,
    ) -> list[str]:
        name = self.table.c.name
        earlier = self.table.alias("earlier")
        conditions = [scope, *fits(name)]
        if before:
            last = tx.execute(sa.select(sa.func.min(name)).where(self.named == before, *fits(name))).scalar_one()
            if last is None:
                return []
            conditions += [name >= last, sa.or_(name > last, self.named < before)]
        # What is asked of each row stands outside of the sorted names: PostgreSQL, which guesses that hardly one fits, would
        # ask it of every name before it sorts. One value for each row, not EXISTS, or it would join whole tables for that.
        order = (name, self.named.desc())
        found = sa.select(self.named.label("id"), name).where(*conditions).order_by(*order).subquery("found")
        first = sa.select(sa.func.min(earlier.c.name)).where(earlier.c[self.named.name] == found.c.id, *fits(earlier.c.name))
        wanted = [found.c.name == first.scalar_subquery()]
        if clauses:
            wanted.append(sa.select(sa.literal(1)).where(owner == found.c.id, *clauses).scalar_subquery() == 1)
        statement = sa.select(found.c.id).where(*wanted).order_by(found.c.name, found.c.id.desc()).limit(limit)
        return list(tx.execute(statement).scalars())
