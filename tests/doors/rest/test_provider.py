"""The provider's own work over REST: an organization from its application to its first units, and domains really looked up."""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

import pytest

from privyseal.cli.demo.resolver import DemoResolver
from privyseal.engine.token_fetch import FetchPolicy
from privyseal.model.administrator import Role
from privyseal.model.vetting import WITH_FILE, VettingItem
from tests.doors.rest.rest_rig import API, ORG, RestRig, require_problem
from tests.rigs.app_client import AppClient
from tests.rigs.ports import LOOPBACK
from tests.rigs.service import AdministratorRig, ServiceRig
from tests.rigs.vetting import EVIDENCE
from tests.rigs.web import WebServer, loopback_policy, only, reply

NEW = "langly-consulting"
PROVIDER = f"{API}/provider"
RECORD = {
    "slug": NEW,
    "name": "Langly Consulting LLC",
    "country": "US",
    "state_or_province": "Maryland",
    "locality": "Takoma Park",
    "contact_email": "ringo@langly.test",
}


@pytest.fixture
def provider(service: ServiceRig) -> AdministratorRig:
    return service.administrator("", "Provider", Role.PROVIDER_ADMINISTRATOR)


def vetted_over_rest(service: ServiceRig, client: AppClient, second: AppClient) -> dict[str, object]:
    """One fills the checklist in, refused at every wrong step; the other one concludes."""
    place = f"{PROVIDER}/organizations/{NEW}/vetting"
    finding = {"met": True, "source": "Register", "seen_on": service.clock().date().isoformat()}
    require_problem(client.post(f"{place}/submission", json={}), 422, "vetting-incomplete")
    require_problem(client.post(f"{place}/findings", json=finding | {"item": "telephone"}), 422, "vetting-telephone")
    require_problem(client.post(f"{place}/findings", json=finding | {"item": "address", "seen_on": "2999-01-01"}), 422, "vetting-day")
    require_problem(client.post(f"{place}/findings", json=finding | {"item": "shoes"}), 400, "body")
    for item in VettingItem:
        number = {"telephone": "+1 859 555 0100"} if item is VettingItem.TELEPHONE else {}
        assert client.post(f"{place}/findings", json=finding | {"item": item.value} | number).status_code == 201
    require_problem(client.post(f"{place}/submission", json={}), 422, "vetting-incomplete")
    page = base64.b64encode(b"<html><script>alert(1)</script>").decode()
    require_problem(client.post(f"{place}/files", json={"item": "address", "name": "a.pdf", "content": page}), 422, "evidence-type")
    require_problem(client.post(f"{place}/files", json={"item": "address", "name": "a.pdf", "content": "%"}), 400, "base64")
    stored: dict[str, str] = {}
    for item in sorted(WITH_FILE, key=lambda item: item.value):
        body = {"item": item.value, "name": "../../excerpt.exe", "content": base64.b64encode(EVIDENCE).decode()}
        stored = client.post(f"{place}/files", json=body).json()
        assert (stored["name"], stored["media_type"]) == ("excerpt.txt", "text/plain; charset=utf-8")
    assert base64.b64decode(client.get(f"{place}/files/{stored['sha256']}").json()["content"]) == EVIDENCE
    require_problem(client.post(f"{place}/conclusion", json={}), 409, "vetting-state")
    assert client.post(f"{place}/submission", json={}).json()["state"] == "submitted"
    require_problem(client.post(f"{place}/conclusion", json={}), 403, "second-person")
    returned = second.post(f"{place}/return", json={"reason": "Which register?"}).json()
    assert (returned["state"], returned["return_reason"]) == ("open", "Which register?")
    assert client.post(f"{place}/submission", json={}).status_code == 200
    concluded = second.post(f"{place}/conclusion", json={})
    assert concluded.status_code == 200, concluded.text
    history = client.get(f"{PROVIDER}/organizations/{NEW}/history").json()
    assert [entry["event"] for entry in history["items"]] == ["enter", "take-up", "activate"]
    answer: dict[str, object] = concluded.json()
    return answer


