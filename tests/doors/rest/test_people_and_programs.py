"""Administrators and API tokens over REST, from the provider's first invitation on."""

from __future__ import annotations

import base64
from datetime import timedelta

import sqlalchemy as sa
from cryptography import x509

from privyseal.model.administrator import Role
from privyseal.model.fact import FactKind
from privyseal.model.statement import utc_text
from privyseal.store import outbox
from privyseal_wire.canonical import canonical_bytes, parse_canonical
from tests.doors.rest.rest_rig import API, ORG, Json, RestRig, later, require_problem
from tests.rigs.service import AdministratorRig, hashes_hex, make_csr, make_key

BASE = f"{API}/organizations/{ORG}"
WALTER = {"name": "Walter Skinner", "email": "walter.skinner@resource-marketing.test", "role": "certificate-administrator"}


def newest_code(rest: RestRig) -> str:
    """The one-time code in the newest invitation."""
    with rest.service.house.database.read(rest.service.clock()) as tx:
        rows = tx.execute(sa.select(outbox.outbox.c.payload).where(outbox.outbox.c.fact == "administrator-invited"))
        return str([row.payload for row in rows][-1]["code"])


def test_the_provider_invites_the_first_and_they_invite_the_next(rest: RestRig) -> None:
    rest.service.listeners[FactKind.ADMINISTRATOR_INVITED] = ("letters",)
    provider = rest.administrator(rest.service.administrator("", "Provider", Role.PROVIDER_ADMINISTRATOR))
    fox = {"name": "Fox Mulder", "email": "fox@resource-marketing.test", "role": "security-administrator"}
    invited = provider.post(f"{API}/provider/organizations/{ORG}/administrators", json=fox)
    assert (invited.status_code, invited.json()["state"], invited.json()["credentials"]) == (201, "invited", [])
    code, key = newest_code(rest), make_key()
    assert code not in invited.text
    body = {"code": code, "csr": make_csr(["anything"], key)}
    enrolled = rest.anonymous().post(f"{API}/administrators/enroll", json=body)
    assert enrolled.status_code == 201, enrolled.text
    assert enrolled.json()["administrator"] == {
        "id": invited.json()["id"],
        "name": "Fox Mulder",
        "role": "security-administrator",
        "organization": ORG,
    }
    certificate = x509.load_pem_x509_certificate(enrolled.json()["certificate_pem"].encode())
    certificate.verify_directly_issued_by(
        x509.load_pem_x509_certificate(rest.anonymous().get(f"{API}/service").json()["administrators_ca_pem"].encode())
    )
    require_problem(rest.anonymous().post(f"{API}/administrators/enroll", json=body), 404, "link")
    second = provider.post(f"{API}/provider/organizations/{ORG}/administrators", json=WALTER)
    require_problem(second, 403, "organization-decides")


def signed(rest: RestRig, by: AdministratorRig, **changes: object) -> Json:
    """The body of an invitation of Walter Skinner under this administrator's signature."""
    content = parse_canonical(rest.service.invitation_content(by, "Walter Skinner", Role.READ_ONLY))
    return {"signature": base64.b64encode(rest.service.sign(canonical_bytes({**content, **changes}), by)).decode()}


