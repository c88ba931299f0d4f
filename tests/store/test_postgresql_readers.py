"""What reads from PostgreSQL: the server refuses its changes, and a connection that was cut is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from privyseal.model.errors import Unavailable
from privyseal.store.database import Database
from tests.rigs.postgresql import PostgresServer

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SELECT = sa.text("SELECT number FROM things")
CUT = sa.text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()")


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[Database]:
    with closing(Database(postgres.create_database())) as database:
        with database.write(NOW) as tx:
            tx.execute(sa.text("CREATE TABLE things (number INTEGER)"))
            tx.execute(sa.text("INSERT INTO things VALUES (1)"))
        yield database


def cut(database: Database) -> int:
    """End every other connection, as a server does that is started again."""
    with database.write(NOW) as tx:
        return len(tx.execute(CUT).all())


@pytest.mark.parametrize("change", ["INSERT INTO things VALUES (2)", "DELETE FROM things", "CREATE TABLE more (number INTEGER)"])
def test_what_reads_changes_nothing(database: Database, change: str) -> None:
    with pytest.raises(Unavailable), database.read(NOW) as tx:
        tx.execute(sa.text(change))
    with database.read(NOW) as tx:
        assert tx.execute(SELECT).all() == [(1,)]


def test_a_connection_that_was_cut_is_replaced_before_it_is_used(database: Database) -> None:
    with database.read(NOW) as one, database.read(NOW) as other:
        assert one.execute(SELECT).all() == other.execute(SELECT).all() == [(1,)]
    assert cut(database) == 2
    with database.read(NOW) as one, database.read(NOW) as other:
        assert one.execute(SELECT).all() == other.execute(SELECT).all() == [(1,)]


def test_one_that_is_cut_while_it_is_used_fails_once_in_words(database: Database) -> None:
    def read() -> None:
        with database.read(NOW) as tx:
            assert tx.execute(SELECT).all() == [(1,)]
            assert cut(database) == 1
            tx.execute(SELECT)

    with pytest.raises(Unavailable) as refusal:
        read()
    assert refusal.value.kind == "database"
    with database.read(NOW) as tx:
        assert tx.execute(SELECT).all() == [(1,)]
