"""Nobody reaches into another organization: every route, asked with another one's credentials, says that there is nothing.

A route without a row here fails the test of completeness.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from privyseal.actions.house import About, perform
from privyseal.actions.organization.add_policy import add_policy
from privyseal.doors.rest.openapi import describe
from privyseal.model.administrator import Role
from privyseal.model.policy_draft import PolicyDraft
from privyseal.store import organizations, throttles
from tests.doors.rest.rest_rig import API, ORG, OTHER, Json, RestRig
from tests.rigs.app_client import AppClient
from tests.rigs.service import OPERATOR, PHRASE, AdministratorRig, ServiceRig, hashes_hex, make_csr, make_key

P = "/organizations/{org}"
ANYBODY = "anybody"
"""Asks nothing of the caller, or a secret of its own: what another organization's credential adds is nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """One route: what is sent, and what a stranger with credentials elsewhere gets (status, kind)."""

    method: str
    path: str
    body: Json | None = None
    answer: tuple[int, str] = (404, "not-found")


PHRASE_ANSWER = (422, "phrase")
"""A request that is not there is answered like a wrong phrase, and costs the same."""

REFUSED_TO_OTHERS = (403, "permission")

APPLICATION: Json = {
    **dict.fromkeys(("name", "registration_number", "locality", "address", "corporate_name", "administrator_name"), "Hoffman"),
    **dict.fromkeys(("corporate_email", "administrator_email"), "a@hoffman.test"),
    "country": "UK",
    "telephone": "+49 821 555 0100",
    "slug": "hoffman",
    "domains": ["hoffman.test"],
}
"""Somebody else's application, with a country that does not exist."""

