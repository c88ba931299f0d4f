"""I13: whoever can write the database, and nothing else, becomes no administrator. The issuer process alone refuses.

Each attack writes the rows that the entrance would have written, and then asks the issuer.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from privyseal.actions.administrator.invite_with_signature import invite_with_signature
from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.house import About, perform
from privyseal.issuer.desk import complete_batch
from privyseal.model.actor import SYSTEM
from privyseal.model.administrator import Credential, Role
from privyseal.model.errors import Refused
from privyseal.model.identifiers import CredentialId
from privyseal.store import administrators, audit, organizations
from privyseal_wire.statements import Invitation
from tests.rigs.intruder import Intruder, make_intruder
from tests.rigs.service import AdministratorRig, ServiceRig, hashes_hex, make_csr, make_key

ORG = "resource-marketing"
LOG = f"o-{ORG}"
OTHER = "bookstore"
NAMES = ["webtrust.resource-marketing.test"]


@pytest.fixture
def admin(service: ServiceRig) -> AdministratorRig:
    """The first administrator of an organization."""
    service.create_organization()
    return service.administrator(ORG, "Fox Mulder")


@pytest.fixture
def intruder(service: ServiceRig, admin: AdministratorRig) -> Intruder:
    """Somebody at the database, after the log was integrated."""
    assert admin.organization == ORG
    service.integrate()
    return make_intruder(service)


def people(service: ServiceRig) -> set[str]:
    """Who has an Administrator ID of the organization."""
    with service.house.database.read(service.clock()) as tx:
        organization = organizations.require(tx, ORG)
        everybody = administrators.of_organization(tx, organization.id)
        return {person.name for person in everybody if administrators.credentials_of(tx, person.id)}


def refusals(service: ServiceRig, log: str, intent_id: str) -> list[str]:
    """The reasons that a log has about an intent."""
    with service.house.database.read(service.clock()) as tx:
        return [json.loads(entry)["reason"] for entry in audit.of_objects(tx, log, [intent_id])]


def require_refused(
    intruder: Intruder,
    kind: str,
    *,
    content: bytes = b"",
    signature: bytes = b"",
    name: str = "Mallory",
    role: Role = Role.SECURITY_ADMINISTRATOR,
) -> None:
    """The issuer says no, both logs have it, and nobody came in."""
    before = people(intruder.service)
    intent_id = intruder.enter(ORG, name, role, content=content, signature=signature)
    answer = intruder.ask(intent_id)
    assert (answer.ok, answer.kind) == (False, kind), answer
    assert refusals(intruder.service, LOG, intent_id) == refusals(intruder.service, "provider", intent_id) == [kind]
    assert people(intruder.service) == before


def sign_for(service: ServiceRig, by: AdministratorRig, name: str = "Mallory", **changes: str) -> tuple[bytes, bytes]:
    """Content and signature of an invitation as security administrator."""
    statement = Invitation.from_bytes(service.invitation_content(by, name, Role.SECURITY_ADMINISTRATOR))
    content = replace(statement, **changes).to_bytes()
    return content, service.sign(content, by)


def test_a_link_that_nobody_signed(intruder: Intruder) -> None:
    require_refused(intruder, "organization-decides")


def test_rows_that_are_deleted_do_not_make_a_first_administrator(intruder: Intruder) -> None:
    for table in ("administrator_credentials", "administrator_invitations"):
        intruder.sql(f"DELETE FROM {table}")  # noqa: S608 - names of tables
    intruder.sql("DELETE FROM audit_objects")
    require_refused(intruder, "organization-decides")


@pytest.mark.parametrize("change", ["DELETE FROM audit_entries WHERE id = :id", "UPDATE audit_entries SET entry = :entry WHERE id = :id"])
def test_an_entry_that_is_missing_or_changed_is_noticed(service: ServiceRig, intruder: Intruder, change: str) -> None:
    with service.house.database.read(service.clock()) as tx:
        [told] = [json.loads(entry) for _, entry in audit.every_entry(tx, LOG) if b"issue-administrator-id" in entry]
    entry = json.dumps(told | {"action": "place-order"}).encode()
    intruder.sql("DELETE FROM administrator_credentials")
    intruder.sql(change, id=told["id"], **({"entry": entry} if ":entry" in change else {}))
    require_refused(intruder, "evidence-differs")


def test_a_signature_of_somebody_whose_role_was_raised(service: ServiceRig, admin: AdministratorRig, intruder: Intruder) -> None:
    reader = service.administrator(ORG, "Dana Reader", Role.READ_ONLY, by=admin)
    content, signature = sign_for(service, reader)
    require_refused(intruder, "role", content=content, signature=signature)
    intruder.sql("UPDATE administrators SET role = 'security-administrator'")
    require_refused(intruder, "credential-forged", content=content, signature=signature, name="Mallory Two")


def test_a_signature_by_a_key_that_was_written_into_the_register(service: ServiceRig, admin: AdministratorRig, intruder: Intruder) -> None:
    content, signature = sign_for(service, intruder.forge_credential(admin))
    require_refused(intruder, "credential-forged", content=content, signature=signature)


def test_a_signature_of_another_organization(service: ServiceRig, intruder: Intruder) -> None:
    service.create_organization(OTHER, name="Resource Marketing, Inc.", domains=("bookstore.test",))
    foreign = service.administrator(OTHER, "Fox Mulder")
    content, signature = sign_for(service, foreign, organization=ORG)
    require_refused(intruder, "signer-unknown", content=content, signature=signature)
    # The same name in both, and the row of the person is moved: the certificate tells where it belongs.
    intruder.sql(
        "UPDATE administrators SET organization_id = (SELECT id FROM organizations WHERE slug = :org) WHERE id = :id",
        org=ORG,
        id=foreign.administrator.id,
    )
    require_refused(intruder, "credential-forged", content=content, signature=signature, name="Mallory Two")


def test_a_real_invitation_lets_in_nobody_else(service: ServiceRig, admin: AdministratorRig, intruder: Intruder) -> None:
    content, signature = sign_for(service, admin, "Walter Skinner", role="read-only")
    require_refused(intruder, "invitation-content", content=content, signature=signature)
    # The right name, but a role above the signed one.
    require_refused(intruder, "invitation-content", content=content, signature=signature, name="Walter Skinner")
    content, signature = sign_for(service, admin, organization=OTHER)
    require_refused(intruder, "invitation-content", content=content, signature=signature, name="Mallory Two")
    content, signature = sign_for(service, admin, inviter="adm-" + 32 * "0")
    require_refused(intruder, "invitation-content", content=content, signature=signature, name="Mallory Three")


def test_one_signature_gives_no_role(service: ServiceRig, admin: AdministratorRig, intruder: Intruder) -> None:
    """An administrator and somebody at the database together: a role needs several signatures all the same."""
    content, signature = sign_for(service, admin)
    require_refused(intruder, "invitation-role", content=content, signature=signature)
    # A credential that says this role, moved to the one who wants it: it names another person.
    service.clock.advance(timedelta(days=340))
    service.integrate()
    renewed = service.administrator(ORG, "Fox Mulder", by=admin)
    content, signature = sign_for(service, renewed, "Mallory Two")
    intent_id = intruder.enter(ORG, "Mallory Two", content=content, signature=signature)
    intruder.sql(
        "UPDATE administrator_credentials SET administrator_id = (SELECT id FROM administrators WHERE name = 'Mallory Two') "
        "WHERE certificate_sha256 = :it",
        it=hashes_hex(admin.certificate_der),
    )
    answer = intruder.ask(intent_id)
    assert (answer.ok, answer.kind) == (False, "invitation-role")


def test_a_reader_whose_row_was_raised_gets_no_credential_for_it(service: ServiceRig, admin: AdministratorRig, intruder: Intruder) -> None:
    reader = service.administrator(ORG, "Dana Reader", Role.READ_ONLY, by=admin)
    intruder.sql("UPDATE administrators SET role = 'security-administrator' WHERE id = :id", id=reader.administrator.id)
    content, signature = sign_for(service, admin, "Dana Reader")
    require_refused(intruder, "invitation-role", content=content, signature=signature, name="Dana Reader")
    with pytest.raises(Refused) as refusal:
        perform(service.house, admin.actor, About("x", ORG, "x", "x"), invite_with_signature, ORG, signature)
    assert refusal.value.kind == "invitation-role"


def test_a_real_invitation_lets_in_once_and_not_for_ever(service: ServiceRig, admin: AdministratorRig, intruder: Intruder) -> None:
    invited = service.invite(ORG, "Walter Skinner", by=admin)
    service.enroll(invited, ORG)
    with service.house.database.read(service.clock()) as tx:
        rows = [row._mapping for row in tx.execute(administrators.invitation_statements.select())]
    [kept] = [row for row in rows if json.loads(row["content"])["name"] == "Walter Skinner"]
    intruder.sql("DELETE FROM invitation_statements")
    again = {"content": kept["content"], "signature": kept["signature"], "name": "Walter Skinner"}
    require_refused(intruder, "invitation-used", role=Role.READ_ONLY, **again)
    content, signature = sign_for(service, admin)
    service.clock.advance(timedelta(hours=2))
    service.integrate()
    require_refused(intruder, "statement-expired", content=content, signature=signature)


def test_the_invitation_of_somebody_revoked_meanwhile(service: ServiceRig, admin: AdministratorRig, intruder: Intruder) -> None:
    content, signature = sign_for(service, admin)
    intruder.sql("UPDATE administrator_credentials SET revoked_at = 1")
    require_refused(intruder, "credential-unusable", content=content, signature=signature)


def test_nobody_but_the_holder_of_the_ca_key_is_the_operator(service: ServiceRig, admin: AdministratorRig, intruder: Intruder) -> None:
    """With every credential revoked in the register, the operator could let somebody in; the intruder lacks the key."""
    intruder.sql("UPDATE administrator_credentials SET revoked_at = 1")
    content, signature = sign_for(service, admin, inviter="operator")
    require_refused(intruder, "credential-unusable", content=content, signature=signature)
    ca = x509.load_der_x509_certificate(service.house.administrators_authority.root)
    builder = x509.CertificateBuilder().subject_name(ca.subject).issuer_name(ca.issuer).serial_number(ca.serial_number)
    builder = builder.not_valid_before(ca.not_valid_before_utc).not_valid_after(ca.not_valid_after_utc)
    double = builder.public_key(intruder.key.public_key()).sign(intruder.key, hashes.SHA256())
    der = double.public_bytes(serialization.Encoding.DER)
    signature = service.sign(content, AdministratorRig(admin.administrator, der, intruder.key, ORG))
    require_refused(intruder, "signer-unknown", content=content, signature=signature, name="Mallory Two")
    # The real certificate of the CA beside a signature of his own.
    swapped = signature.replace(der, service.house.administrators_authority.root)
    intent_id = intruder.enter(ORG, "Mallory Three", content=content, signature=swapped)
    assert not intruder.ask(intent_id).ok
    assert people(service) == {"Fox Mulder"}


def test_a_role_raised_in_the_register_approves_nothing(service: ServiceRig, admin: AdministratorRig, intruder: Intruder) -> None:
    reader = service.administrator(ORG, "Dana Reader", Role.READ_ONLY, by=admin)
    intruder.sql("UPDATE administrators SET role = 'security-administrator'")
    request = service.submit(ORG, make_csr(NAMES, make_key()))
    with pytest.raises(Refused) as refusal:
        service.approve(request, reader)
    assert refusal.value.kind == "credential-forged"
    # The issuer alone, with the approval written by hand in the place of the real one.
    service.approve(request, admin)
    content = service.approval_content(request, reader, life=timedelta(minutes=9))
    prepared = perform(service.house, SYSTEM, About("x", "", "x", "x"), prepare_certificates, [request.id])
    values = {"signature": service.sign(content, reader), "credential": hashes_hex(reader.certificate_der), "content": content}
    intruder.sql("UPDATE approvals SET signature = :signature, credential_sha256 = :credential, content = :content", **values)
    [result] = complete_batch(service.house, service.keys, [prepared.intents[0].id]).values()
    assert (result.ok, result.kind) == (False, "credential-forged")


def test_one_person_does_not_count_as_two(service: ServiceRig, admin: AdministratorRig, intruder: Intruder) -> None:
    """A second row of the same name for a renewed Administrator ID would be a second approval."""
    service.clock.advance(timedelta(days=340))
    service.integrate()
    renewed = service.administrator(ORG, "Fox Mulder", by=admin)
    assert renewed.administrator.id == admin.administrator.id
    copied = "SELECT 'adm-twin', organization_id, name, email, role, state, created_at FROM administrators WHERE id = :id"
    columns = "id, organization_id, name, email, role, state, created_at"
    intruder.sql(f"INSERT INTO administrators ({columns}) {copied}", id=admin.administrator.id)
    sha256 = hashes_hex(renewed.certificate_der)
    intruder.sql("UPDATE administrator_credentials SET administrator_id = 'adm-twin' WHERE certificate_sha256 = :it", it=sha256)
    request = service.submit(ORG, make_csr(NAMES, make_key()))
    with pytest.raises(Refused) as refusal:
        service.approve(request, renewed)
    assert refusal.value.kind == "credential-forged"


def test_an_administrator_id_of_version_1_still_decides(service: ServiceRig, admin: AdministratorRig) -> None:
    """It tells organization and name alone; until it ends, the register is believed about the rest."""
    now, key = service.clock(), make_key()
    authority = service.house.administrators_authority
    ca = x509.load_der_x509_certificate(authority.root)
    real = x509.load_der_x509_certificate(admin.certificate_der)
    kept = {NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME}
    subject = x509.Name([attribute for attribute in real.subject if attribute.oid in kept])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(ca.subject).public_key(key.public_key()).serial_number(77)
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    der = builder.sign(service.keys[authority.id], hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    with service.house.database.write(now) as tx:
        end = now + timedelta(days=30)
        administrators.insert_credential(tx, Credential(CredentialId("cre-old"), admin.administrator.id, der, hashes_hex(der), end, None))
    old = AdministratorRig(admin.administrator, der, key, ORG)
    service.issue(ORG, old, NAMES)
    service.administrator(ORG, "Walter Skinner", by=old)
