"""Prepared statements give what ordinary statements give, on both databases, errors included."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from privyseal.model.errors import Unavailable
from privyseal.store.database import Database
from privyseal.store.prepared import Prepared
from privyseal.store.schema import UtcTime

NOW = datetime(2026, 11, 22, 1, 2, 3, 456789, tzinfo=UTC)
ZONE = sa.MetaData()
things = sa.Table(
    "things",
    ZONE,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("parts", sa.JSON, nullable=False),
    sa.Column("at", UtcTime),
)
INSERT = Prepared(things.insert())
BY_ID = Prepared(things.select().where(things.c.id == sa.bindparam("thing")))
FROM_NUMBER = Prepared(things.select().where(things.c.number >= sa.bindparam("least")).order_by(things.c.number))
MOVE = Prepared(
    things.update().where(things.c.id == sa.bindparam("thing"), sa.or_(things.c.number == 1, things.c.number == 2)).values(number=9)
)
ROWS = [
    {"id": "one", "number": 1, "content": b"\x00\xff", "parts": [["a", "b"], "ü"], "at": NOW},
    {"id": "two", "number": 2, "content": b"", "parts": {}, "at": None},
    {"id": "four", "number": 4, "content": os.urandom(10_000), "parts": [], "at": NOW},
]


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = Database(database_url or f"sqlite:///{tmp_path / 'things.db'}")
    ZONE.create_all(opened.writer)
    with opened.write(NOW) as tx:
        INSERT.each(tx, ROWS)
    yield opened
    opened.close()


def test_rows_are_what_ordinary_statements_give(database: Database) -> None:
    with database.read(NOW) as tx:
        ordinary = [dict(row._mapping) for row in tx.execute(things.select().order_by(things.c.number))]
        assert FROM_NUMBER.every(tx, least=1) == ordinary == ROWS
        assert [BY_ID.first(tx, thing=row["id"]) for row in ROWS] == ROWS
        assert BY_ID.first(tx, thing="three") is None
        assert FROM_NUMBER.every(tx, least=5) == []


def test_a_conditional_update_tells_whether_it_happened(database: Database) -> None:
    with database.write(NOW) as tx:
        assert [MOVE.changed(tx, thing=thing) for thing in ("one", "one", "four", "three")] == [1, 0, 0, 0]
    with database.read(NOW) as tx:
        assert [row["number"] for row in FROM_NUMBER.every(tx, least=0)] == [2, 4, 9]


def test_it_stands_in_the_transaction(database: Database) -> None:
    with database.write(NOW) as tx:
        MOVE.changed(tx, thing="one")
        tx.connection.rollback()
    with database.read(NOW) as tx:
        assert BY_ID.first(tx, thing="one") == ROWS[0]


def test_nothing_is_inserted_from_no_rows(database: Database) -> None:
    with database.write(NOW) as tx:
        INSERT.each(tx, [])
    with database.read(NOW) as tx:
        assert len(FROM_NUMBER.every(tx, least=0)) == len(ROWS)


def test_an_error_of_the_driver_is_the_database_being_in_the_way(database: Database) -> None:
    with pytest.raises(Unavailable) as caught, database.write(NOW) as tx:
        INSERT.each(tx, [ROWS[0]])
    assert caught.value.kind == "database-race"
    assert "x00" not in str(caught.value.__cause__), "an error repeats no row"
    with pytest.raises(Unavailable) as caught, database.read(NOW) as tx:
        MOVE.changed(tx, thing="one")
    assert caught.value.kind == "database", "a reader cannot write"


def test_a_value_that_is_missing_is_a_bug(database: Database) -> None:
    with pytest.raises(KeyError), database.write(NOW) as tx:
        INSERT.each(tx, [{"id": "five", "number": 5, "content": b"", "parts": []}])


def test_lists_are_for_ordinary_statements(database: Database) -> None:
    listed = Prepared(things.select().where(things.c.id.in_(["one", "two"])))
    with pytest.raises(ValueError, match="lists"), database.read(NOW) as tx:
        listed.every(tx)