ROWS = [
    Row("GET", "/service", answer=(200, ANYBODY)),
    Row("POST", "/administrators/enroll", {"code": "x", "csr": "{csr}"}, (404, "link")),
    Row("GET", P, answer=(200, ANYBODY)),
    Row("GET", f"{P}/domains"),
    Row("GET", f"{P}/units"),
    Row("POST", f"{P}/requests", {"csr": "{csr}"}),
    Row("GET", f"{P}/requests"),
    Row("GET", f"{P}/requests/{{request_id}}"),
    Row("POST", f"{P}/requests/{{request_id}}/confirmation", {"code": "x"}, (404, "confirmation-not-found")),
    Row("POST", f"{P}/requests/{{request_id}}/status", {"phrase": "not the phrase"}, PHRASE_ANSWER),
    Row("POST", f"{P}/requests/{{request_id}}/withdrawal", {"phrase": "not the phrase"}, PHRASE_ANSWER),
    Row("POST", f"{P}/requests/{{request_id}}/pickup", {"phrase": "not the phrase"}, PHRASE_ANSWER),
    Row("GET", f"{P}/requests/{{request_id}}/approval-content"),
    Row("POST", f"{P}/requests/{{request_id}}/approval", {"signature": "AAAA"}),
    Row("POST", f"{P}/approvals", {"approvals": [{"request": f"req-{'0' * 32}", "signature": "AAAA"}]}),
    Row("POST", f"{P}/requests/{{request_id}}/rejection", {"signature": "AAAA"}),
    Row("POST", f"{P}/requests/{{request_id}}/hold", {"question": "Whose is it?"}),
    Row("POST", f"{P}/requests/{{request_id}}/release", {}),
    Row("POST", f"{P}/requests/{{request_id}}/answer", {"phrase": "not the phrase", "answer": "x"}, PHRASE_ANSWER),
    Row("GET", f"{P}/certificates"),
    Row("GET", f"{P}/certificates/{{serial}}"),
    Row("GET", f"{P}/certificates/{{serial}}/pem"),
    Row("GET", f"{P}/certificates/{{serial}}/pkcs7"),
    Row("POST", f"{P}/certificates/{{serial}}/revocation", {"signature": "AAAA"}),
    Row("POST", f"{P}/certificates/{{serial}}/reissue", {"csr": "{csr}"}),
    Row("POST", f"{P}/certificates/{{serial}}/checks", {"endpoint": "www:443", "verdict": "ok"}),
    Row("GET", f"{P}/policies"),
    Row("GET", f"{P}/policies/{{policy}}/versions/{{version}}"),
    Row("GET", f"{P}/changes"),
    Row("POST", f"{P}/changes", {"content": "{}", "signature": "AAAA"}),
    Row("GET", f"{P}/changes/{{change_id}}"),
    Row("POST", f"{P}/changes/{{change_id}}/answers", {"signature": "AAAA"}),
    Row("GET", f"{P}/domains/{{name}}/validations"),
    Row("POST", f"{P}/domains/{{name}}/removal", {"reason": "other"}),
    Row("POST", "/domain-letters/{letter}/confirmation", {"code": "x"}, (404, "domain-letter")),
    Row("GET", f"{P}/events"),
    Row("GET", f"{P}/administrators"),
    Row("POST", f"{P}/administrators", {"signature": "AAAA"}),
    Row("POST", f"{P}/administrators/{{administrator_id}}/credentials/{{sha256}}/revocation", {}),
    Row("POST", f"{P}/administrators/{{administrator_id}}/department", {"department": ""}),
    Row("GET", f"{P}/administrators/{{administrator_id}}"),
    Row("GET", f"{P}/administrators/{{administrator_id}}/roles"),
    Row("GET", f"{P}/administrators/{{administrator_id}}/approved"),
    Row("GET", f"{P}/contacts"),
    Row("POST", f"{P}/contact-changes", {"kind": "corporate", "name": "M", "email": "m@evil.test"}),
    Row("POST", f"{P}/contact-changes/{{contact_change}}/withdrawal", {}),
    Row("POST", f"{P}/contact-changes/{{contact_change}}/answer", {"code": "x", "answer": "yes"}, (404, "contact-code")),
    Row("POST", f"{P}/lost-cards", {"whose": " "}, (422, "text")),
    Row("POST", f"{P}/lost-cards/confirmation", {"code": "a" * 52}, (404, "lost-card")),
    Row("GET", f"{P}/sign-on"),
    Row("POST", f"{P}/sign-on", {"issuer": "https://evil.test", "client_id": "x"}),
    Row("DELETE", f"{P}/sign-on"),
    Row("DELETE", f"{P}/administrators/{{administrator_id}}/sign-on"),
    Row("POST", f"{P}/administrators/{{administrator_id}}/credentials/revocation", {}),
    Row("GET", f"{P}/reviews"),
    Row("GET", f"{P}/reviews/{{review}}"),
    Row("POST", f"{P}/reviews/{{review}}/confirmations", {"administrator": f"adm-{'0' * 32}", "assignments": []}),
    Row("GET", "/provider/reviews", answer=REFUSED_TO_OTHERS),
    Row("GET", "/provider/reviews/{review}", answer=REFUSED_TO_OTHERS),
    Row(
        "POST",
        "/provider/reviews/{review}/confirmations",
        {"administrator": f"adm-{'0' * 32}", "assignments": []},
        REFUSED_TO_OTHERS,
    ),
    Row("GET", "/provider/organization-reviews", answer=REFUSED_TO_OTHERS),
    Row("GET", f"{P}/departments"),
    Row("POST", f"{P}/departments", {"name": "Health"}),
    Row("PUT", f"{P}/departments/{{department}}", {"name": "Health"}),
    Row("POST", f"{P}/departments/{{department}}/place", {"department": ""}),
    Row("POST", f"{P}/departments/{{department}}/closing", {"reason": "The office moved."}),
    Row("POST", f"{P}/requests/{{request_id}}/department", {"department": ""}),
    Row("POST", f"{P}/certificates/{{serial}}/department", {"department": ""}),
    Row("PUT", f"{P}/certificates/{{serial}}/servers", {"endpoints": ["evil.test"], "known": 0}),
    Row("POST", "/administrators/renewal", {"csr": "{csr}", "signature": "AAAA"}, (422, "cms-form")),
    Row("POST", "/sign-in/challenge", {"audience": ORG, "program_sha256": "ab" * 32}, (200, ANYBODY)),
    Row("POST", "/sign-in", {"audience": ORG, "program": "x", "signature": "AAAA"}, (422, "cms-form")),
    Row("DELETE", "/sign-in", answer=(401, "credential-needed")),
    Row("POST", f"{P}/tokens", {"name": "mine", "scopes": ["read"], "days": 1}),
    Row("DELETE", f"{P}/tokens/{{token_id}}"),
    Row("GET", f"{P}/audit"),
    Row("GET", f"{P}/audit/checkpoint"),
    Row("GET", "/provider/administrators", answer=REFUSED_TO_OTHERS),
    Row("GET", "/provider/administrators/{administrator_id}/roles", answer=REFUSED_TO_OTHERS),
    Row("POST", "/provider/administrators/{administrator_id}/credentials/revocation", {}, REFUSED_TO_OTHERS),
    Row("GET", "/provider/organizations", answer=REFUSED_TO_OTHERS),
    Row("POST", "/provider/organizations", {"slug": "x", "name": "X", "country": "US", "contact_email": "x@x.test"}, REFUSED_TO_OTHERS),
    Row("POST", "/applications", APPLICATION, (422, "country")),
    Row("POST", "/applications/{application_id}/confirmation", {"code": "x"}, (404, "confirmation-not-found")),
    Row("POST", "/trials", {"name": "X", "slug": "Ä", "person_name": "M", "person_email": "m@x.test"}, (422, "organization-slug")),
    Row("POST", "/trials/{trial_id}/confirmation", {"code": "x"}, (404, "confirmation-not-found")),
    Row("POST", "/provider/trials", {"name": "X", "slug": "x", "person_name": "M", "person_email": "m@x.test"}, REFUSED_TO_OTHERS),
    Row("GET", "/provider/applications", answer=REFUSED_TO_OTHERS),
    Row("GET", "/provider/applications/{application_id}", answer=REFUSED_TO_OTHERS),
    Row("POST", "/provider/applications/{application_id}/take-up", {"slug": "x"}, REFUSED_TO_OTHERS),
    Row("POST", "/provider/applications/{application_id}/rejection", {"reason": "x"}, REFUSED_TO_OTHERS),
    Row("GET", f"/provider{P}/vetting", answer=REFUSED_TO_OTHERS),
    Row("POST", f"/provider{P}/vetting", {}, REFUSED_TO_OTHERS),
    Row(
        "POST",
        f"/provider{P}/vetting/findings",
        {"item": "address", "met": True, "source": "x", "seen_on": "2026-11-22"},
        REFUSED_TO_OTHERS,
    ),
    Row("POST", f"/provider{P}/vetting/files", {"item": "address", "name": "x", "content": "eA=="}, REFUSED_TO_OTHERS),
    Row("GET", f"/provider{P}/vetting/files/{{sha256}}", answer=REFUSED_TO_OTHERS),
    Row("POST", f"/provider{P}/vetting/submission", {}, REFUSED_TO_OTHERS),
    Row("POST", f"/provider{P}/vetting/conclusion", {}, REFUSED_TO_OTHERS),
    Row("POST", f"/provider{P}/vetting/return", {"reason": "x"}, REFUSED_TO_OTHERS),
    Row("POST", f"/provider{P}/rejection", {"reason": "x"}, REFUSED_TO_OTHERS),
    Row("POST", f"/provider{P}/suspension", {"reason": "x"}, REFUSED_TO_OTHERS),
    Row("POST", f"/provider{P}/resumption", {"reason": "x"}, REFUSED_TO_OTHERS),
    Row("POST", f"/provider{P}/closure", {"reason": "x", "valid_certificates": 0}, REFUSED_TO_OTHERS),
    Row("GET", f"/provider{P}/history", answer=REFUSED_TO_OTHERS),
    Row("GET", f"/provider{P}/contacts", answer=REFUSED_TO_OTHERS),
    Row("POST", f"/provider{P}/contact-changes", {"kind": "corporate", "name": "M", "email": "m@evil.test"}, REFUSED_TO_OTHERS),
    Row("POST", f"/provider{P}/contact-changes/{{contact_change}}/withdrawal", {}, REFUSED_TO_OTHERS),
    Row("POST", f"/provider{P}/contact-changes/{{contact_change}}/call", {"telephone": "+1 859 555 0100", "note": "x"}, REFUSED_TO_OTHERS),
    Row("GET", "/provider/lost-cards", answer=REFUSED_TO_OTHERS),
    Row("GET", "/provider/lost-cards/{lost_card}", answer=REFUSED_TO_OTHERS),
    Row("POST", "/provider/lost-cards/{lost_card}/conclusion", {"end": "revoked", "note": "x"}, REFUSED_TO_OTHERS),
    Row("POST", f"/provider{P}/domains", {"name": "evil.test"}, REFUSED_TO_OTHERS),
    Row("POST", f"/provider{P}/domains/{{name}}/validation", {"method": "dns-txt"}, REFUSED_TO_OTHERS),
    Row("POST", f"/provider{P}/domains/{{name}}/letters", {"address": "admin@resource-marketing.test"}, REFUSED_TO_OTHERS),
    Row("POST", f"/provider{P}/domains/{{name}}/removal", {"reason": "other"}, REFUSED_TO_OTHERS),
    Row("GET", "/provider/validations/{validation}", answer=REFUSED_TO_OTHERS),
    Row("GET", "/provider/validations/{validation}/certificates", answer=REFUSED_TO_OTHERS),
    Row("POST", f"/provider{P}/orders", {"quantity": 5}, REFUSED_TO_OTHERS),
    Row("POST", f"/provider{P}/policies", {}, REFUSED_TO_OTHERS),
    Row("POST", f"/provider{P}/administrators", {"name": "M", "email": "m@evil.test", "role": "auditor"}, REFUSED_TO_OTHERS),
    Row("GET", "/provider/authorities", answer=REFUSED_TO_OTHERS),
    Row("GET", "/provider/changes", answer=REFUSED_TO_OTHERS),
    Row("POST", "/provider/changes", {"content": "{}", "signature": "AAAA"}, REFUSED_TO_OTHERS),
    Row("GET", "/provider/changes/{change_id}", answer=REFUSED_TO_OTHERS),
    Row("POST", "/provider/changes/{change_id}/answers", {"signature": "AAAA"}, REFUSED_TO_OTHERS),
    Row("GET", "/provider/audit", answer=REFUSED_TO_OTHERS),
    Row("GET", "/provider/audit/checkpoint", answer=REFUSED_TO_OTHERS),
]


