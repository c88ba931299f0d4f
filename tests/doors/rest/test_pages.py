"""Lists that are in the order of a name come in pages too: administrators, domains, organizations."""

from __future__ import annotations

import pytest

from privyseal.actions.administrator.invite_administrator import invite_administrator
from privyseal.actions.house import About, perform
from privyseal.model.administrator import Role
from tests.doors.rest.rest_rig import API, ORG, OTHER, Json, RestRig, require_problem
from tests.rigs.app_client import AppClient
from tests.rigs.service import OPERATOR

DOMAINS = ("zoo.test", "alpha.test")
PEOPLE = ("Walter Skinner", "Álex Krycek", "dana scully", "Fox Mulder")
ADMINISTRATORS = f"{API}/organizations/{ORG}/administrators"
LISTS = [
    (ADMINISTRATORS, "name", set(PEOPLE)),
    (f"{API}/organizations/{ORG}/domains", "name", {*DOMAINS, "resource-marketing.test"}),
    (f"{API}/provider/organizations", "slug", {ORG, OTHER, "another-one"}),
]


@pytest.fixture
def reader(rest: RestRig) -> dict[str, AppClient]:
    """Organizations with people and domains, and who may read the lists of each: by the third part of the address."""
    service = rest.service
    for domain in DOMAINS:
        service.validate(ORG, domain)
    for number, person in enumerate(PEOPLE):
        about = About("set-up", ORG, "administrator", "new")
        perform(service.house, OPERATOR, about, invite_administrator, ORG, person, f"p{number}@zoo.test", Role.AUDITOR)
    service.create_organization(OTHER, name="Hoffman Brandt Ltd", domains=["hoffman-brandt.test"])
    service.create_organization("another-one", name="Another One Ltd", domains=["another-one.test"], vet=False, units=0)
    provider = rest.administrator(service.administrator("", "Provider", Role.PROVIDER_ADMINISTRATOR))
    return {"organizations": rest.token("read"), "provider": provider}


@pytest.mark.parametrize(("address", "field", "expected"), LISTS, ids=["administrators", "domains", "organizations"])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_list_by_name_comes_in_pages(reader: dict[str, AppClient], address: str, field: str, expected: set[str], limit: int) -> None:
    client = reader[address.split("/")[3]]
    whole = client.get(address).json()
    assert whole["next"] == ""
    assert {item[field] for item in whole["items"]} == expected
    seen: list[Json] = []
    page: Json = {"items": [], "next": ""}
    while not seen or page["next"]:
        page = client.get(address, params={"limit": limit, "after": page["next"]}).json()
        assert len(page["items"]) == limit or not page["next"]
        seen += page["items"]
    assert seen == whole["items"]


def test_a_cursor_of_somebody_else_shows_nothing(rest: RestRig, reader: dict[str, AppClient]) -> None:
    cursor = reader["organizations"].get(ADMINISTRATORS, params={"limit": 1}).json()["next"]
    other = rest.token("read", org=OTHER)
    address = f"{API}/organizations/{OTHER}/administrators"
    assert other.get(address, params={"after": cursor}).json() == {"items": [], "next": ""}
    require_problem(other.get(address, params={"after": "Fox"}), 400, "query")
    require_problem(other.get(address, params={"limit": 0}), 400, "query")
    require_problem(reader["provider"].get(f"{API}/provider/organizations", params={"limit": 1000}), 400, "query")
