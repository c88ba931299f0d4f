"""Rights to read are of one place: an organization's reader reads nothing of the provider, and a provider's auditor changes nothing."""

from __future__ import annotations

import pytest

from privyseal.model.administrator import Role
from tests.doors.rest.rest_rig import API, ORG, RestRig
from tests.rigs.service import ServiceRig

READS = ("organizations", "administrators", "audit", "audit/checkpoint")


@pytest.fixture
def rest(service: ServiceRig) -> RestRig:
    service.integrate()
    return RestRig(service)


def test_nobody_of_an_organization_reads_the_providers_records(rest: RestRig) -> None:
    fox = rest.service.administrator(ORG, "Fox Mulder")
    for client in (rest.administrator(fox), rest.token()):
        for path in READS:
            assert client.get(f"{API}/provider/{path}").status_code == 403, path


def test_an_auditor_of_the_provider_reads_everything_and_changes_nothing(rest: RestRig) -> None:
    auditor = rest.administrator(rest.service.administrator("", "Ada Auditor", Role.PROVIDER_AUDITOR))
    vetter = rest.administrator(rest.service.administrator("", "Vera Vetter", Role.PROVIDER_VETTER))
    for path in READS:
        assert auditor.get(f"{API}/provider/{path}").status_code == 200, path
    assert vetter.get(f"{API}/provider/audit").status_code == 403
    order = {"quantity": 5}
    for client in (auditor, vetter):
        assert client.post(f"{API}/provider/organizations/{ORG}/orders", json=order).status_code == 403
    assert auditor.get(f"{API}/organizations/{ORG}/requests").status_code == 404