def test_from_application_to_units(service: ServiceRig, provider: AdministratorRig) -> None:
    with DemoResolver() as resolver:
        rest = RestRig(service, ((resolver.host, resolver.port),))
        client = rest.administrator(provider)
        made = client.post(f"{PROVIDER}/organizations", json=RECORD)
        assert (made.status_code, made.json()["state"]) == (201, "applied")
        require_problem(client.post(f"{PROVIDER}/organizations", json=RECORD), 409, "slug-taken")
        require_problem(rest.anonymous().get(f"{API}/organizations/{NEW}"), 404, "not-found")
        assert client.post(f"{PROVIDER}/organizations/{NEW}/vetting", json={}).json()["state"] == "open"
        require_problem(client.post(f"{PROVIDER}/organizations/{NEW}/vetting/submission", json={}), 422, "no-validated-domain")

        added = client.post(f"{PROVIDER}/organizations/{NEW}/domains", json={"name": "Langly.test."})
        assert added.status_code == 201
        domain = added.json()
        assert (domain["name"], domain["dns_record"]["name"], domain["dns_record"]["value"]) == (
            "langly.test",
            "_privyseal-challenge.langly.test",
            domain["token"],
        )
        assert "validated_at" not in domain
        address = f"{PROVIDER}/organizations/{NEW}/domains/langly.test/validation"
        problem = require_problem(client.post(address, json={"method": "dns-txt"}), 422, "dcv-no-answer")
        assert domain["token"] in problem["detail"]
        resolver.set_txt(domain["dns_record"]["name"], "something else")
        require_problem(client.post(address, json={"method": "dns-txt"}), 422, "dcv-mismatch")
        resolver.set_txt(domain["dns_record"]["name"], domain["dns_record"]["value"])
        validated = client.post(address, json={"method": "dns-txt"})
        assert (validated.status_code, validated.json()["method"]) == (200, "dns-txt"), validated.text
        assert validated.json()["expires_at"] > validated.json()["validated_at"]

    vetted = vetted_over_rest(service, client, rest.administrator(service.administrator("", "Second", Role.PROVIDER_ADMINISTRATOR)))
    assert vetted["state"] == "active"
    require_problem(client.post(f"{PROVIDER}/organizations/{NEW}/orders", json={"quantity": 4}), 422, "order-quantity")
    order = client.post(f"{PROVIDER}/organizations/{NEW}/orders", json={"quantity": 5, "purchase_order": "PO 7"})
    assert (order.status_code, order.json()["balance"]["available"]) == (201, 5)
    policy = client.post(f"{PROVIDER}/organizations/{NEW}/policies", json={"lifetimes_days": [90], "key_algorithms": ["p256"]})
    assert (policy.status_code, policy.json()["version"], policy.json()["lint"]) == (201, 1, "each")
    require_problem(client.post(f"{PROVIDER}/organizations/{NEW}/policies", json={"approvals": 9}), 422, "policy")
    require_problem(client.post(f"{PROVIDER}/organizations/{NEW}/policies", json={"lint": "off"}), 400, "body")

    public = rest.anonymous().get(f"{API}/organizations/{NEW}").json()
    assert public["domains"] == ["langly.test"]
    assert [item["name"] for item in public["policies"]] == ["tls-server"]
    assert public["log_key"].startswith(f"privyseal.localhost/o-{NEW}+")
    assert NEW in [item["slug"] for item in client.get(f"{PROVIDER}/organizations").json()["items"]]


def test_a_record_that_stays_shows_control(service: ServiceRig, provider: AdministratorRig) -> None:
    with DemoResolver() as resolver:
        client = RestRig(service, ((resolver.host, resolver.port),)).administrator(provider)
        client.post(f"{PROVIDER}/organizations", json=RECORD)
        lasting = client.post(f"{PROVIDER}/organizations/{NEW}/domains", json={"name": "langly.test"}).json()["dns_persistent"]
        address = f"{PROVIDER}/organizations/{NEW}/domains/langly.test/validation"
        require_problem(client.post(address, json={"method": "dns-persistent"}), 422, "dcv-no-answer")
        resolver.set_txt(lasting["name"], lasting["value"].replace(f"/o/{NEW}", "/o/somebody-else"))
        require_problem(client.post(address, json={"method": "dns-persistent"}), 422, "dcv-mismatch")
        resolver.set_txt(lasting["name"], lasting["value"])
        validated = client.post(address, json={"method": "dns-persistent"})
        assert (validated.status_code, validated.json()["method"]) == (200, "dns-persistent"), validated.text


