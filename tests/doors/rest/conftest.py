"""The REST door of a service with one organization, on each database."""

from __future__ import annotations

import pytest

from tests.doors.rest.rest_rig import ORG, RestRig
from tests.rigs.service import AdministratorRig, ServiceRig


@pytest.fixture
def rest(service: ServiceRig) -> RestRig:
    """The door, and the organization resource-marketing with units and a policy."""
    service.create_organization()
    return RestRig(service)


@pytest.fixture
def fox(rest: RestRig) -> AdministratorRig:
    """A security administrator of the organization."""
    return rest.service.administrator(ORG, "Fox Mulder")
