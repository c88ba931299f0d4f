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
from privyseal.store.prepared import Prepared, is_among
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
TIMES = Prepared(sa.select(things.c.at, things.c.id).order_by(things.c.number))
FROM_NUMBER = Prepared(things.select().where(things.c.number >= sa.bindparam("least")).order_by(things.c.number))
MOVE = Prepared(
    things.update().where(things.c.id == sa.bindparam("thing"), sa.or_(things.c.number == 1, things.c.number == 2)).values(number=9)
)
AMONG = Prepared(things.select().where(is_among(things.c.id, "wanted"), things.c.number >= sa.bindparam("least")).order_by(things.c.number))
MOVE_AMONG = Prepared(
    things.update().where(is_among(things.c.id, "wanted"), things.c.number < 4).values(number=9).returning(things.c.id, things.c.at)
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
        assert TIMES.column(tx) == [NOW, None, NOW]


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


def test_a_list_is_one_parameter(database: Database) -> None:
    with database.read(NOW) as tx:
        for wanted, found in (
            ([], []),
            (["two"], [1]),
            (["four", "one", "two", "one", "o'ne", 'f"\\our', "{x}"], [0, 1, 2]),
            (("one",), [0]),
        ):
            assert AMONG.every(tx, wanted=wanted, least=0) == [ROWS[place] for place in found]
        assert AMONG.every(tx, wanted=["one", "two"], least=2) == [ROWS[1]]


def test_a_conditional_update_of_many_returns_those_it_happened_to(database: Database) -> None:
    with database.write(NOW) as tx:
        moved = MOVE_AMONG.every(tx, wanted=["four", "two", "one"])
        assert sorted(moved, key=lambda row: str(row["id"])) == [{"id": "one", "at": NOW}, {"id": "two", "at": None}]
        assert MOVE_AMONG.every(tx, wanted=["four", "two", "one"]) == []


def test_many_rows_are_inserted_or_none(database: Database) -> None:
    many = [{**ROWS[0], "id": f"thing {number}", "number": 100 + number} for number in range(300)]
    with pytest.raises(Unavailable) as caught, database.write(NOW) as tx:
        INSERT.each(tx, [*many, ROWS[1]])
    assert caught.value.kind == "database-race"
    assert "x00" not in str(caught.value.__cause__), "an error repeats no row"
    with pytest.raises(Unavailable) as caught, database.write(NOW) as tx:
        INSERT.each(tx, [*many, {**ROWS[1], "number": None}])
    assert '"ü"' not in str(caught.value.__cause__), "nor a row that breaks another rule"
    with database.write(NOW) as tx:
        INSERT.each(tx, many)
        assert FROM_NUMBER.every(tx, least=100) == many


@pytest.mark.parametrize("text", ["a\tb", "\\N", "\\.", "line\nbreak\r", "'\"{},", "ü€😀", " ", ""])
def test_every_text_comes_back_as_it_went(database: Database, text: str) -> None:
    rows = [{**ROWS[0], "id": f"{text}{number}", "number": 200 + number, "parts": [text]} for number in range(2)]
    with database.write(NOW) as tx:
        INSERT.each(tx, rows)
        assert FROM_NUMBER.every(tx, least=200) == rows
        assert AMONG.every(tx, wanted=[rows[1]["id"]], least=0) == rows[1:]


def test_json_with_something_behind_it_is_not_read(database: Database) -> None:
    if not database.is_sqlite:
        return  # PostgreSQL stores no such text as JSON.
    with database.write(NOW) as tx:
        tx.execute(sa.text("UPDATE things SET parts = '[] ' WHERE id = 'one'"))
        tx.execute(sa.text("UPDATE things SET parts = '[] []' WHERE id = 'two'"))
        assert BY_ID.first(tx, thing="one") == {**ROWS[0], "parts": []}
        with pytest.raises(ValueError, match="behind"):
            BY_ID.first(tx, thing="two")


def test_a_value_that_is_missing_is_a_bug(database: Database) -> None:
    with pytest.raises(KeyError), database.write(NOW) as tx:
        INSERT.each(tx, [{"id": "five", "number": 5, "content": b"", "parts": []}])


def test_the_lists_of_in_are_for_ordinary_statements(database: Database) -> None:
    listed = Prepared(things.select().where(things.c.id.in_(["one", "two"])))
    with pytest.raises(ValueError, match="lists"), database.read(NOW) as tx:
        listed.every(tx)


def test_a_list_is_looked_up_by_the_key(database: Database) -> None:
    """SQLAlchemy takes a condition of its own kind for a number on SQLite, unless told, and the whole table is read."""
    statement = sa.select(things.c.id).where(is_among(things.c.id, "wanted"), things.c.number >= 0)
    with database.read(NOW) as tx:
        compiled = str(statement.compile(dialect=tx.connection.dialect))
        assert "= 1" not in compiled
        if database.is_sqlite:
            plan = [row.detail for row in tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", ("[]", 0))]
            assert any(line.startswith("SEARCH things USING INDEX") for line in plan), plan