def test_a_token_on_a_web_server_shows_control_and_a_name_under_it_is_issued(
    service: ServiceRig, provider: AdministratorRig, fox: AdministratorRig
) -> None:
    with DemoResolver() as resolver, WebServer(reply(b"", status="404 Not Found")) as web:
        resolver.set_addresses("langly.test", LOOPBACK)
        rest = RestRig(service, ((resolver.host, resolver.port),), loopback_policy(web.port))
        client, program = rest.administrator(provider), rest.token("submit")
        domain = client.post(f"{PROVIDER}/organizations/{ORG}/domains", json={"name": "langly.test"}).json()
        published = urlsplit(domain["http"]["url"])
        address = f"{PROVIDER}/organizations/{ORG}/domains/langly.test/validation"
        require_problem(client.post(address, json={"method": "http-token"}), 422, "dcv-no-answer")
        web.answer = only(published.path, b"something else")
        require_problem(client.post(address, json={"method": "http-token"}), 422, "dcv-mismatch")
        requests = f"{API}/organizations/{ORG}/requests"
        require_problem(program.post(requests, json=rest.body(["www.langly.test"])), 422, "name-not-validated")

        web.answer = only(published.path, domain["http"]["body"].encode())
        validated = client.post(address, json={"method": "http-token"})
        assert (validated.status_code, validated.json()["method"]) == (200, "http-token"), validated.text
        assert set(web.requests) == {(published.netloc, published.path)}
        shown = client.get(f"{PROVIDER}/validations/{validated.json()['validation']}").json()
        assert (shown["domain"], shown["method"]) == ("langly.test", "http-token")
        assert LOOPBACK in shown["evidence"]["connected_to"]
    issued = rest.issue(rest.administrator(fox), fox, names=["www.langly.test"])
    assert issued["certificate"]["common_name"] == "www.langly.test"
    listed = client.get(f"{PROVIDER}/validations/{validated.json()['validation']}/certificates").json()["items"]
    assert [item["serial"] for item in listed] == [issued["certificate"]["serial"]]


def test_a_resolver_that_is_away_is_a_503(service: ServiceRig, provider: AdministratorRig) -> None:
    rest = RestRig(service)
    client = rest.administrator(provider)
    client.post(f"{PROVIDER}/organizations", json=RECORD)
    client.post(f"{PROVIDER}/organizations/{NEW}/domains", json={"name": "langly.test"})
    answer = client.post(f"{PROVIDER}/organizations/{NEW}/domains/langly.test/validation", json={"method": "dns-txt"})
    require_problem(answer, 503, "dcv-resolver-failed")
    assert int(answer.headers["retry-after"]) > 0


def test_the_http_method_does_not_look_into_the_inner_network(service: ServiceRig, provider: AdministratorRig) -> None:
    with DemoResolver() as resolver:
        resolver.set_addresses("langly.test", "127.0.0.1")
        rest = RestRig(service, ((resolver.host, resolver.port),), FetchPolicy())
        client = rest.administrator(provider)
        client.post(f"{PROVIDER}/organizations", json=RECORD)
        client.post(f"{PROVIDER}/organizations/{NEW}/domains", json={"name": "langly.test"})
        answer = client.post(f"{PROVIDER}/organizations/{NEW}/domains/langly.test/validation", json={"method": "http-token"})
        require_problem(answer, 422, "dcv-address-refused")


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"slug": "api"}, "organization-slug"),
        ({"slug": "Upper"}, "organization-slug"),
        ({"slug": "a\0"}, "organization-slug"),
        ({"country": "UK"}, "country"),
        ({"name": "Some-State"}, "organization-record"),
        ({"name": "x" * 65}, "organization-record"),
        ({"state_or_province": "MD"}, "organization-record"),
        ({"locality": "Takoma\nPark"}, None),
    ],
)
def test_records_that_no_certificate_could_carry(
    service: ServiceRig, provider: AdministratorRig, change: dict[str, str], kind: str | None
) -> None:
    client = RestRig(service).administrator(provider)
    answer = client.post(f"{PROVIDER}/organizations", json={**RECORD, **change})
    if kind is None:
        assert answer.json()["locality"] == "Takoma Park"
    else:
        require_problem(answer, 422, kind)