def test_an_organization_manages_its_own(rest: RestRig, fox: AdministratorRig) -> None:
    admin = rest.administrator(fox)
    body = signed(rest, fox)
    invited = admin.post(f"{BASE}/administrators", json=body)
    assert invited.status_code == 201, invited.text
    require_problem(admin.post(f"{BASE}/administrators", json=body), 422, "invitation-replayed")
    # Who missed the hour of the first link is invited again; somebody else of that name is not.
    again = signed(rest, fox, expires=utc_text(rest.service.clock() + timedelta(minutes=50)))
    assert rest.token("read").post(f"{BASE}/administrators", json=again).json()["id"] == invited.json()["id"]
    require_problem(admin.post(f"{BASE}/administrators", json=signed(rest, fox, email="other@x-files.test")), 409, "name-taken")
    require_problem(admin.post(f"{BASE}/administrators", json=signed(rest, fox, role="auditor")), 422, "invitation-role")
    require_problem(admin.post(f"{BASE}/administrators", json=signed(rest, fox, role="provider-administrator")), 422, "statement-role")
    require_problem(admin.post(f"{BASE}/administrators", json=WALTER), 400, "body")
    walter = rest.service.administrator(ORG, "Walter Two", Role.CERTIFICATE_ADMINISTRATOR, by=fox)
    # The signature decides: whoever carries it, Walter may not invite, and whoever signed, a session alone invites nobody.
    require_problem(admin.post(f"{BASE}/administrators", json=signed(rest, walter)), 403, "role")
    require_problem(rest.token("submit").post(f"{BASE}/administrators", json=signed(rest, fox)), 403, "permission")
    people = {person["name"]: person for person in rest.token("read").get(f"{BASE}/administrators").json()["items"]}
    assert set(people) == {"Fox Mulder", "Walter Skinner", "Walter Two"}
    sha256 = hashes_hex(walter.certificate_der)
    assert [item["sha256"] for item in people["Walter Two"]["credentials"]] == [sha256]

    address = f"{BASE}/administrators/{walter.administrator.id}/credentials/{sha256}/revocation"
    require_problem(admin.post(address.replace(walter.administrator.id, fox.administrator.id), json={}), 404, "not-found")
    require_problem(admin.post(address, json={"reason": "bored"}), 422, "revocation-reason")
    for _ in range(2):
        revoked = admin.post(address, json={})
        assert (revoked.status_code, bool(revoked.json()["credentials"][0]["revoked_at"])) == (200, True)
    require_problem(rest.administrator(walter).get(f"{BASE}/units"), 401, "credential-unusable")


def test_a_token_does_what_its_scopes_say_until_it_ends(rest: RestRig, fox: AdministratorRig) -> None:
    admin = rest.administrator(fox)
    made = admin.post(f"{BASE}/tokens", json={"name": "deployment", "scopes": ["submit"], "days": 30})
    assert made.status_code == 201
    program = rest.bearer(made.json()["token"])
    assert rest.submit(program)["state"] == "pending"
    require_problem(program.get(f"{BASE}/requests"), 403, "permission")
    require_problem(program.get(f"{BASE}/audit"), 403, "permission")
    require_problem(program.post(f"{BASE}/tokens", json={"name": "more", "scopes": ["read"], "days": 1}), 403, "permission")
    require_problem(admin.post(f"{BASE}/tokens", json={"name": "x", "scopes": ["approve"], "days": 1}), 400, "body")
    require_problem(admin.post(f"{BASE}/tokens", json={"name": "x", "scopes": [], "days": 1}), 422, "token-scope")
    with later(rest, timedelta(days=31)):
        require_problem(program.post(f"{BASE}/requests", json=rest.body()), 401, "token")
    assert program.post(f"{BASE}/requests", json=rest.body(["b.resource-marketing.test"])).status_code == 201
    gone = admin.delete(f"{BASE}/tokens/{made.json()['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    require_problem(program.post(f"{BASE}/requests", json=rest.body()), 401, "token")
    require_problem(admin.delete(f"{BASE}/tokens/{made.json()['id']}"), 404, "not-found")


def test_a_read_only_person_reads_and_nothing_else(rest: RestRig, fox: AdministratorRig) -> None:
    reader = rest.administrator(rest.service.administrator(ORG, "Dana Reader", Role.READ_ONLY, by=fox))
    auditor = rest.administrator(rest.service.administrator(ORG, "Dana Auditor", Role.AUDITOR, by=fox))
    request_id = rest.submit(rest.token())["id"]
    assert reader.get(f"{BASE}/requests/{request_id}").status_code == 200
    require_problem(reader.get(f"{BASE}/audit"), 403, "permission")
    require_problem(reader.get(f"{BASE}/requests/{request_id}/approval-content"), 403, "permission")
    require_problem(reader.post(f"{BASE}/requests", json=rest.body()), 403, "permission")
    assert auditor.get(f"{BASE}/audit").status_code == 200
