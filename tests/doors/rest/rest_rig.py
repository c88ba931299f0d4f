"""The REST door of a whole service in this process: the real application, database and issuer desk, called over ASGI."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from starlette.applications import Starlette

from privyseal.actions.administrator.create_api_token import create_api_token
from privyseal.actions.house import About, perform
from privyseal.cli.web_application import make_application
from privyseal.cli.web_server import with_certificate
from privyseal.doors import AnonymousLimit, DoorContext
from privyseal.doors.rest import DOOR as REST
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.guarded_https import HttpsPolicy
from privyseal.engine.token_fetch import FetchPolicy
from privyseal.engine.world import World
from privyseal.issuer.desk import complete_batch
from privyseal.issuer.protocol import CompletedIntent
from privyseal.model.administrator import Permission
from privyseal.model.errors import Unavailable
from privyseal.model.identifiers import IntentId
from privyseal.store import outbox
from tests.rigs.app_client import AppClient
from tests.rigs.service import OPERATOR, PHRASE, AdministratorRig, ServiceRig, make_csr, make_key

API = "/api/v1"
ORG = "resource-marketing"
OTHER = "hoffman-brandt"
_programs = itertools.count(1)
Json = dict[str, Any]


@dataclass(slots=True)
class DeskIssuer:
    """The issuer's own signing code without its socket; it can be told to be away."""

    service: ServiceRig
    is_away: bool = False

    def complete(self, intent_ids: Sequence[IntentId]) -> list[CompletedIntent]:
        """As the issuer process does it."""
        self.ping()
        return list(complete_batch(self.service.house, self.service.keys, intent_ids).values())

    def ping(self) -> None:
        """Raise like the client of an issuer that is down."""
        if self.is_away:
            raise Unavailable("issuer", "The issuer does not answer at the moment.")


@dataclass(slots=True)
class RestRig:
    """``resolvers`` and ``fetch_policy`` are for domain validation, ``https_policy`` for the own sign-on; without them nobody answers."""

    service: ServiceRig
    resolvers: tuple[tuple[str, int], ...] = (("127.0.0.1", 9),)
    fetch_policy: FetchPolicy = field(default_factory=FetchPolicy)
    https_policy: HttpsPolicy = field(default_factory=HttpsPolicy)
    world: World | None = None
    """In place of the one that is made of the three before."""
    issuer: DeskIssuer = field(init=False)
    app: Starlette = field(init=False)

    def __post_init__(self) -> None:
        self.issuer = DeskIssuer(self.service)
        context = DoorContext(
            house=self.service.house,
            issuer=self.issuer,
            world=self.world or World.seen_by(DnsLookup(self.resolvers, timeout_seconds=2), self.fetch_policy, self.https_policy),
            vkey=self.service.log_key.vkey,
            trusted_proxies=("10.9.9.9",),
        )
        self.app = make_application(context, [REST])
        self.app.state.doors.application()
        self.app.state.authenticator.limit = AnonymousLimit(self.service.clock, burst=100_000)

    def anonymous(self) -> AppClient:
        """Nobody."""
        return AppClient(self.app)

    def administrator(self, person: AdministratorRig) -> AppClient:
        """A person whose certificate TLS has verified."""
        return AppClient(with_certificate(self.app, {"client_cert_der": person.certificate_der, "tls_version": "TLSv1.3"}))

    def token(self, *scopes: str, org: str = ORG, days: int = 30) -> AppClient:
        """A program with an API token of an organization."""
        return self.bearer(self.token_text(*scopes, org=org, days=days))

    def token_text(self, *scopes: str, org: str = ORG, days: int = 30) -> str:
        """A new API token."""
        about = About("set-up", org, "api-token", "new")
        wanted = [Permission(scope) for scope in scopes or ("read", "submit", "read-audit")]
        return perform(self.service.house, OPERATOR, about, create_api_token, org, f"program {next(_programs)}", wanted, days).text

    def bearer(self, text: str) -> AppClient:
        """Whoever sends this token."""
        return AppClient(self.app, headers={"Authorization": f"Bearer {text}"})

    def body(self, names: Sequence[str] = ("www.resource-marketing.test",), **changes: object) -> Json:
        """What Dana sends."""
        body: Json = {
            "csr": make_csr(names, make_key()),
            "policy": "tls-server",
            "lifetime_days": 365,
            "endpoints": ["web-server:www.resource-marketing.test"],
            "contact_name": "Dana Scully",
            "contact_email": "dana@resource-marketing.test",
            "phrase": PHRASE,
            "server_platform": "nginx",
            "comment": "",
        }
        return {**body, **changes}

    def submit(self, client: AppClient, *, org: str = ORG, names: Sequence[str] = ("www.resource-marketing.test",)) -> Json:
        """A request, received."""
        answer = client.post(f"{API}/organizations/{org}/requests", json=self.body(names))
        assert answer.status_code == 201, answer.text
        document: Json = answer.json()
        return document

    def approval(self, client: AppClient, request_id: str, person: AdministratorRig, *, org: str = ORG) -> str:
        """What this person signs to approve, signed, in base64."""
        content = client.get(f"{API}/organizations/{org}/requests/{request_id}/approval-content")
        assert content.status_code == 200, content.text
        return base64.b64encode(self.service.sign(content.content, person)).decode()

    def issue(
        self, client: AppClient, person: AdministratorRig, *, org: str = ORG, names: Sequence[str] = ("www.resource-marketing.test",)
    ) -> Json:
        """A certificate, from request to issued; the approval's answer."""
        request_id = self.submit(self.token("submit", org=org), org=org, names=names)["id"]
        signature = self.approval(client, request_id, person, org=org)
        answer = client.post(f"{API}/organizations/{org}/requests/{request_id}/approval", json={"signature": signature})
        assert answer.status_code == 200, answer.text
        document: Json = answer.json()
        assert document["request"]["state"] == "issued", document
        return document

    def mailed_code(self, request_id: str) -> str:
        """The code in the letter to the contact of a request; the outbox holds it for the listener ``letters``."""
        with self.service.house.database.read(self.service.clock()) as tx:
            payloads = [row.payload for row in tx.execute(sa.select(outbox.outbox.c.payload))]
        [code] = [payload["code"] for payload in payloads if payload.get("request") == request_id and "code" in payload]
        return str(code)


def require_problem(answer: Any, status: int, kind: str) -> Json:  # noqa: ANN401 - the response type of the test client's library
    """The problem document of an answer, after looking at its form (RFC 9457)."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    problem: Json = answer.json()
    assert problem["status"] == status
    assert problem["kind"] == kind, problem
    assert problem["type"] == f"urn:privyseal:problem:{kind}"
    assert problem["title"]
    assert " " in problem["detail"]
    return problem


@contextmanager
def later(rig: RestRig, by: timedelta) -> Iterator[None]:
    """Time passes for the service, and comes back."""
    rig.service.clock.advance(by)
    rig.service.integrate()
    try:
        yield
    finally:
        rig.service.clock.advance(-by)
