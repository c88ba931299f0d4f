"""The control centers of two organizations, on each database."""

from __future__ import annotations

import pytest

from tests.pages.control_center.console_rig import ORG, ConsoleRig, Desk
from tests.rigs.beginnings import begin_with, named
from tests.rigs.passkeys import holder
from tests.rigs.service import Beginning, ServiceRig


@pytest.fixture
def beginning(request: pytest.FixtureRequest) -> tuple[tuple[str, ...], Beginning]:
    """Both organizations, and the people whom the test asks for; after one with a passkey everybody else comes later."""
    return begin_with(20, () if "paula" in request.fixturenames else request.fixturenames)


@pytest.fixture
def rig(service: ServiceRig) -> ConsoleRig:
    """The pages."""
    return ConsoleRig(service)


@pytest.fixture
def fox(rig: ConsoleRig) -> Desk:
    """A security administrator with an Administrator ID."""
    return rig.desk(named(rig.service, "fox"))


@pytest.fixture
def paula(rig: ConsoleRig) -> Desk:
    """A security administrator with a passkey. Invited while nobody is active yet: ask for her before ``fox``."""
    return rig.desk(holder(rig.service, ORG))


@pytest.fixture
def helen(rig: ConsoleRig) -> Desk:
    """A security administrator of the other organization."""
    return rig.desk(named(rig.service, "helen"))
