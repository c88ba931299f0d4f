"""I14: changing one byte of subject, names, key, life or policy after approval makes issuance fail."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.house import About, perform
from privyseal.actions.request.approve_request import approve_request
from privyseal.issuer.desk import complete_batch
from privyseal.model.actor import SYSTEM
from privyseal.model.errors import PrivysealError, Refused
from privyseal.model.request import Request
from privyseal_wire.canonical import canonical_bytes
from tests.rigs.service import AdministratorRig, ServiceRig, make_csr, make_key

ORG = "resource-marketing"
ABOUT = About("test", ORG, "request", "x")

TAMPERINGS = {
    "subject": "UPDATE requests SET subject = REPLACE(CAST(subject AS TEXT), 'Resource', 'Besource')",
    "names": "UPDATE requests SET names = REPLACE(CAST(names AS TEXT), 'webtrust', 'webtrusu')",
    "life": "UPDATE requests SET lifetime_days = 397",
    "contact": "UPDATE requests SET contact_email = 'other@resource-marketing.test'",
    "endpoints": "UPDATE requests SET endpoints = REPLACE(CAST(endpoints AS TEXT), 'www', 'wwx')",
    "key hash": "UPDATE requests SET spki_sha256 = '" + "0" * 64 + "'",
    "policy content": "UPDATE policies SET sha256 = '" + "0" * 64 + "'",
    "approval content": "UPDATE approvals SET signature = content",
}


def tamper(service: ServiceRig, statement: str) -> None:
    json_columns = ("subject", "names", "endpoints")
    if not service.house.database.is_sqlite and any(f"SET {column} = REPLACE" in statement for column in json_columns):
        statement += ""
        column = next(column for column in json_columns if f"SET {column} = REPLACE" in statement)
        statement = statement.replace(f"SET {column} = REPLACE(", f"SET {column} = CAST(REPLACE(") + " AS JSON)"
    with service.house.database.write(service.clock()) as tx:
        assert tx.changed(sa.text(statement)) == 1


def approved(service: ServiceRig) -> tuple[Request, AdministratorRig]:
    service.create_organization()
    admin = service.administrator(ORG)
    request = service.submit(ORG, make_csr(["webtrust.resource-marketing.test"], make_key()))
    service.approve(request, admin)
    return request, admin


@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_change_after_preparation_is_found_by_the_issuer(service: ServiceRig, what: str) -> None:
    request, _ = approved(service)
    prepared = perform(service.house, SYSTEM, ABOUT, prepare_certificates, [request.id])
    tamper(service, TAMPERINGS[what])
    [result] = complete_batch(service.house, service.keys, [prepared.intents[0].id]).values()
    assert not result.ok, what
    assert service.certificate_of(request) is None


@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_change_after_approval_never_ends_in_a_certificate(service: ServiceRig, what: str) -> None:
    request, _ = approved(service)
    tamper(service, TAMPERINGS[what])
    prepared = perform(service.house, SYSTEM, ABOUT, prepare_certificates, [request.id])
    results = complete_batch(service.house, service.keys, [intent.id for intent in prepared.intents])
    assert not any(result.ok for result in results.values()), what
    assert service.certificate_of(request) is None


def test_another_tbs_than_the_approved_one_is_not_signed(service: ServiceRig) -> None:
    request, _ = approved(service)
    prepared = perform(service.house, SYSTEM, ABOUT, prepare_certificates, [request.id])
    tbs = bytearray(prepared.intents[0].tbs)
    tbs[-1] ^= 1
    with service.house.database.write(service.clock()) as tx:
        tx.execute(sa.text("UPDATE intents SET tbs = :tbs WHERE request_id = :id"), {"tbs": bytes(tbs), "id": request.id})
    [result] = complete_batch(service.house, service.keys, [prepared.intents[0].id]).values()
    assert (result.ok, result.kind) == (False, "certificate-differs")


def sign_and_send(service: ServiceRig, request: Request, admin: AdministratorRig, content: bytes) -> None:
    perform(service.house, admin.actor, ABOUT, approve_request, ORG, request.id, service.sign(content, admin))


CHANGES: dict[str, dict[str, object]] = {
    "one byte of the organization": {"subject": [["2.5.4.10", "Resource Marketing, Inc,"]]},
    "another request": {"request": "req-" + "0" * 32},
    "another organization": {"organization": "hacker"},
    "another service": {"service": "other.localhost"},
    "a longer life": {"lifetime_days": 397},
    "another key": {"spki_sha256": "0" * 64},
    "one more name": {"names": ["dns:webtrust.resource-marketing.test", "dns:www.bookstore.test"]},
    "another contact": {"contact": "mallory@resource-marketing.test"},
    "another approver": {"approver": "adm-" + "0" * 32},
    "expired": {"expires": "2020-01-01T00:00:00Z"},
    "valid for ever": {"expires": "2999-01-01T00:00:00Z"},
}


@pytest.mark.parametrize("what", CHANGES)
def test_an_approval_of_anything_else_is_refused(service: ServiceRig, what: str) -> None:
    service.create_organization()
    admin = service.administrator(ORG)
    request = service.submit(ORG, make_csr(["webtrust.resource-marketing.test"], make_key()))
    fields = json.loads(service.approval_content(request, admin)) | CHANGES[what]
    with pytest.raises(Refused):
        sign_and_send(service, request, admin, canonical_bytes(fields))
    assert service.request(request).state.value == "pending"


def test_one_changed_byte_of_the_signed_message_is_refused(service: ServiceRig, long_run: bool) -> None:  # noqa: FBT001 - a fixture
    service.create_organization()
    admin = service.administrator(ORG)
    request = service.submit(ORG, make_csr(["webtrust.resource-marketing.test"], make_key()))
    signature = service.sign(service.approval_content(request, admin), admin)
    step = 1 if long_run else 37
    for place in range(0, len(signature), step):
        changed = bytearray(signature)
        changed[place] ^= 1
        try:
            perform(service.house, admin.actor, ABOUT, approve_request, ORG, request.id, bytes(changed))
        except PrivysealError:
            continue
        # A byte that CMS does not protect may change; what was approved then still is exactly this content.
        break
    assert service.request(request).state.value in {"pending", "approved"}


def test_a_replayed_approval_is_refused(service: ServiceRig) -> None:
    request, admin = approved(service)
    with service.house.database.read(service.clock()) as tx:
        [row] = tx.execute(sa.text("SELECT signature FROM approvals"))
    service.clock.advance(timedelta(seconds=1))
    with pytest.raises(PrivysealError) as refusal:
        perform(service.house, admin.actor, ABOUT, approve_request, ORG, request.id, bytes(row[0]))
    assert refusal.value.kind in {"approval-replayed", "request-state"}
