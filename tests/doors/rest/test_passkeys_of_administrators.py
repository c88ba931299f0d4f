"""Passkeys at the REST door: listed and revoked like Administrator IDs, and no way through TLS."""

from __future__ import annotations

from privyseal.store import administrators
from tests.doors.rest.rest_rig import API, ORG, RestRig, require_problem
from tests.rigs.authenticator import Authenticator
from tests.rigs.passkeys import by_certificate
from tests.rigs.service import AdministratorRig, make_key

PEOPLE = f"{API}/organizations/{ORG}/administrators"


def test_a_passkey_is_listed_and_revoked_like_an_administrator_id(rest: RestRig, fox: AdministratorRig) -> None:
    person, client = by_certificate(rest.service, fox, Authenticator()), rest.administrator(fox)
    [known] = [item for item in client.get(PEOPLE).json()["items"] if item["id"] == fox.administrator.id]
    assert [(item["kind"], item.get("label", "")) for item in known["credentials"]] == [("administrator-id", ""), ("passkey", "Key ring")]
    sha256 = known["credentials"][1]["sha256"]
    assert sha256 == person.certificate_sha256
    revoked = client.post(f"{PEOPLE}/{fox.administrator.id}/credentials/{sha256}/revocation", json={"reason": "keyCompromise"})
    assert revoked.status_code == 200, revoked.text
    assert [item.get("revoked_at") is not None for item in revoked.json()["credentials"]] == [False, True]


def test_the_certificate_of_a_passkey_logs_nobody_on(rest: RestRig, fox: AdministratorRig) -> None:
    """A key in software could speak TLS; the certificate names no purpose, which TLS libraries take for every purpose."""
    person = by_certificate(rest.service, fox, Authenticator())
    with rest.service.house.database.read(rest.service.clock()) as tx:
        found = administrators.by_certificate(tx, person.certificate_sha256)
    assert found is not None
    client = rest.administrator(AdministratorRig(fox.administrator, found[1].certificate_der, make_key(), ORG))
    require_problem(client.get(PEOPLE), 401, "credential-unknown")
