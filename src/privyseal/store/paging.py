"""Pages of lists that are in the order of a name: keyset paging, whose cursor is the id of the last row seen."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def behind(table: sa.Table, name: sa.Column[Any], after: str, *scope: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return the condition of the rows behind the one of id ``after`` in the order of (``name``, id).

    ``scope`` says whose rows the cursor may be; with the id of anything else nothing is behind it.
    """
    seen = sa.select(name).where(table.c.id == after, *scope).scalar_subquery()
    return sa.or_(name > seen, sa.and_(name == seen, table.c.id > after))
