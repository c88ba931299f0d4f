"""The REST door of a service with one organization, on each database."""

from __future__ import annotations

import pytest

from tests.doors.rest.rest_rig import RestRig
from tests.rigs.beginnings import begin_with, named
from tests.rigs.service import AdministratorRig, Beginning, ServiceRig


@pytest.fixture
def beginning(request: pytest.FixtureRequest) -> tuple[tuple[str, ...], Beginning]:
    """The organization, and its administrator where the test asks for him."""
    return begin_with(5, request.fixturenames, alone=True)


@pytest.fixture
def rest(service: ServiceRig) -> RestRig:
    """The door, and the organization resource-marketing with units and a policy."""
    return RestRig(service)


@pytest.fixture
def fox(rest: RestRig) -> AdministratorRig:
    """A security administrator of the organization."""
    return named(rest.service, "fox")
