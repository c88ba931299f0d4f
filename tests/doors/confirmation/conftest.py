"""The confirmation page of a service with one organization, on each database."""

from __future__ import annotations

import pytest

from privyseal.model.fact import FactKind
from tests.doors.rest.rest_rig import RestRig
from tests.rigs.service import ServiceRig


@pytest.fixture
def rest(service: ServiceRig) -> RestRig:
    """The doors, with letters waiting in the outbox."""
    service.create_organization()
    service.listeners[FactKind.REQUEST_RECEIVED] = ("letters",)
    return RestRig(service)
