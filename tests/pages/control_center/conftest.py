"""The control centers of two organizations, on each database."""

from __future__ import annotations

import pytest

from tests.pages.control_center.console_rig import ORG, OTHER, ConsoleRig, Desk
from tests.rigs.passkeys import holder
from tests.rigs.service import ServiceRig


@pytest.fixture
def rig(service: ServiceRig) -> ConsoleRig:
    """The pages."""
    service.create_organization(units=20)
    service.create_organization(OTHER, name="Hoffman & Brandt", domains=("hoffman-brandt.test",))
    return ConsoleRig(service)


@pytest.fixture
def fox(rig: ConsoleRig) -> Desk:
    """A security administrator with an Administrator ID."""
    return rig.desk(rig.service.administrator(ORG, "Fox Mulder"))


@pytest.fixture
def paula(rig: ConsoleRig) -> Desk:
    """A security administrator with a passkey. Invited while nobody is active yet: ask for her before ``fox``."""
    return rig.desk(holder(rig.service, ORG))


@pytest.fixture
def helen(rig: ConsoleRig) -> Desk:
    """A security administrator of the other organization."""
    return rig.desk(rig.service.administrator(OTHER, "Helen Brandt"))
