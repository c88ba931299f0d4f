"""How administrators come: the first by the provider's word, later ones by signature, again by the operator, renewed."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.x509.oid import NameOID

from privyseal.actions.administrator.enroll_administrator import enroll_administrator
from privyseal.actions.administrator.invite_with_signature import invite_with_signature
from privyseal.actions.administrator.revoke_credential import revoke_credential
from privyseal.actions.house import About, perform
from privyseal.engine.csr import read_csr
from privyseal.issuer.desk import complete_batch
from privyseal.issuer.protocol import CompletedIntent
from privyseal.model.actor import ANONYMOUS
from privyseal.model.administrator import ORGANIZATION_ROLES, Role
from privyseal.model.errors import Conflict, NotPermitted, Refused
from privyseal.model.fact import FactKind
from privyseal.model.revocation import RevocationReason
from privyseal.store import administrators, audit, outbox
from privyseal_wire.cms import verify_attached
from privyseal_wire.errors import StatementRefused
from privyseal_wire.statements import Invitation
from tests.rigs.operator import run_command
from tests.rigs.passkeys import holder, invite
from tests.rigs.service import OPERATOR, AdministratorRig, ServiceRig, hashes_hex, make_csr, make_key

ORG = "resource-marketing"
ABOUT = About("invite-administrator", ORG, "administrator", "new")
RECOVERY = ("administrator", "invite", "--organization", ORG, "--name", "Alex Again", "--email", "alex@resource-marketing.test")


def revoke(service: ServiceRig, admin: AdministratorRig) -> None:
    """The provider takes an Administrator ID away."""
    sha256 = hashes_hex(admin.certificate_der)
    perform(service.house, OPERATOR, ABOUT, revoke_credential, ORG, sha256, RevocationReason.KEY_COMPROMISE)


def log(service: ServiceRig, name: str = f"o-{ORG}") -> list[dict[str, object]]:
    """Every entry of a log."""
    with service.house.database.read(service.clock()) as tx:
        return [json.loads(entry) for _, entry in audit.every_entry(tx, name)]


def refusal_of(service: ServiceRig, admin: AdministratorRig, name: str = "Walter Skinner", role: Role = Role.READ_ONLY) -> str:
    """The kind with which an invitation by this administrator is refused."""
    signature = service.sign(service.invitation_content(admin, name, role), admin)
    with pytest.raises((Refused, NotPermitted, Conflict)) as refusal:
        perform(service.house, admin.actor, ABOUT, invite_with_signature, ORG, signature)
    return refusal.value.kind


def test_a_later_administrator_comes_under_a_signature(service: ServiceRig, admin: AdministratorRig) -> None:
    walter = service.administrator(ORG, "Walter Skinner", Role.AUDITOR, by=admin)
    subject = x509.load_der_x509_certificate(walter.certificate_der).subject
    facts = {attribute.oid: attribute.value for attribute in subject}
    assert facts[NameOID.ORGANIZATIONAL_UNIT_NAME] == ORG
    # The credential says that he may read; the role came by a change.
    assert facts[NameOID.TITLE] == "read-only"
    assert {item.role for item in service.renewed(walter).administrator.assignments} == {Role.READ_ONLY, Role.AUDITOR}
    assert facts[NameOID.USER_ID] == walter.administrator.id
    with service.house.database.read(service.clock()) as tx:
        [kept] = [row._mapping for row in tx.execute(administrators.invitation_statements.select())]
    # An auditor verifies with what is stored, and finds both hashes in the log.
    assert verify_attached(kept["signature"], signer_certificate_der=admin.certificate_der).content == kept["content"]
    assert Invitation.from_bytes(kept["content"]).name == "Walter Skinner"
    evidence = [hashes_hex(kept["content"]), hashes_hex(kept["signature"])]
    entries = {str(entry["action"]): entry for entry in log(service)}
    assert entries["invite-administrator"]["evidence"] == entries["issue-administrator-id"]["evidence"] == evidence
    actor = {"kind": "administrator", "id": admin.administrator.id, "credential_sha256": hashes_hex(admin.certificate_der)}
    assert entries["invite-administrator"]["actor"] == actor


def test_a_passkey_signs_an_invitation(service: ServiceRig) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    colin = service.enroll_code(invite(service, ORG, "Colin Colleague", by=paula), ORG)
    service.issue(ORG, colin, ["a.resource-marketing.test"])
    holder(service, ORG, "Petra Passkey", by=colin)


def test_an_invitation_carries_no_role(service: ServiceRig, admin: AdministratorRig) -> None:
    roles = ORGANIZATION_ROLES - {Role.READ_ONLY}
    for role in roles:
        assert refusal_of(service, admin, role=role) == "invitation-role", role
    reader = service.administrator(ORG, "Dana Reader", Role.READ_ONLY, by=admin)
    revoke(service, reader)
    # Somebody who is known with another role does not rise by a new credential, and one who got a role keeps it.
    assert refusal_of(service, admin, "Dana Reader", Role.AUDITOR) == "invitation-role"
    service.assign(reader, Role.CERTIFICATE_ADMINISTRATOR, by=admin)
    assert refusal_of(service, admin, "Dana Reader", Role.CERTIFICATE_ADMINISTRATOR) == "invitation-role"
    # Of one second, the same statement would be signed again.
    service.clock.advance(timedelta(seconds=1))
    again = service.administrator(ORG, "Dana Reader", Role.READ_ONLY, by=admin)
    service.issue(ORG, again, ["a.resource-marketing.test"])


def test_nobody_gives_himself_a_role(service: ServiceRig, admin: AdministratorRig) -> None:
    reader = service.administrator(ORG, "Dana Reader", Role.READ_ONLY, by=admin)
    for person, kind in ((admin, "own-role"), (reader, "role")):
        with pytest.raises(NotPermitted) as refusal:
            service.assign(person, Role.RECOVERY_APPROVER, by=person)
        assert refusal.value.kind == kind
    assert refusal_of(service, reader, "Dana Reader", Role.SECURITY_ADMINISTRATOR) == "role"


def test_a_role_that_was_taken_does_not_come_back_with_the_next_credential(service: ServiceRig, admin: AdministratorRig) -> None:
    """The first one's role stands in the credential, so the same is signed when that is lost; the log tells that it was taken."""
    other = service.administrator(ORG, "Dana Scully", by=admin)
    service.assign(admin, Role.SECURITY_ADMINISTRATOR, by=other, change="take")
    revoke(service, admin)
    again = service.administrator(ORG, "Fox Mulder", Role.SECURITY_ADMINISTRATOR, by=other)
    assert again.administrator.role is Role.SECURITY_ADMINISTRATOR
    assert again.administrator.assignments == ()
    with pytest.raises(NotPermitted):
        service.approve(service.submit(ORG, make_csr(["b.resource-marketing.test"], make_key())), again)


