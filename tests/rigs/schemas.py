"""Databases that hold our tables and nothing else: made once of each kind in a process, and then copied."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from privyseal.store.database import Database
from privyseal.store.schema_setup import all_metadata
from tests.rigs.postgresql import PostgresServer


def sqlite_schema(file: Path) -> str:
    """The address of a new embedded database with our tables in this file."""
    file.write_bytes(_sqlite_template())
    return f"sqlite:///{file}"


def postgresql_schema(server: PostgresServer) -> str:
    """The address of a new database with our tables on this server."""
    return server.create_database(_postgresql_template(server))


@cache
def _sqlite_template() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "schema.sqlite"
        _create(f"sqlite:///{file}")
        return file.read_bytes()


@cache
def _postgresql_template(server: PostgresServer) -> str:
    url = server.create_database()
    _create(url)
    return url


def _create(url: str) -> None:
    database = Database(url)
    try:
        all_metadata().create_all(database.writer)
    finally:
        database.close()
