"""One Chromium for the folder, one live service on each database; each test founds the organizations it needs.

What passed is noted, and the look back at all of it comes last.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.browser.passed import HERE, LOOK_BACK, PASSED
from tests.browser.people import World
from tests.browser.steps import WAYS
from tests.rigs import browser
from tests.rigs.browser import Chromium
from tests.rigs.live_people import LiveProvider
from tests.rigs.live_service import LiveService
from tests.rigs.postgresql import PostgresServer

ZONES = (
    "resource-marketing.test",
    *(f"{way}.{story}.test" for way in WAYS for story in ("resource-marketing", "hacker", "night-shift")),
    "arrival.test",
    "leaving.test",
    "second-key.test",
    "vetted.test",
    "new-passkey.test",
    "new-token.test",
    "gallery.test",
    "queue.test",
    "befriended.test",
    "papers.test",
    "revoked-card.test",
    "two-hands.test",
    "next-id.test",
    "went-back.test",
    "night-desk.test",
    "broken-line.test",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the look back behind the last test of this folder, when the tests stand in the order in which they run."""
    last = [item for item in items if item.path == LOOK_BACK]
    for item in last:
        items.remove(item)
    end = max((number for number, item in enumerate(items, 1) if HERE in item.path.parents), default=len(items))
    items[end:end] = last


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note what passed."""
    report = yield
    if report.when == "call" and report.passed:
        PASSED.add(f"{item.path.name}::{item.name.partition('[')[0]}")
    return report


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """What drives the browsers."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="package")
def one_chromium(playwright: Playwright) -> Iterator[Chromium]:
    """The Chromium of all tests."""
    with Chromium(playwright) as found:
        yield found


@pytest.fixture
def chromium(one_chromium: Chromium, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chromium]:
    """The same; what its windows complained of and the test did not expect fails the test.

    What axe finds does not depend on the database: everything that is opened on PostgreSQL is judged on the other one.
    """
    if "postgresql" in request.node.name:
        monkeypatch.setattr(browser, "SIGHTS_OF_AXE", 0)
    yield one_chromium
    assert one_chromium.close_windows() == []


@pytest.fixture(scope="package", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Real processes on each database; nothing may have failed inside."""
    url = ""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.create_database()
    with LiveService(tmp_path_factory.mktemp(f"pages-{request.param}"), ZONES, url) as service:
        yield World(service, LiveProvider(service))
    for failure in ("rest.failed", "page.failed"):
        assert failure not in service.output, service.output