def test_who_may_not_invite(service: ServiceRig, admin: AdministratorRig) -> None:
    auditor = service.administrator(ORG, "Walter Auditor", Role.AUDITOR, by=admin)
    assert refusal_of(service, auditor) == "role"
    revoke(service, admin)
    assert refusal_of(service, admin) == "credential-unusable"


def test_what_is_signed_is_what_the_certificate_says(service: ServiceRig, admin: AdministratorRig) -> None:
    statement = Invitation.from_bytes(service.invitation_content(admin, "Walter Skinner", Role.READ_ONLY))
    local = replace(statement, email="walter@localhost").to_bytes()
    with pytest.raises(Refused) as refusal:
        perform(service.house, admin.actor, ABOUT, invite_with_signature, ORG, service.sign(local, admin))
    assert refusal.value.kind == "name-single-label"
    with pytest.raises(StatementRefused):
        service.invitation_content(admin, "Walter Skinner", Role.PROVIDER_ADMINISTRATOR)


def test_an_invitation_of_days_is_refused(service: ServiceRig, admin: AdministratorRig) -> None:
    content = service.invitation_content(admin, "Walter Skinner", Role.AUDITOR, life=timedelta(hours=3))
    with pytest.raises(Refused) as refusal:
        perform(service.house, admin.actor, ABOUT, invite_with_signature, ORG, service.sign(content, admin))
    assert refusal.value.kind == "statement-life"


def test_a_second_link_without_a_signature_ends_when_somebody_is_in(service: ServiceRig) -> None:
    service.create_organization()
    one, two = service.invite(ORG, "Fox Mulder"), service.invite(ORG, "Dana Scully")
    fox = service.enroll(one, ORG)
    with pytest.raises(NotPermitted) as refusal:
        service.enroll(two, ORG)
    assert refusal.value.kind == "organization-decides"
    assert service.administrator(ORG, "Dana Scully", by=fox).administrator.id == two.administrator.id


