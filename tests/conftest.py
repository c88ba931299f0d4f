"""What every test sees: the option ``--long`` and Hypothesis's settings. Servers live in tests/rigs/, each started where needed."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog
from structlog.dev import ConsoleRenderer, plain_traceback
from xdist.remote import Producer

from privyseal.engine import phrases
from tests.rigs.postgresql import PostgresServer
from tests.rigs.service import Beginning, ServiceRig, ServiceTemplate, make_template
from tests.rigs.workers import LONGEST, SharedServices, share_of

LONG_SECONDS = 7200
LIGHT_MEMORY_KIB = 256


def pytest_addoption(parser: pytest.Parser) -> None:
    """Registers ``--long``: full counts of crash cycles, races and mutations instead of the quick ones."""
    parser.addoption("--long", action="store_true", help="run the full counts (crash cycles, races, mutations)")


def pytest_configure(config: pytest.Config) -> None:
    """Loads Hypothesis's settings: no deadline, because the machine is shared, and more examples in a long run.

    Ctrl-C works in the children of the tests, even where the run itself was started in the background, which ignores it.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # As the service does: no values of variables, whose thousand lines take seconds to draw.
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], ConsoleRenderer(exception_formatter=plain_traceback)])
    hypothesis.settings.register_profile("quick", deadline=None)
    hypothesis.settings.register_profile("long", deadline=None, max_examples=2_000)
    hypothesis.settings.load_profile("long" if config.getoption("--long") else "quick")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts the longest shares first. In a long run every test has two hours."""
    if config.getoption("--long"):
        for item in items:
            item.add_marker(pytest.mark.timeout(LONG_SECONDS), append=False)
    items.sort(key=lambda item: share_of(item.nodeid) not in LONGEST)


def pytest_collection_finish() -> None:
    """What is loaded stays until the end: no look for garbage goes through it again."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SharedServices | None:
    """Lets the workers share the tests by files and by folders with live services, where that was asked for."""
    return SharedServices(config, log) if config.getoption("dist") == "loadscope" else None


@pytest.fixture(scope="session")
def long_run(pytestconfig: pytest.Config) -> bool:
    """Whether the full counts were asked for."""
    return bool(pytestconfig.getoption("--long"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One throw-away PostgreSQL server for the whole run."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind: "" for the embedded one, or a PostgreSQL URL."""
    if request.param == "sqlite":
        return ""
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create_database()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> ServiceTemplate:
    """A service on the embedded database, initialized once and then copied."""
    return make_template(tmp_path_factory.mktemp("sqlite-template"))


@pytest.fixture(scope="session")
def postgresql_template(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> ServiceTemplate:
    """A service on PostgreSQL, initialized once and then copied."""
    return make_template(tmp_path_factory.mktemp("postgresql-template"), postgres.create_database())


@pytest.fixture(scope="session")
def begun() -> dict[tuple[str, ...], ServiceTemplate]:
    """Services with a beginning, by database and beginning: made when the first test wants one, and then copied."""
    return {}


@pytest.fixture
def beginning() -> tuple[tuple[str, ...], Beginning] | None:
    """Name and content of what ``service`` has before the test; None begins bare. A folder whose tests all begin in one way says so."""
    return None


@pytest.fixture(params=["sqlite", "postgresql"])
def service(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, beginning: tuple[tuple[str, ...], Beginning] | None
) -> Iterator[ServiceRig]:
    """A whole service in this process, on each database, with the ``beginning`` of its folder done.

    Its new challenge phrases are stretched in less memory, because a test that submits 5,000 requests would do little else.
    A hash names its parameters, so everything that checks it is the same. Live services, and tests/engine/test_phrases.py, stretch
    as the product does.
    """
    monkeypatch.setattr(phrases, "MEMORY_KIB", LIGHT_MEMORY_KIB)
    server: PostgresServer | None = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    template = _template(request, server, beginning)
    url = server.create_database(template.database_url) if server is not None else ""
    rig = ServiceRig(tmp_path, url, template=template)
    yield rig
    rig.close()
    if server is not None:
        server.drop_database(url)


def _template(
    request: pytest.FixtureRequest, server: PostgresServer | None, beginning: tuple[tuple[str, ...], Beginning] | None
) -> ServiceTemplate:
    """What the service of a test is a copy of."""
    bare: ServiceTemplate = request.getfixturevalue(f"{request.param}_template")
    if beginning is None:
        return bare
    known: dict[tuple[str, ...], ServiceTemplate] = request.getfixturevalue("begun")
    name, begin = beginning
    key = (request.param, *name)
    if key not in known:
        directory: Path = request.getfixturevalue("tmp_path_factory").mktemp("begun")
        url = server.create_database(bare.database_url) if server is not None else ""
        known[key] = make_template(directory, url, bare, begin)
    return known[key]
