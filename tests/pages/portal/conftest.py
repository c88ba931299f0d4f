"""The portal of a service with one organization, on each database."""

from __future__ import annotations

import pytest

from privyseal.model.fact import FactKind
from tests.pages.portal.portal_rig import PortalRig
from tests.rigs.service import ServiceRig


@pytest.fixture
def portal(service: ServiceRig) -> PortalRig:
    """The pages, with letters waiting in the outbox."""
    service.create_organization(units=20)
    service.listeners[FactKind.REQUEST_RECEIVED] = ("letters",)
    return PortalRig(service)