@dataclass(slots=True)
class Two:
    """Two organizations in one service: the victim with one of everything, and people and programs of the other one."""

    rest: RestRig
    parts: dict[str, str]
    strangers: dict[str, AppClient]
    insider: AdministratorRig
    provider: AdministratorRig


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def two(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres").create_database()
    service = ServiceRig(Path(tmp_path_factory.mktemp("tenants")), url)
    service.create_organization()
    perform(service.house, OPERATOR, About("add-policy", ORG, "policy", "new"), add_policy, ORG, PolicyDraft(name="inside"))
    service.create_organization(OTHER, name="Hoffman Brandt Ltd", domains=["hoffman-brandt.test"])
    rest = RestRig(service)
    insider, stranger = service.administrator(ORG, "Fox Mulder"), service.administrator(OTHER, "Alex Krycek")
    provider = service.administrator("", "Provider", Role.PROVIDER_ADMINISTRATOR)
    issued = rest.issue(rest.administrator(insider), insider)
    pending = rest.submit(rest.token(), names=["mail.resource-marketing.test"])
    token = rest.administrator(insider).post(f"{API}/organizations/{ORG}/tokens", json={"name": "t", "scopes": ["read"], "days": 9})
    parts = {
        "request_id": pending["id"],
        "serial": issued["certificate"]["serial"],
        "administrator_id": insider.administrator.id,
        "sha256": hashes_hex(insider.certificate_der),
        "token_id": token.json()["id"],
        "name": "resource-marketing.test",
        "department": service.department(insider, "Agency X").id,
        "policy": "inside",
        "version": "1",
        "contact_change": f"cch-{'0' * 32}",
        "lost_card": f"lst-{'0' * 32}",
        "change_id": f"chg-{'0' * 32}",
        "validation": _validation(service),
        "letter": f"ltr-{'0' * 32}",
        "application_id": f"apl-{'0' * 32}",
        "trial_id": f"trl-{'0' * 32}",
        "review": f"rev-{'0' * 32}",
    }
    strangers = {"administrator": rest.administrator(stranger), "token": rest.token(org=OTHER)}
    yield Two(rest, parts, strangers, insider, provider)
    service.close()


def _validation(service: ServiceRig) -> str:
    with service.house.database.read(service.clock()) as tx:
        [domain] = organizations.domains_of(tx, organizations.require(tx, ORG).id)
    return domain.validation_id or ""


@pytest.fixture(autouse=True)
def no_misses_yet(two: Two) -> None:
    """Wrong phrases of one test lock nobody out in the next."""
    with two.rest.service.house.database.write(two.rest.service.clock()) as tx:
        tx.execute(throttles.attempts.delete())


def call(two: Two, client: AppClient, row: Row, org: str, **changes: str) -> tuple[int, str]:
    """Status and kind of a route's answer."""
    address = API + row.path.format(org=org, **{**two.parts, **changes})
    body = None if row.body is None else dict(row.body)
    if body is not None and body.get("csr"):
        body["csr"] = make_csr(["www.resource-marketing.test"], make_key())
    if body is not None and row.path == f"{P}/requests":
        body = two.rest.body()
    answer = client.request(row.method, address, json=body)
    if answer.status_code == 200 and row.answer == (200, ANYBODY):
        return row.answer
    return answer.status_code, answer.json()["kind"] if answer.status_code >= 400 else answer.text


def test_every_route_has_a_row(two: Two) -> None:
    paths = describe(two.rest.app.state.doors.application())["paths"]
    routes = {(method.upper(), path.removeprefix(API)) for path, operations in paths.items() for method in operations}
    assert routes == {(row.method, row.path) for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
@pytest.mark.parametrize("who", ["administrator", "token"])
def test_a_stranger_finds_nothing(two: Two, row: Row, who: str) -> None:
    # A token has no Administrator ID of its own that could be renewed.
    is_own = who == "token" and row.path == "/administrators/renewal"
    assert call(two, two.strangers[who], row, ORG) == ((401, "credential-needed") if is_own else row.answer)


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.path.startswith(P) and "{" in row.path.removeprefix(P)], ids=lambda row: f"{row.method} {row.path}"
)
@pytest.mark.parametrize("who", ["administrator", "token"])
def test_another_organizations_thing_is_not_found_under_ones_own(two: Two, row: Row, who: str) -> None:
    expected = {row.answer}
    if who == "token":
        expected.add((403, "permission"))
    assert call(two, two.strangers[who], row, OTHER) in expected


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.path.startswith(P) and row.answer == (404, "not-found")], ids=lambda row: f"{row.method} {row.path}"
)
def test_the_provider_has_no_rights_in_an_organization(two: Two, row: Row) -> None:
    """I13, and more: the provider's people read, decide and manage nothing there, except that they may revoke a lost ID."""
    if "/credentials/" in row.path:
        pytest.skip("the route is for the organization; the provider revokes from its own command")
    status, kind = call(two, two.rest.administrator(two.provider), row, ORG)
    assert (status, kind) in {(404, "not-found"), (403, "organization-decides")}


