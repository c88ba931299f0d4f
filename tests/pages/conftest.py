"""All pages of a service with two organizations, on each database."""

from __future__ import annotations

import pytest

from tests.pages.browsing import PagesRig
from tests.rigs.beginnings import begin_with, named
from tests.rigs.service import AdministratorRig, Beginning, ServiceRig


@pytest.fixture
def beginning(request: pytest.FixtureRequest) -> tuple[tuple[str, ...], Beginning]:
    """The organizations resource-marketing and hoffman-brandt, and the people whom the test asks for."""
    return begin_with(5, request.fixturenames)


@pytest.fixture
def pages(service: ServiceRig) -> PagesRig:
    """The pages."""
    return PagesRig(service)


@pytest.fixture
def mulder(pages: PagesRig) -> AdministratorRig:
    """A security administrator of resource-marketing."""
    return named(pages.service, "mulder")


@pytest.fixture
def brandt(pages: PagesRig) -> AdministratorRig:
    """A security administrator of hoffman-brandt."""
    return named(pages.service, "brandt")


@pytest.fixture
def vera(pages: PagesRig) -> AdministratorRig:
    """An administrator of the provider."""
    return named(pages.service, "vera")
