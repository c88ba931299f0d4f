"""What every test sees: the option ``--long`` and Hypothesis's settings. Servers live in tests/rigs/, each started where needed."""

from __future__ import annotations

import hypothesis
import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Registers ``--long``: full counts of crash cycles, races and mutations instead of the quick ones."""
    parser.addoption("--long", action="store_true", help="run the full counts (crash cycles, races, mutations)")


def pytest_configure(config: pytest.Config) -> None:
    """Loads Hypothesis's settings: no deadline, because the machine is shared, and more examples in a long run."""
    hypothesis.settings.register_profile("quick", deadline=None)
    hypothesis.settings.register_profile("long", deadline=None, max_examples=2_000)
    hypothesis.settings.load_profile("long" if config.getoption("--long") else "quick")


@pytest.fixture(scope="session")
def long_run(pytestconfig: pytest.Config) -> bool:
    """Whether the full counts were asked for."""
    return bool(pytestconfig.getoption("--long"))