@pytest.mark.parametrize("row", [row for row in ROWS if row.answer != (200, ANYBODY)], ids=lambda row: f"{row.method} {row.path}")
@pytest.mark.parametrize("who", ["nobody", "wrong token"])
def test_nobody_gets_in(two: Two, row: Row, who: str) -> None:
    client = two.rest.anonymous() if who == "nobody" else two.rest.bearer("pst_wrong")
    status, kind = call(two, client, row, ORG)
    if who != "nobody":
        assert (status, kind) == (401, "token")
    elif row.path == f"{P}/requests" and row.method == "POST":
        assert status == 201, "open enrollment"
    elif row.path == f"{P}/lost-cards":
        assert (status, kind) == row.answer, "anybody may report one, but not nobody's"
    elif row.path == "/sign-in" and row.method == "POST":
        assert (status, kind) == row.answer, "whoever signs in has nothing else to show"
    elif row.answer[1] in {
        "phrase",
        "confirmation-not-found",
        "link",
        "domain-letter",
        "contact-code",
        "lost-card",
        "country",
        "organization-slug",
    }:
        assert (status, kind) == row.answer
    else:
        assert (status, kind) == (401, "credential-needed")


def test_a_phrase_opens_only_its_own_organization(two: Two) -> None:
    for row in (row for row in ROWS if row.answer == PHRASE_ANSWER):
        right = Row(row.method, row.path, {**(row.body or {}), "phrase": PHRASE}, row.answer)
        assert call(two, two.rest.anonymous(), right, OTHER) == PHRASE_ANSWER


def test_no_refusal_leaves_a_trace_in_a_log_that_does_not_exist(two: Two) -> None:
    client = two.rest.anonymous()
    for path, body in (("requests", two.rest.body()), (f"requests/{two.parts['request_id']}/pickup", {"phrase": PHRASE})):
        answer = client.post(f"{API}/organizations/nobody-of-this-name/{path}", json=body)
        assert (answer.status_code, answer.json()["kind"]) == (404, "not-found")
    key = "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----"
    answer = client.post(f"{API}/organizations/nobody-of-this-name/requests", json={"csr": key})
    assert answer.json()["kind"] == "private-key-found"
    heads = two.rest.service.integrate()
    assert {head.log for head in heads} <= {"provider", f"o-{ORG}", f"o-{OTHER}"}
