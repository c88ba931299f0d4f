"""The PostgreSQL rig: a server of our own, durable, that hands out empty databases and survives a crash."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa

from tests.rigs.postgresql import PostgresServer


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as running:
        yield running


def dsn(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def test_databases_are_fresh_and_apart(server: PostgresServer) -> None:
    first, second = server.create_database(), server.create_database()
    assert first != second
    with psycopg.connect(dsn(first), autocommit=True) as connection:
        connection.execute("CREATE TABLE things (id integer)")
    with psycopg.connect(dsn(second)) as connection:
        row = connection.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'").fetchone()
    assert row == (0,)


def test_the_url_is_one_that_sqlalchemy_opens(server: PostgresServer) -> None:
    engine = sa.create_engine(server.create_database())
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SHOW server_version")).startswith("15.")
        assert connection.scalar(sa.text("SHOW timezone")) == "UTC"
    engine.dispose()


def test_commits_are_durable_by_configuration(server: PostgresServer) -> None:
    with psycopg.connect(dsn(server.create_database())) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute(f"SHOW {setting}").fetchone() == ("on",)


def test_a_dropped_database_cuts_its_connections(server: PostgresServer) -> None:
    url = server.create_database()
    with psycopg.connect(dsn(url), autocommit=True) as connection:
        server.drop_database(url)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(dsn(url))


def test_what_was_committed_survives_a_crash(server: PostgresServer) -> None:
    url = server.create_database()
    with psycopg.connect(dsn(url), autocommit=True) as connection:
        connection.execute("CREATE TABLE things (id integer)")
        connection.execute("INSERT INTO things VALUES (7)")
    server.crash()
    assert not server.running
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn(url))
    server.start()
    with psycopg.connect(dsn(url)) as connection:
        assert connection.execute("SELECT id FROM things").fetchone() == (7,)
