"""A CA is paused over REST by two people of the provider, and whoever approves meanwhile is told when to come back."""

from __future__ import annotations

import base64

import pytest

from privyseal.model.administrator import Role
from tests.doors.rest.rest_rig import API, ORG, RestRig, require_problem
from tests.rigs.changes import authority_change, set_issuing, statement
from tests.rigs.service import AdministratorRig, make_csr, make_key

CHANGES = f"{API}/provider/changes"
AUTHORITIES = f"{API}/provider/authorities"


@pytest.fixture
def staff(rest: RestRig) -> list[AdministratorRig]:
    """Two who operate the CAs."""
    return [rest.service.administrator("", name, Role.PROVIDER_OPERATOR) for name in ("Olga Operator", "Otto Operator")]


def test_a_ca_is_paused_by_two(rest: RestRig, staff: list[AdministratorRig]) -> None:
    first, second = (rest.administrator(person) for person in staff)
    listed = {item["slug"]: item for item in first.get(AUTHORITIES).json()["items"]}
    assert {slug for slug, item in listed.items() if item["pausable"]} == {"issuing", "test-issuing"}
    assert (listed["issuing"]["issues"], listed["issuing"]["version"]) == (True, 0)
    assert first.get(CHANGES).json()["signatures_needed"]["authority"] == 2
    change = authority_change(rest.service, issues=False)

    def signed(by: AdministratorRig) -> str:
        return base64.b64encode(rest.service.sign(statement(rest.service, change, by), by)).decode()

    proposed = first.post(CHANGES, json={"content": change.content.decode(), "signature": signed(staff[0])})
    assert (proposed.status_code, proposed.json()["signatures_missing"]) == (201, 1), proposed.text
    require_problem(first.post(f"{CHANGES}/{change.id}/answers", json={"signature": signed(staff[0])}), 409, "already-signed")
    applied = second.post(f"{CHANGES}/{change.id}/answers", json={"signature": signed(staff[1])})
    assert applied.json()["state"] == "applied"
    [paused] = [item for item in second.get(AUTHORITIES).json()["items"] if not item["issues"]]
    assert (paused["slug"], paused["version"], paused["reason"]) == ("issuing", 1, "The HSM is exchanged")
    assert paused["since"].endswith("Z")


def test_whoever_approves_meanwhile_comes_back_later(rest: RestRig, fox: AdministratorRig, staff: list[AdministratorRig]) -> None:
    set_issuing(rest.service, staff, issues=False)
    request = rest.service.submit(ORG, make_csr([f"www.{ORG}.test"], make_key()))
    content = rest.service.approval_content(request, fox)
    body = {"signature": base64.b64encode(rest.service.sign(content, fox)).decode()}
    answer = rest.administrator(fox).post(f"{API}/organizations/{ORG}/requests/{request.id}/approval", json=body)
    require_problem(answer, 503, "authority-paused")
    assert answer.headers["retry-after"] == "600"
    require_problem(rest.administrator(fox).get(AUTHORITIES), 403, "permission")
    set_issuing(rest.service, staff, issues=True)
    again = rest.administrator(fox).post(f"{API}/organizations/{ORG}/requests/{request.id}/approval", json=body)
    assert again.status_code == 200, again.text
