"""The portal of a service with one organization, on each database."""

from __future__ import annotations

import pytest

from privyseal.model.fact import FactKind
from tests.pages.portal.portal_rig import PortalRig
from tests.rigs.beginnings import begin_with
from tests.rigs.service import Beginning, ServiceRig


@pytest.fixture
def beginning() -> tuple[tuple[str, ...], Beginning]:
    """The organization resource-marketing, and nobody."""
    return begin_with(20, (), alone=True)


@pytest.fixture
def portal(service: ServiceRig) -> PortalRig:
    """The pages, with letters waiting in the outbox."""
    service.listeners[FactKind.REQUEST_RECEIVED] = ("letters",)
    return PortalRig(service)
