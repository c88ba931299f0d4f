"""The servers of a certificate over REST: shown wherever the certificate is, changed by who has seen the last change."""

from __future__ import annotations

import pytest

from privyseal.model.administrator import Role
from tests.doors.rest.rest_rig import API, ORG, Json, RestRig, require_problem
from tests.rigs.app_client import AppClient
from tests.rigs.service import AdministratorRig

BASE = f"{API}/organizations/{ORG}/certificates"
ASKED = "web-server:www.resource-marketing.test"


@pytest.fixture
def client(rest: RestRig, fox: AdministratorRig) -> AppClient:
    """The administrator."""
    return rest.administrator(fox)


def issue(rest: RestRig, client: AppClient, fox: AdministratorRig, host: str = "www") -> str:
    """The serial number of a new certificate."""
    return str(rest.issue(client, fox, names=[f"{host}.resource-marketing.test"])["certificate"]["serial"])


def servers(document: Json) -> tuple[list[str], int]:
    """What a certificate says of its servers."""
    return document["endpoints"], document["server_changes"]


def test_a_server_goes_from_one_certificate_to_another(rest: RestRig, client: AppClient, fox: AdministratorRig) -> None:
    one, two = issue(rest, client, fox), issue(rest, client, fox, "shop")
    assert servers(client.get(f"{BASE}/{one}").json()) == ([ASKED], 0)
    left = client.put(f"{BASE}/{one}/servers", json={"endpoints": ["other:spare.test"], "known": 0})
    assert (left.status_code, servers(left.json())) == (200, (["other:spare.test"], 1))
    come = client.put(f"{BASE}/{two}/servers", json={"endpoints": [ASKED, "shop.test:8443"], "known": 0})
    assert servers(come.json()) == ([ASKED, "web-server:shop.test:8443"], 1)
    listed = {item["serial"]: servers(item) for item in client.get(BASE).json()["items"]}
    assert listed == {one: (["other:spare.test"], 1), two: ([ASKED, "web-server:shop.test:8443"], 1)}
    client.put(f"{BASE}/{one}/servers", json={"endpoints": ["other:spare.test", "b.test"], "known": 1})
    rest.service.integrate()
    shown = client.get(f"{BASE}/{one}").json()
    changes = [(item["number"], item["endpoints"], item["administrator"]) for item in shown["servers"]]
    assert changes == [
        (1, ["other:spare.test"], fox.administrator.id),
        (2, ["other:spare.test", "web-server:b.test"], fox.administrator.id),
    ]
    told = [entry["reason"] for entry in shown["history"] if entry["action"] == "assign-servers"]
    assert told == ["added: spare.test; removed: www.resource-marketing.test", "added: b.test"]
    request = client.get(f"{API}/organizations/{ORG}/requests/{shown['request']}").json()
    assert request["endpoints"] == [ASKED], "what was approved stays"


def test_what_is_refused(rest: RestRig, client: AppClient, fox: AdministratorRig) -> None:
    serial = issue(rest, client, fox)
    address = f"{BASE}/{serial}/servers"
    same = client.put(address, json={"endpoints": [ASKED], "known": 9})
    assert (same.status_code, servers(same.json())) == (200, ([ASKED], 0)), "the same servers are harmless"
    require_problem(client.put(address, json={"endpoints": ["b.test"], "known": 1}), 409, "servers-changed")
    assert client.put(address, json={"endpoints": ["b.test"], "known": 0}).status_code == 200
    require_problem(client.put(address, json={"endpoints": ["c.test"], "known": 0}), 409, "servers-changed")
    wrong: list[tuple[Json, int, str]] = [
        ({"endpoints": ["c.test"]}, 400, "body"),
        ({"endpoints": "c.test", "known": 1}, 400, "body"),
        ({"endpoints": ["c.test"], "known": "1"}, 400, "body"),
        ({"endpoints": ["c.test"], "known": -1}, 400, "body"),
        ({"endpoints": ["c.test"], "known": 1, "more": 1}, 400, "body"),
        ({"endpoints": ["c.test"] * 1001, "known": 1}, 400, "body"),
        ({"endpoints": [], "known": 1}, 422, "endpoint"),
        ({"endpoints": ["a b"], "known": 1}, 422, "endpoint"),
        ({"endpoints": ["c.test\0"], "known": 1}, 422, "endpoint"),
        ({"endpoints": [f"s{number}" for number in range(21)], "known": 1}, 422, "too-many-endpoints"),
    ]
    for body, status, kind in wrong:
        problem = require_problem(client.put(address, json=body), status, kind)
        assert status == 400 or problem["field"] == "endpoints"
    require_problem(client.put(f"{BASE}/51/servers", json={"endpoints": ["c.test"], "known": 0}), 404, "not-found")
    assert servers(client.get(f"{BASE}/{serial}").json()) == (["web-server:b.test"], 1)


def test_who_may(rest: RestRig, client: AppClient, fox: AdministratorRig) -> None:
    serial, body = issue(rest, client, fox), {"endpoints": ["b.test"], "known": 0}
    address = f"{BASE}/{serial}/servers"
    reader = rest.administrator(rest.service.administrator(ORG, "Rita Reader", Role.READ_ONLY, by=fox))
    require_problem(reader.put(address, json=body), 403, "permission")
    assert servers(reader.get(f"{BASE}/{serial}").json()) == ([ASKED], 0), "who reads sees them"
    require_problem(rest.token().put(address, json=body), 403, "permission")
    require_problem(rest.anonymous().put(address, json=body), 401, "credential-needed")
    assert client.put(address, json=body, headers={"Idempotency-Key": "once"}).status_code == 200
    again = client.put(address, json=body, headers={"Idempotency-Key": "once"})
    assert (again.headers["idempotency-replayed"], servers(again.json())) == ("true", (["web-server:b.test"], 1))
