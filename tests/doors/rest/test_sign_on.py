"""An organization's own sign-on over REST: set, shown, ended and removed, by whom it may be, and told to whom it concerns."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from privyseal.engine.guarded_https import HttpsPolicy
from privyseal.engine.token_fetch import FetchPolicy
from privyseal.model.administrator import Role
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import SignOnLinkId
from privyseal.model.sign_on import SignOnLink
from privyseal.store import outbox, sign_ons
from tests.doors.rest.rest_rig import API, ORG, OTHER, RestRig, require_problem
from tests.rigs.app_client import AppClient
from tests.rigs.openid_provider import CLIENT, SECRET, Json, Lie, OpenIdServer
from tests.rigs.service import AdministratorRig, ServiceRig

PLACE = f"{API}/organizations/{ORG}/sign-on"
FINISH = f"https://localhost:8443/o/{ORG}/sign-in/provider/finish"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIdServer]:
    with OpenIdServer(tmp_path_factory.mktemp("provider"), redirect_uris=(FINISH,)) as server:
        yield server


@pytest.fixture
def server(running: OpenIdServer) -> OpenIdServer:
    """The provider, honest until a test says otherwise."""
    running.lie = Lie()
    return running


@pytest.fixture
def rest(service: ServiceRig, server: OpenIdServer) -> RestRig:
    """The door of a service that may reach this provider."""
    service.listeners[FactKind.SIGN_ON_CHANGED] = ("notices.sign-on-changed",)
    service.create_organization(OTHER, name="Hoffman & Brandt", domains=("hoffman-brandt.test",))
    opened = FetchPolicy((server.port,), allowed_networks=(ipaddress.ip_network("127.0.0.0/8"),), timeout_seconds=3.0)
    return RestRig(service, https_policy=HttpsPolicy(opened, server.anchor_pem))


@pytest.fixture
def admin(rest: RestRig, fox: AdministratorRig) -> AppClient:
    return rest.administrator(fox)


def body(server: OpenIdServer, **changes: str) -> Json:
    return {"issuer": server.issuer, "client_id": CLIENT, "client_secret": SECRET, **changes}


def facts(rest: RestRig, kind: str) -> list[dict[str, Any]]:
    """What was announced for letters."""
    with rest.service.house.database.read(rest.service.clock()) as tx:
        rows = tx.execute(
            sa.select(outbox.outbox.c.payload).where(outbox.outbox.c.listener == f"notices.{kind}").order_by(outbox.outbox.c.id)
        )
        return [dict(row.payload) for row in rows]


def link(rest: RestRig, person: AdministratorRig, number: int = 1) -> None:
    """As the pages write it down when somebody came back from the provider."""
    service = rest.service
    with service.house.database.write(service.clock()) as tx:
        organization_id = person.administrator.organization_id
        assert organization_id is not None
        made = SignOnLink(SignOnLinkId(f"snl-{number}"), organization_id, person.administrator.id, f"{number:064x}", tx.now, "0" * 64)
        assert sign_ons.insert_link(tx, made)


def test_it_is_set_shown_and_removed(rest: RestRig, admin: AppClient, server: OpenIdServer) -> None:
    require_problem(admin.get(PLACE), 404, "sign-on")
    made = admin.post(PLACE, json=body(server))
    assert made.status_code == 200, made.text
    shown = admin.get(PLACE)
    assert shown.json() == made.json()
    told = {field: made.json()[field] for field in ("issuer", "client_id", "has_secret", "claim", "redirect_uri", "linked")}
    assert told == {
        "issuer": server.issuer,
        "client_id": CLIENT,
        "has_secret": True,
        "claim": "sub",
        "redirect_uri": FINISH,
        "linked": [],
    }
    assert SECRET not in made.text + shown.text
    assert admin.post(PLACE, json=body(server)).json() == made.json()
    [once] = facts(rest, "sign-on-changed")
    assert (once["organization"], once["is_set"], once["ended"]) == (ORG, True, 0)
    assert admin.delete(PLACE).status_code == 204
    assert admin.delete(PLACE).status_code == 204
    require_problem(admin.get(PLACE), 404, "sign-on")
    assert [fact["is_set"] for fact in facts(rest, "sign-on-changed")] == [True, False]
    rest.service.integrate()
    log = admin.get(f"{API}/organizations/{ORG}/audit").text
    assert "set-sign-on" in log
    assert "remove-sign-on" in log
    assert SECRET not in log


def test_a_link_is_shown_and_ended_and_goes_with_its_provider(
    rest: RestRig, fox: AdministratorRig, admin: AppClient, server: OpenIdServer
) -> None:
    dana = rest.service.administrator(ORG, "Dana Scully", Role.AUDITOR, by=fox)
    walter = rest.service.administrator(ORG, "Walter Skinner", Role.AUDITOR, by=fox)
    assert admin.post(PLACE, json=body(server)).status_code == 200
    for number, person in enumerate((dana, walter), 1):
        link(rest, person, number)
    assert [item["administrator"] for item in admin.get(PLACE).json()["linked"]] == [dana.administrator.id, walter.administrator.id]
    own = f"{API}/organizations/{ORG}/administrators/{dana.administrator.id}/sign-on"
    require_problem(rest.administrator(walter).delete(own), 403, "permission")
    assert rest.administrator(dana).delete(own).status_code == 204
    assert rest.administrator(dana).delete(own).status_code == 204
    assert [item["administrator"] for item in admin.get(PLACE).json()["linked"]] == [walter.administrator.id]
    assert admin.post(PLACE, json=body(server, client_id="another")).json()["linked"] == []
    assert [fact["ended"] for fact in facts(rest, "sign-on-changed")] == [0, 1]


def test_others_neither_set_nor_remove_it(rest: RestRig, fox: AdministratorRig, admin: AppClient, server: OpenIdServer) -> None:
    assert admin.post(PLACE, json=body(server)).status_code == 200
    auditor = rest.administrator(rest.service.administrator(ORG, "Dana Scully", Role.AUDITOR, by=fox))
    deciding = rest.administrator(rest.service.administrator(ORG, "Walter Skinner", Role.CERTIFICATE_ADMINISTRATOR, by=fox))
    provider = rest.administrator(rest.service.administrator("", "Provider", Role.PROVIDER_ADMINISTRATOR))
    strangers = [rest.administrator(rest.service.administrator(OTHER, "Eve")), rest.token(org=OTHER)]
    asked = len(server.calls)
    for client in (auditor, deciding, provider, rest.token(), *strangers):
        require_no_way(client.post(PLACE, json=body(server, client_id="evil")))
        require_no_way(client.delete(PLACE))
    for client in strangers:
        require_no_way(client.get(PLACE))
    assert rest.anonymous().get(PLACE).status_code == 401
    assert rest.anonymous().post(PLACE, json=body(server)).status_code == 401
    # Who may not set it makes this service call nobody.
    assert len(server.calls) == asked
    assert admin.get(PLACE).json()["client_id"] == CLIENT


def require_no_way(answer: Any) -> None:  # noqa: ANN401 - the response type of the test client's library
    assert answer.status_code in {403, 404}, answer.text
    require_problem(answer, answer.status_code, answer.json()["kind"])


@pytest.mark.parametrize(
    ("changes", "kind", "field"),
    [
        ({"issuer": "http://login.example.test"}, "", "issuer"),
        ({"issuer": "https://login.example.test?x=1"}, "issuer", "issuer"),
        ({"issuer": "https://169.254.169.254"}, "", "issuer"),
        ({"issuer": "file:///etc/passwd"}, "", "issuer"),
        ({"issuer": "x" * 1_500}, "issuer", "issuer"),
        ({"client_id": "a b"}, "client-id", "client_id"),
        ({"client_id": ""}, "client-id", "client_id"),
        ({"client_secret": "s" * 600}, "client-secret", "client_secret"),
        ({"claim": "email"}, "claim", "claim"),
        ({"claim": "sub\r\nX: y"}, "claim", "claim"),
    ],
)
def test_what_is_no_provider_is_not_set(
    rest: RestRig, admin: AppClient, server: OpenIdServer, changes: dict[str, str], kind: str, field: str
) -> None:
    answer = admin.post(PLACE, json=body(server, **changes))
    problem = require_problem(answer, 422, kind or answer.json()["kind"])
    assert problem.get("field", field) == field
    require_problem(admin.get(PLACE), 404, "sign-on")
    assert facts(rest, "sign-on-changed") == []


def test_a_provider_that_is_away_is_not_set(admin: AppClient, server: OpenIdServer) -> None:
    server.lie.status["/.well-known/openid-configuration"] = 500
    answer = admin.post(PLACE, json=body(server))
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    require_problem(admin.get(PLACE), 404, "sign-on")
