"""Databases and houses for the tests of the letters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from privyseal.actions.house import House
from privyseal.store.database import Database
from tests.features.notices.household import make_house, settle_in
from tests.jobs.workbench import fresh_database
from tests.rigs.mail import MailSink
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
def house(tmp_path: Path) -> Iterator[House]:
    """On SQLite, with a clock that stands still."""
    with fresh_database("sqlite", tmp_path, None) as made:
        stands = make_house(made)
        settle_in(stands)
        yield stands


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with MailSink() as running:
        yield running