def test_an_administrator_id_is_renewed_in_its_last_sixty_days(service: ServiceRig, admin: AdministratorRig) -> None:
    assert refusal_of(service, admin, "Fox Mulder", Role.SECURITY_ADMINISTRATOR) == "name-taken"
    service.clock.advance(timedelta(days=397 - 60))
    service.integrate()
    assert refusal_of(service, admin, "Fox Mulder", Role.AUDITOR) == "invitation-role"
    assert refusal_of(service, admin, "Fox Mulder") == "name-taken"
    renewed = service.administrator(ORG, "Fox Mulder", by=admin)
    assert renewed.administrator.id == admin.administrator.id
    service.issue(ORG, admin, ["a.resource-marketing.test"])
    service.issue(ORG, renewed, ["b.resource-marketing.test"])


def test_who_lost_the_computer_is_invited_again(service: ServiceRig, admin: AdministratorRig) -> None:
    lost = service.administrator(ORG, "Dana Scully", by=admin)
    revoke(service, lost)
    service.clock.advance(timedelta(seconds=1))
    again = service.administrator(ORG, "Dana Scully", by=admin)
    assert again.administrator.id == lost.administrator.id
    service.issue(ORG, again, ["a.resource-marketing.test"])
    with pytest.raises(Refused):
        service.approve(service.submit(ORG, make_csr(["b.resource-marketing.test"], make_key())), lost)


def test_the_operator_replaces_the_last_one_aloud(service: ServiceRig, admin: AdministratorRig, capsys: pytest.CaptureFixture[str]) -> None:
    service.listeners[FactKind.LAST_ADMINISTRATOR_REPLACED] = ("letters",)
    with pytest.raises(NotPermitted) as refusal:
        run_command(service, *RECOVERY, "--replace-last")
    assert refusal.value.kind == "administrators-left"
    revoke(service, admin)
    with pytest.raises(NotPermitted) as refusal:
        run_command(service, *RECOVERY, "--role", "security-administrator")
    assert refusal.value.kind == "organization-decides"
    run_command(service, *RECOVERY, "--replace-last")
    code = capsys.readouterr().out.strip()
    told = [entry for name in (f"o-{ORG}", "provider") for entry in log(service, name) if entry["action"] == "replace-last-administrator"]
    assert [entry["outcome"] for entry in told] == ["done", "done"]
    with service.house.database.read(service.clock()) as tx:
        person = next(item for item in administrators.of_organization(tx, admin.administrator.organization_id) if item.name == "Alex Again")
        facts = [row.fact for row in tx.execute(sa.select(outbox.outbox.c.fact))]
    assert told[0]["object"] == {"kind": "administrator", "id": person.id, "sha256": ""}
    assert facts.count("last-administrator-replaced") <= 1
    alex = service.enroll_code(code, ORG)
    assert alex.administrator.role is Role.SECURITY_ADMINISTRATOR
    # Whoever lost the card counts until he is removed, which takes the signature of Alex alone.
    service.remove(admin, by=alex)
    service.administrator(ORG, "Walter Skinner", by=alex)
    with pytest.raises(NotPermitted):
        run_command(service, *RECOVERY, "--replace-last")


def test_of_two_first_administrators_at_two_issuers_at_once_one_comes_in(service: ServiceRig) -> None:
    """The provider gives out two links before anybody is there, and has both issued at the same moment on two nodes."""
    service.create_organization()
    links = [service.invite(ORG, name).code for name in ("Fox Mulder", "Alex Krycek")]
    csrs = [read_csr(make_csr(["administrator.test"], make_key()).encode()) for _ in links]
    intents = [perform(service.house, ANONYMOUS, ABOUT, enroll_administrator, code, csr) for code, csr in zip(links, csrs, strict=True)]
    together = threading.Barrier(len(intents))
    found: list[CompletedIntent] = []

    def issue(number: int) -> None:
        house = service.open_house()
        try:
            together.wait(20)
            found.extend(complete_batch(house, service.keys, [intents[number]]).values())
        finally:
            house.database.close()

    threads = [threading.Thread(target=issue, args=(number,)) for number in range(len(intents))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done.kind for done in found) == ["", "organization-decides"], found
