"""Pages of a service with two organizations, on each database."""

from __future__ import annotations

import pytest

from tests.reception.reception_rig import ReceptionRig
from tests.rigs.beginnings import begin_with, named
from tests.rigs.service import AdministratorRig, Beginning, ServiceRig


@pytest.fixture
def beginning(request: pytest.FixtureRequest) -> tuple[tuple[str, ...], Beginning]:
    """Both organizations, and the people whom the test asks for."""
    return begin_with(5, request.fixturenames)


@pytest.fixture
def rig(service: ServiceRig) -> ReceptionRig:
    """The pages, and the organizations resource-marketing and hoffman-brandt."""
    return ReceptionRig(service)


@pytest.fixture
def fox(rig: ReceptionRig) -> AdministratorRig:
    """A security administrator of resource-marketing."""
    return named(rig.service, "fox")


@pytest.fixture
def helen(rig: ReceptionRig) -> AdministratorRig:
    """A security administrator of hoffman-brandt."""
    return named(rig.service, "helen")


@pytest.fixture
def vera(rig: ReceptionRig) -> AdministratorRig:
    """An administrator of the provider."""
    return named(rig.service, "vera")
