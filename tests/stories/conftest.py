"""One live service on each database for all stories; each story founds its own organizations, so that their order is free."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.rigs.go_log_verifier.program import GoLogVerifier, build
from tests.rigs.live_people import LiveProvider
from tests.rigs.live_service import LiveService
from tests.rigs.postgresql import PostgresServer

ZONES = (
    "resource-marketing.test",
    "bookstore.test",
    "hacker.test",
    "night-shift.test",
    "untidy.test",
    "two-eyes.test",
    "four-eyes.test",
    "second-hand.test",
)


@dataclass(frozen=True, slots=True)
class World:
    """A running service and its provider."""

    service: LiveService
    provider: LiveProvider


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Real processes on each database; they must end well by themselves, and nothing may have failed inside."""
    url = ""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.create_database()
    with LiveService(tmp_path_factory.mktemp(f"live-{request.param}"), ZONES, url) as service:
        yield World(service, LiveProvider(service))
    assert "rest.failed" not in service.output, service.output


@pytest.fixture(scope="session")
def go(tmp_path_factory: pytest.TempPathFactory) -> GoLogVerifier:
    """The auditor who has none of our code."""
    return build(tmp_path_factory.mktemp("go"))
