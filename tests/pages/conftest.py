"""All pages of a service with two organizations, on each database."""

from __future__ import annotations

import pytest

from privyseal.model.administrator import Role
from tests.pages.browsing import ORG, OTHER, PagesRig
from tests.rigs.service import AdministratorRig, ServiceRig


@pytest.fixture
def pages(service: ServiceRig) -> PagesRig:
    """The pages, and the organizations resource-marketing and hoffman-brandt."""
    service.create_organization()
    service.create_organization(OTHER, name="Hoffman & Brandt", domains=("hoffman-brandt.test",))
    return PagesRig(service)


@pytest.fixture
def mulder(pages: PagesRig) -> AdministratorRig:
    """A security administrator of resource-marketing."""
    return pages.service.administrator(ORG, "Fox Mulder")


@pytest.fixture
def brandt(pages: PagesRig) -> AdministratorRig:
    """A security administrator of hoffman-brandt."""
    return pages.service.administrator(OTHER, "Helen Brandt")


@pytest.fixture
def vera(pages: PagesRig) -> AdministratorRig:
    """An administrator of the provider."""
    return pages.service.administrator("", "Vera Vetter", Role.PROVIDER_ADMINISTRATOR)
