"""I13: nobody but an authorized customer administrator can cause issuance under that customer's account."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from privyseal.actions.administrator.create_api_token import create_api_token
from privyseal.actions.administrator.invite_administrator import invite_administrator
from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.house import About, perform
from privyseal.actions.request.approve_request import approve_request
from privyseal.issuer.desk import complete_batch
from privyseal.model.actor import SYSTEM
from privyseal.model.administrator import Permission, Role
from privyseal.model.errors import NotPermitted, Refused
from privyseal.model.request import RequestEvent
from privyseal.store import requests
from tests.rigs.intruder import make_intruder
from tests.rigs.service import OPERATOR, AdministratorRig, ServiceRig, hashes_hex, make_csr, make_key

ORG = "resource-marketing"
NAMES = ["webtrust.resource-marketing.test"]


def approve_with(service: ServiceRig, admin: AdministratorRig, slug: str) -> None:
    request = service.submit(slug, make_csr(NAMES, make_key()))
    content = service.approval_content(request, AdministratorRig(admin.administrator, admin.certificate_der, admin.key, slug))
    about = About("approve-request", slug, "request", request.id)
    perform(service.house, admin.actor, about, approve_request, slug, request.id, service.sign(content, admin))


def test_provider_staff_cannot_approve(service: ServiceRig) -> None:
    service.create_organization()
    staff = service.administrator("", role=Role.PROVIDER_ADMINISTRATOR)
    with pytest.raises(Refused) as refusal:
        approve_with(service, staff, ORG)
    assert refusal.value.kind == "signer-unknown"


def test_an_administrator_of_another_organization_cannot_approve(service: ServiceRig) -> None:
    service.create_organization()
    service.create_organization("hacker", name="Hacker Ltd", domains=("hacker.test",))
    foreign = service.administrator("hacker")
    with pytest.raises(Refused) as refusal:
        approve_with(service, foreign, ORG)
    assert refusal.value.kind == "signer-unknown"


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.AUDITOR])
def test_a_role_without_the_right_cannot_approve(service: ServiceRig, role: Role) -> None:
    service.create_organization()
    with pytest.raises(NotPermitted):
        approve_with(service, service.administrator(ORG, role=role), ORG)


def test_the_provider_cannot_add_administrators_once_there_is_one(service: ServiceRig) -> None:
    service.create_organization()
    service.administrator(ORG)
    about = About("invite-administrator", ORG, "administrator", "mole")
    with pytest.raises(NotPermitted) as refusal:
        perform(service.house, OPERATOR, about, invite_administrator, ORG, "Mole", "mole@provider.test", Role.SECURITY_ADMINISTRATOR)
    assert refusal.value.kind == "organization-decides"


def test_no_token_carries_the_right_to_approve(service: ServiceRig) -> None:
    service.create_organization()
    admin = service.administrator(ORG)
    about = About("create-api-token", ORG, "api-token", "robot")
    with pytest.raises(Refused) as refusal:
        perform(service.house, admin.actor, about, create_api_token, ORG, "robot", (Permission.APPROVE,), 30)
    assert refusal.value.kind == "token-scope"


def test_the_issuer_alone_refuses_what_a_broken_in_web_process_wrote(service: ServiceRig) -> None:
    """Everything before the issuer is assumed compromised: approved in the database, signed by nobody."""
    service.create_organization()
    admin = service.administrator(ORG)
    request = service.submit(ORG, make_csr(NAMES, make_key()))
    service.approve(request, admin)
    prepared = perform(service.house, SYSTEM, About("x", "", "x", "x"), prepare_certificates, [request.id])
    with service.house.database.write(service.clock()) as tx:
        tx.execute(sa.text("DELETE FROM approvals"))
    [result] = complete_batch(service.house, service.keys, [prepared.intents[0].id]).values()
    assert (result.ok, result.kind) == (False, "approval-missing")
    assert service.certificate_of(request) is None


def test_a_key_written_into_the_register_approves_nothing(service: ServiceRig) -> None:
    service.create_organization()
    admin = service.administrator(ORG)
    with pytest.raises(Refused) as refusal:
        approve_with(service, make_intruder(service).forge_credential(admin), ORG)
    assert refusal.value.kind == "credential-forged"


def test_the_issuer_alone_finds_a_key_written_into_the_register(service: ServiceRig) -> None:
    service.create_organization()
    admin = service.administrator(ORG)
    forged = make_intruder(service).forge_credential(admin)
    request = service.submit(ORG, make_csr(NAMES, make_key()))
    service.approve(request, admin)
    content = service.approval_content(request, admin, life=timedelta(minutes=9))
    prepared = perform(service.house, SYSTEM, About("x", "", "x", "x"), prepare_certificates, [request.id])
    with service.house.database.write(service.clock()) as tx:
        values = {"signature": service.sign(content, forged), "credential": hashes_hex(forged.certificate_der), "content": content}
        statement = "UPDATE approvals SET signature = :signature, credential_sha256 = :credential, content = :content"
        tx.execute(sa.text(statement), values)
    [result] = complete_batch(service.house, service.keys, [prepared.intents[0].id]).values()
    assert (result.ok, result.kind) == (False, "credential-forged")


def test_a_request_moved_on_without_approval_is_not_prepared(service: ServiceRig) -> None:
    service.create_organization()
    service.administrator(ORG)
    request = service.submit(ORG, make_csr(NAMES, make_key()))
    with service.house.database.write(service.clock()) as tx:
        assert requests.happen(tx, [request.id], RequestEvent.APPROVE) == [request.id]
    prepared = perform(service.house, SYSTEM, About("x", "", "x", "x"), prepare_certificates, [request.id])
    assert prepared.intents == ()
    assert prepared.failures[0][1].kind == "approval-expired"
