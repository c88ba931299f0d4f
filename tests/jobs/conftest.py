"""Databases for the tests of the worker: each test that asks for ``database`` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from privyseal.store.database import Database
from tests.jobs.workbench import fresh_database
from tests.rigs.postgresql import PostgresServer


@pytest.fixture(scope="package")
def postgresql() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    kind = str(request.param)
    server = request.getfixturevalue("postgresql") if kind == "postgresql" else None
    with fresh_database(kind, tmp_path, server) as made:
        yield made


@pytest.fixture
def postgresql_database(postgresql: PostgresServer, tmp_path: Path) -> Iterator[Database]:
    with fresh_database("postgresql", tmp_path, postgresql) as made:
        yield made
