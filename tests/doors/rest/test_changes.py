"""Changes over REST: proposed and signed by people, carried by whoever may read, and read back with what differs."""

from __future__ import annotations

import base64

import pytest

from privyseal.model.policy_draft import PRESETS, PolicyDraft
from tests.doors.rest.rest_rig import API, ORG, RestRig, require_problem
from tests.rigs.changes import policy_change, statement
from tests.rigs.service import AdministratorRig

BASE = f"{API}/organizations/{ORG}"


@pytest.fixture
def scully(rest: RestRig, fox: AdministratorRig) -> AdministratorRig:
    """A second security administrator."""
    return rest.service.administrator(ORG, "Dana Scully", by=fox)


def test_a_policy_is_changed_by_two(rest: RestRig, fox: AdministratorRig, scully: AdministratorRig) -> None:
    change = policy_change(rest.service, ORG, PolicyDraft(lifetimes_days=(30,)))

    def signed(by: AdministratorRig, **fields: str) -> str:
        return base64.b64encode(rest.service.sign(statement(rest.service, change, by, **fields), by)).decode()

    client = rest.administrator(fox)
    assert client.get(f"{BASE}/changes").json()["signatures_needed"] == {"policy": 2, "role": 2}
    body = {"content": change.content.decode(), "signature": signed(fox)}
    proposed = client.post(f"{BASE}/changes", json=body)
    assert proposed.status_code == 201, proposed.text
    told = proposed.json()
    assert (told["state"], told["signatures_needed"], told["signatures_missing"]) == ("open", 2, 1)
    assert [item["field"] for item in told["differences"]] == ["lifetimes_days"]
    require_problem(client.post(f"{BASE}/changes", json=body | {"content": "{}"}), 422, "change-content")
    address = f"{BASE}/changes/{change.id}/answers"
    require_problem(client.post(address, json={"signature": signed(fox)}), 409, "already-signed")
    applied = rest.administrator(scully).post(address, json={"signature": signed(scully)})
    assert (applied.json()["state"], applied.json()["signatures_missing"]) == ("applied", 0)
    listed = client.get(f"{BASE}/policies").json()
    assert (listed["items"][0]["version"], listed["items"][0]["change"]) == (2, change.id)
    assert set(listed["presets"]) == set(PRESETS)
    assert client.get(f"{BASE}/policies/tls-server/versions/2").json()["content"]["lifetimes_days"] == [30]
    require_problem(client.get(f"{BASE}/policies/tls-server/versions/9"), 404, "not-found")
