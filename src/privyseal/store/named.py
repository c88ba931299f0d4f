"""Lists found by the beginning of a name: a narrow table of names leads to the rows, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import sqlalchemy as sa

from privyseal.store.database import Transaction

NEAR: Final = 500
"""So many of the newest rows of a name are looked at first: mostly the page is full then."""

GATHERED: Final = 20_000
"""So many at most are gathered by the database when they are found by name; more are soon met among the newest."""

Name = sa.String(254).with_variant(sa.String(254, collation="C"), "postgresql")
"""A name that ranges are asked of: in the order of its bytes, as in SQLite, whatever language PostgreSQL's database has."""

Row = TypeVar("Row")


def begins_with(column: sa.Column[str], text: str) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that a column of the type ``Name`` begins with ``text``."""
    # A range, because an index serves it on both databases; LIKE needs another one on each.
    return [column >= text, column < f"{text}~"]


def newest_named(
    tx: Transaction,
    owner: sa.Column[str],
    named: sa.Column[str],
    scope: sa.ColumnElement[bool],
    fits: Sequence[sa.ColumnElement[bool]],
    read: Callable[[sa.ColumnElement[bool]], list[Row]],
    *,
    before: str,
    limit: int,
) -> list[Row]:
    """Return what ``read`` finds, newest first, of the rows that have a name, before the id ``before``.

    ``scope`` says whose name it is and ``fits`` which; the column ``named`` beside it holds the id ``owner`` of the row that
    has it. ``read`` takes the condition that a row has such a name, and returns at most ``limit`` rows of the same scope.
    """
    ids = sa.select(named.label("id")).where(scope, *fits, *([named < before] if before else []))
    quantity = int(tx.execute(sa.select(sa.func.count()).select_from(ids.limit(GATHERED + 1).subquery())).scalar_one())
    if quantity > GATHERED:
        # Without the scope: by it SQLite would go through all names of the organization for every row.
        return read(sa.exists().where(named == owner, *fits))
    # The ids stay in the database: hundreds of parameters would cost more than all the rest.
    near = ids.order_by(named.desc()).limit(NEAR).cte("near")
    found = read(owner.in_(sa.select(near.c.id)))
    if len(found) == limit or quantity <= NEAR:
        return found
    return read(owner.in_(ids))
