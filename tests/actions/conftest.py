"""Tests of actions that ask for the fixture ``fox`` or ``admin`` begin with an organization and its administrator."""

from __future__ import annotations

import pytest

from tests.rigs.beginnings import begin_with, named
from tests.rigs.service import AdministratorRig, Beginning, ServiceRig


@pytest.fixture
def beginning(request: pytest.FixtureRequest) -> tuple[tuple[str, ...], Beginning] | None:
    """The organization resource-marketing and its first administrator, or nothing."""
    asked = [name for name in ("fox", "admin") if name in request.fixturenames]
    return begin_with(5, asked, alone=True) if asked else None


@pytest.fixture
def fox(service: ServiceRig) -> AdministratorRig:
    """The first security administrator of resource-marketing."""
    return named(service, "fox")


@pytest.fixture
def admin(service: ServiceRig) -> AdministratorRig:
    """The same."""
    return named(service, "admin")
