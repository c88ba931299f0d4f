"""A service's database on SQLite and on PostgreSQL, and a front on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from privyseal.status.settings import StatusSettings
from tests.rigs.postgresql import PostgresServer
from tests.rigs.schemas import postgresql_schema, sqlite_schema
from tests.status.running_front import RunningFront, TurnableClock
from tests.status.sample_service import SampleService


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL server for all tests of this folder."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database whose tables are empty, of each kind in turn."""
    if request.param == "sqlite":
        yield sqlite_schema(tmp_path / "service.sqlite")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = postgresql_schema(server)
    yield url
    server.drop_database(url)


@pytest.fixture
def service(database_url: str) -> Iterator[SampleService]:
    """A service with two CAs and an OCSP responder."""
    sample = SampleService(database_url)
    yield sample
    sample.close()


@pytest.fixture
def sqlite_service(tmp_path: Path) -> Iterator[SampleService]:
    """The same on SQLite alone, where the database makes no difference."""
    sample = SampleService(sqlite_schema(tmp_path / "service.sqlite"))
    yield sample
    sample.close()


@pytest.fixture
def clock() -> TurnableClock:
    """The front's clock."""
    return TurnableClock()


def settings_for(service: SampleService, *, log_directory: Path | None = None) -> StatusSettings:
    """Settings of a front on this service, on a free port."""
    return StatusSettings(service.url, port=0, responder_keys={"issuing": service.load_key}, log_directory=log_directory)


@pytest.fixture
def front(service: SampleService, clock: TurnableClock) -> Iterator[RunningFront]:
    """A front on ``service``."""
    with RunningFront(settings_for(service), clock) as running:
        yield running


@pytest.fixture
def sqlite_front(sqlite_service: SampleService, clock: TurnableClock) -> Iterator[RunningFront]:
    """A front on ``sqlite_service``."""
    with RunningFront(settings_for(sqlite_service), clock) as running:
        yield running
