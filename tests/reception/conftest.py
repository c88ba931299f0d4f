"""Pages of a service with two organizations, on each database."""

from __future__ import annotations

import pytest

from privyseal.model.administrator import Role
from tests.reception.reception_rig import ORG, OTHER, ReceptionRig
from tests.rigs.service import AdministratorRig, ServiceRig


@pytest.fixture
def rig(service: ServiceRig) -> ReceptionRig:
    """The pages, and the organizations resource-marketing and hoffman-brandt."""
    service.create_organization()
    service.create_organization(OTHER, name="Hoffman & Brandt", domains=("hoffman-brandt.test",))
    return ReceptionRig(service)


@pytest.fixture
def fox(rig: ReceptionRig) -> AdministratorRig:
    """A security administrator of resource-marketing."""
    return rig.service.administrator(ORG, "Fox Mulder")


@pytest.fixture
def helen(rig: ReceptionRig) -> AdministratorRig:
    """A security administrator of hoffman-brandt."""
    return rig.service.administrator(OTHER, "Helen Brandt")


@pytest.fixture
def vera(rig: ReceptionRig) -> AdministratorRig:
    """An administrator of the provider."""
    return rig.service.administrator("", "Vera Vetter", Role.PROVIDER_ADMINISTRATOR)
