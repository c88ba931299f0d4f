"""How transactions of the embedded database begin: writers one at a time from their first statement on, readers beside them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from privyseal.model.errors import Unavailable
from privyseal.store import database as database_module
from privyseal.store.database import Database

NOW = datetime(2026, 11, 22, tzinfo=UTC)
INSERT = sa.text("INSERT INTO things VALUES (:number)")
SELECT = sa.text("SELECT number FROM things ORDER BY number")


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_MS", 50)
    return f"sqlite:///{tmp_path / 'things.sqlite3'}"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with closing(Database(url)) as database:
        with database.write(NOW) as tx:
            tx.execute(sa.text("CREATE TABLE things (number INTEGER)"))
        yield database


def test_a_second_writer_is_refused_before_its_first_statement(database: Database, url: str) -> None:
    with closing(Database(url)) as other, database.write(NOW), pytest.raises(Unavailable) as refusal, other.write(NOW):
        pytest.fail("two writers at once")
    assert refusal.value.kind == "database"
    with database.write(NOW) as tx:
        tx.execute(INSERT, {"number": 1})


def test_a_reader_sees_one_state_and_writes_nothing(database: Database) -> None:
    with database.read(NOW) as before:
        assert before.execute(SELECT).all() == []
        with database.write(NOW) as tx:
            tx.execute(INSERT, {"number": 1})
        assert before.execute(SELECT).all() == []
    with pytest.raises(Unavailable), database.read(NOW) as tx:
        tx.execute(INSERT, {"number": 2})
    with database.read(NOW) as tx:
        assert tx.execute(SELECT).all() == [(1,)]


def test_a_savepoint_takes_back_its_own_part_alone(database: Database) -> None:
    with database.write(NOW) as tx:
        for number in (1, 2, 3):
            savepoint = tx.connection.begin_nested()
            tx.execute(INSERT, {"number": number})
            (savepoint.rollback if number == 2 else savepoint.commit)()
    with database.write(NOW) as tx:
        tx.connection.begin_nested()
        tx.execute(INSERT, {"number": 4})
        tx.connection.get_transaction().rollback()  # type: ignore[union-attr] # it is there
    with database.read(NOW) as tx:
        assert tx.execute(SELECT).all() == [(1,), (3,)]
