"""I19: whoever belongs to one organization neither sees nor acts on another; the answer is the one for what does not exist."""

from __future__ import annotations

import pytest

from tests.doors.rest.rest_rig import API, ORG, OTHER, RestRig
from tests.rigs.service import ServiceRig

NOBODY = "nobody-of-this-name"


@pytest.fixture
def rest(service: ServiceRig) -> RestRig:
    service.create_organization(ORG)
    service.create_organization(OTHER, name="Hoffman Brandt Ltd", domains=(f"{OTHER}.test",))
    return RestRig(service)


def test_nothing_of_another_organization_is_seen_or_done(rest: RestRig) -> None:
    fox, helen = rest.service.administrator(ORG), rest.service.administrator(OTHER)
    certificate = rest.service.issue(OTHER, helen, [f"www.{OTHER}.test"])
    assert certificate.request_id is not None
    waiting = rest.service.submit(OTHER, rest.body([f"two.{OTHER}.test"])["csr"])
    rest.service.integrate()
    signature = {"signature": "AAAA"}
    reads = (
        "requests",
        f"requests/{waiting.id}",
        f"requests/{waiting.id}/approval-content",
        "certificates",
        f"certificates/{certificate.serial_hex}",
        "domains",
        "units",
        "administrators",
        "audit",
        "audit/checkpoint",
        "events",
    )
    writes = (
        (f"requests/{waiting.id}/approval", signature),
        (f"requests/{waiting.id}/rejection", signature),
        (f"certificates/{certificate.serial_hex}/revocation", signature),
        ("tokens", {"name": "spy", "scopes": ["read"], "days": 30}),
    )
    client, token = rest.administrator(fox), rest.token()
    for path in reads:
        for caller in (client, token):
            there, nowhere = (caller.get(f"{API}/organizations/{org}/{path}") for org in (OTHER, NOBODY))
            assert there.status_code == nowhere.status_code == 404, path
            assert there.json()["detail"] == nowhere.json()["detail"], path
    for path, body in writes:
        assert client.post(f"{API}/organizations/{OTHER}/{path}", json=body).status_code == 404, path
    assert rest.service.request(waiting) == waiting
    assert rest.service.certificate_of(waiting) is None
