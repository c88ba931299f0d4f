"""I13 and I14 for passkeys: they decide like Administrator IDs, and nothing that only looks like a decision counts."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from privyseal.actions.administrator.revoke_credential import revoke_credential
from privyseal.actions.approving import Approved, SignedApproval
from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.certificate.revoke_certificate import ByAdministrator, revoke_certificate
from privyseal.actions.house import About, perform
from privyseal.actions.request.approve_request import approve_request
from privyseal.actions.request.approve_requests import approve_requests
from privyseal.actions.request.reject_request import reject_request
from privyseal.engine.passkeys import assertion_options
from privyseal.issuer.desk import complete_batch
from privyseal.model.actor import SYSTEM
from privyseal.model.administrator import Credential, Role
from privyseal.model.certificate import CertificateState
from privyseal.model.errors import Conflict, NotPermitted, Refused
from privyseal.model.identifiers import CredentialId, PasskeyRowId
from privyseal.model.passkey import Passkey
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.request import Request, RequestState
from privyseal.model.revocation import RevocationReason
from privyseal.model.statement import utc_text
from privyseal.store import administrators, audit, passkeys, requests
from privyseal_wire.canonical import canonical_bytes, parse_json
from privyseal_wire.cms import sign_attached
from privyseal_wire.passkey import Assertion, PasskeySigned, Signature, verify_signed
from privyseal_wire.statements import Rejection, Revocation
from tests.rigs.authenticator import ES256, RS256, Authenticator, Wrong
from tests.rigs.passkeys import PasskeyHolder, by_certificate, enroll, holder, invite
from tests.rigs.service import ServiceRig, hashes_hex, make_csr, make_key

ORG = "resource-marketing"
NAMES = ["webtrust.resource-marketing.test"]


def submitted(service: ServiceRig) -> Request:
    return service.submit(ORG, make_csr(NAMES, make_key()))


def approve(service: ServiceRig, request: Request, signature: Signature, slug: str = ORG) -> Approved:
    about = About("approve-request", slug, "request", request.id)
    return perform(service.house, SYSTEM, about, approve_request, slug, request.id, signature)


def refused(service: ServiceRig, request: Request, signature: Signature, slug: str = ORG) -> str:
    """The kind of the refusal; it stands in the organization's log, and nothing else happened."""
    with pytest.raises(Refused) as refusal:
        approve(service, request, signature, slug)
    assert refusal.value.sentence.endswith(".")
    assert service.request(request).state is RequestState.PENDING
    assert (f"approve-request {refusal.value.kind}") in refusals(service)
    return refusal.value.kind


def refusals(service: ServiceRig) -> list[str]:
    with service.house.database.read(service.clock()) as tx:
        entries: list[Any] = [parse_json(row.entry) for row in tx.execute(sa.select(audit.entries.c.entry))]
    return [f"{entry['action']} {entry['reason']}" for entry in entries if entry["outcome"] == "refused"]


@pytest.mark.parametrize("algorithm", [ES256, RS256])
def test_an_approval_by_passkey_issues_the_certificate(service: ServiceRig, algorithm: int) -> None:
    service.create_organization()
    paula = enroll(service, ORG, invite(service, ORG, "Paula Passkey"), Authenticator(algorithm=algorithm))
    request = submitted(service)
    signed = paula.sign(paula.approval(request))
    assert approve(service, request, signed).is_complete
    assert [result.ok for result in service.prepare_and_complete(request.id)] == [True]
    certificate = service.certificate_of(request)
    assert certificate is not None
    assert certificate.common_name == NAMES[0]
    with service.house.database.read(service.clock()) as tx:
        [kept] = requests.approvals_of(tx, [request.id])[request.id]
        found = administrators.by_certificate(tx, kept.credential_sha256)
    assert (kept.content, kept.signature) == (signed.content, signed.assertion)
    assert found is not None
    # An auditor needs what is stored, and nothing of the service.
    stored = PasskeySigned(kept.content, kept.signature)
    verify_signed(stored, certificate_der=found[1].certificate_der, relying_party=service.house.relying_party)


def test_an_administrator_id_and_a_passkey_of_one_person_are_one_approver(service: ServiceRig) -> None:
    service.create_organization(policy=PolicyDraft(approvals=2))
    admin = service.administrator(ORG)
    person = by_certificate(service, admin, Authenticator())
    request = submitted(service)
    service.approve(request, admin)
    with pytest.raises(Conflict) as refusal:
        approve(service, request, person.sign(service.approval_content(request, admin, life=timedelta(minutes=9))))
    assert refusal.value.kind == "already-approved"


def test_many_requests_are_approved_by_passkey(service: ServiceRig) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    waiting = [submitted(service) for _ in range(3)]
    items = [SignedApproval(request.id, paula.sign(paula.approval(request))) for request in waiting]
    items[1] = replace(items[1], signature=paula.sign(b"{}"))
    outcomes = perform(service.house, SYSTEM, About("approve-request", ORG, "request", "batch"), approve_requests, ORG, items)
    assert [isinstance(outcome, Approved) for outcome in outcomes] == [True, False, True]


WRONG = {
    "another origin": (Wrong(origin="https://evil.test"), "passkey-origin"),
    "another site": (Wrong(rp_id="evil.test"), "passkey-site"),
    "a foreign frame": (Wrong(cross_origin=True), "passkey-origin"),
    "nobody verified": (Wrong(verified=False), "passkey-not-verified"),
    "nobody present": (Wrong(present=False), "passkey-not-present"),
    "a sign-in": (Wrong(challenge=os.urandom(32)), "passkey-challenge"),
    "another key": (Wrong(key=Authenticator().new_key()), "passkey-signature"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_only_looks_like_an_approval_is_refused(service: ServiceRig, name: str) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    request = submitted(service)
    wrong, kind = WRONG[name]
    assert refused(service, request, paula.sign(paula.approval(request), wrong)) == kind


def test_an_approval_binds_what_it_names(service: ServiceRig) -> None:
    service.create_organization()
    service.create_organization("hacker", name="Hacker Ltd", domains=("hacker.test",))
    paula = holder(service, ORG)
    request, other = submitted(service), service.submit(ORG, make_csr(["other.resource-marketing.test"], make_key()))
    content = paula.approval(request)
    assert refused(service, other, paula.sign(content)) == "approval-content"
    fields = parse_json(content)
    assert isinstance(fields, dict)
    for changes in ({"service": "other.localhost"}, {"organization": "hacker"}, {"lifetime_days": 364}, {"approver": "adm-" + "0" * 32}):
        assert refused(service, request, paula.sign(canonical_bytes(fields | changes))) == "approval-content"
    assert refused(service, request, PasskeySigned(canonical_bytes(fields | {"contact": "x@y.test"}), paula.sign(content).assertion)) == (
        "passkey-challenge"
    )


def test_a_sign_in_is_no_approval(service: ServiceRig) -> None:
    """What a person signed to log on, kept by the service or taken on the way, is no decision about anything."""
    service.create_organization()
    paula = holder(service, ORG)
    request = submitted(service)
    sign_in = paula.device.get(assertion_options(service.house.relying_party, os.urandom(32), []))
    container = Assertion.from_browser(sign_in).to_bytes()
    assert refused(service, request, PasskeySigned(paula.approval(request), container)) == "passkey-challenge"


def test_an_approval_is_used_once(service: ServiceRig) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    request = submitted(service)
    signed = paula.sign(paula.approval(request))
    approve(service, request, signed)
    with pytest.raises(Refused) as refusal:
        approve(service, request, signed)
    assert refusal.value.kind == "approval-replayed"


def test_an_expired_approval_is_refused(service: ServiceRig) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    request = submitted(service)
    signed = paula.sign(paula.approval(request))
    service.clock.advance(timedelta(minutes=11))
    assert refused(service, request, signed) == "statement-expired"


def test_a_revoked_passkey_decides_nothing(service: ServiceRig) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    request = submitted(service)
    signed = paula.sign(paula.approval(request))
    about = About("revoke-credential", ORG, "administrator", paula.administrator.id)
    perform(service.house, paula.actor, about, revoke_credential, ORG, paula.certificate_sha256, RevocationReason.UNSPECIFIED)
    assert refused(service, request, signed) == "credential-unusable"
    with service.house.database.read(service.clock()) as tx:
        assert passkeys.usable_of(tx, paula.administrator.id) == []


def test_a_passkey_revoked_after_its_approval_issues_nothing(service: ServiceRig) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    request = submitted(service)
    approve(service, request, paula.sign(paula.approval(request)))
    prepared = perform(service.house, SYSTEM, About("x", "", "x", "x"), prepare_certificates, [request.id])
    about = About("revoke-credential", ORG, "administrator", paula.administrator.id)
    perform(service.house, paula.actor, about, revoke_credential, ORG, paula.certificate_sha256, RevocationReason.UNSPECIFIED)
    [result] = complete_batch(service.house, service.keys, [prepared.intents[0].id]).values()
    assert (result.ok, result.kind) == (False, "approval-missing")


def test_another_persons_passkey_does_not_stand_in(service: ServiceRig) -> None:
    service.create_organization()
    service.create_organization("hacker", name="Hacker Ltd", domains=("hacker.test",))
    paula, stranger = holder(service, ORG), holder(service, "hacker", "Mallory Hacker")
    colleague = enroll(service, ORG, invite(service, ORG, "Carl Colleague", by=paula), Authenticator())
    request = submitted(service)
    content = paula.approval(request)
    assert refused(service, request, colleague.sign(content)) == "approval-content"
    assert refused(service, request, stranger.sign(content)) == "signer-unknown"
    nobody = replace(Assertion.from_bytes(paula.sign(content).assertion), credential="A" * 43)
    assert refused(service, request, PasskeySigned(content, nobody.to_bytes())) == "signer-unknown"
    # Another passkey's id in front of a genuine signature finds another certificate, which did not sign.
    swapped = replace(Assertion.from_bytes(paula.sign(content).assertion), credential=colleague.passkey_id)
    assert refused(service, request, PasskeySigned(content, swapped.to_bytes())) == "passkey-signature"


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.AUDITOR])
def test_a_role_without_the_right_cannot_approve_by_passkey(service: ServiceRig, role: Role) -> None:
    service.create_organization()
    reader = holder(service, ORG, "Rita Reader", role)
    request = submitted(service)
    with pytest.raises(NotPermitted):
        approve(service, request, reader.sign(reader.approval(request)))


def forge(service: ServiceRig, paula: PasskeyHolder) -> PasskeyHolder:
    """What somebody who can write the database would do: a passkey of his own in the name of a real administrator."""
    device = Authenticator()
    key, now, passkey_id = device.new_key(), service.clock(), "F" * 42 + "A"
    device.keys[passkey_id] = key
    with service.house.database.write(now) as tx:
        found = administrators.by_certificate(tx, paula.certificate_sha256)
        assert found is not None
        real = x509.load_der_x509_certificate(found[1].certificate_der)
        builder = x509.CertificateBuilder().subject_name(real.subject).issuer_name(real.issuer).public_key(key.public_key())
        builder = builder.serial_number(4711).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=10))
        der = builder.sign(make_key(), hashes.SHA256()).public_bytes(serialization.Encoding.DER)
        person = paula.administrator.id
        credential = Credential(CredentialId("cre-forged"), person, der, hashes_hex(der), now + timedelta(days=10), None)
        administrators.insert_credential(tx, credential)
        row = (PasskeyRowId("pky-forged"), person, passkey_id, "f0" * 32, "Mine", (), 0, None, None, None)
        passkeys.insert(tx, Passkey(*row, credential.certificate_sha256, now, None))
    return PasskeyHolder(service, paula.administrator, ORG, device)


def test_a_passkey_written_into_the_register_approves_nothing(service: ServiceRig) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    request = submitted(service)
    assert refused(service, request, forge(service, paula).sign(paula.approval(request))) == "credential-forged"


def test_the_issuer_alone_finds_a_passkey_written_into_the_register(service: ServiceRig) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    forged = forge(service, paula)
    request = submitted(service)
    content = paula.approval(request)
    approve(service, request, paula.sign(content))
    prepared = perform(service.house, SYSTEM, About("x", "", "x", "x"), prepare_certificates, [request.id])
    with service.house.database.write(service.clock()) as tx:
        values = {"signature": forged.sign(content).assertion, "credential": forged.certificate_sha256}
        tx.execute(sa.text("UPDATE approvals SET signature = :signature, credential_sha256 = :credential"), values)
    [result] = complete_batch(service.house, service.keys, [prepared.intents[0].id]).values()
    assert (result.ok, result.kind) == (False, "credential-forged")
    assert "complete-certificate credential-forged" in refusals(service)
    assert service.certificate_of(request) is None


def test_the_issuer_verifies_the_assertion_over_the_stored_content(service: ServiceRig) -> None:
    """A genuine assertion under exchanged content, and content of another's choice under a genuine row, issue nothing."""
    service.create_organization()
    paula = holder(service, ORG)
    request = submitted(service)
    content = paula.approval(request)
    approve(service, request, paula.sign(content))
    prepared = perform(service.house, SYSTEM, About("x", "", "x", "x"), prepare_certificates, [request.id])
    fields = parse_json(content)
    assert isinstance(fields, dict)
    later = canonical_bytes(fields | {"expires": utc_text(service.clock() + timedelta(days=6))})
    with service.house.database.write(service.clock()) as tx:
        tx.execute(sa.text("UPDATE approvals SET content = :content"), {"content": later})
    [result] = complete_batch(service.house, service.keys, [prepared.intents[0].id]).values()
    assert (result.ok, result.kind) == (False, "passkey-challenge")


def test_each_kind_of_credential_signs_in_its_own_form(service: ServiceRig) -> None:
    """A policy may ask for CMS; so the key of a passkey signs no CMS, and that of an Administrator ID makes no assertion."""
    service.create_organization()
    admin = service.administrator(ORG)
    person = by_certificate(service, admin, Authenticator())
    request = submitted(service)
    content = person.approval(request)
    with service.house.database.read(service.clock()) as tx:
        found = administrators.by_certificate(tx, person.certificate_sha256)
    assert found is not None
    key: Any = person.device.keys[person.passkey_id]
    assert refused(service, request, sign_attached(content, found[1].certificate_der, key, now=service.clock())) == "credential-kind"
    with service.house.database.write(service.clock()) as tx:
        values = {"certificate": hashes_hex(admin.certificate_der)}
        tx.execute(sa.text("UPDATE passkeys SET credential_sha256 = :certificate"), values)
    person.device.keys[person.passkey_id] = admin.key
    assert refused(service, request, person.sign(content)) == "credential-kind"


def test_a_counter_that_goes_back_is_refused_and_recorded(service: ServiceRig) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    request = submitted(service)
    content = paula.approval(request)
    with service.house.database.read(service.clock()) as tx:
        [before] = passkeys.usable_of(tx, paula.administrator.id)
    for count in (before.sign_count, 0):
        assert refused(service, request, paula.sign(content, Wrong(sign_count=count))) == "passkey-copied"
    approve(service, request, paula.sign(content, Wrong(sign_count=before.sign_count + 5)))
    with service.house.database.read(service.clock()) as tx:
        [after] = passkeys.usable_of(tx, paula.administrator.id)
    assert after.sign_count == before.sign_count + 5
    assert after.last_used_at is not None


def test_synchronized_passkeys_do_not_count(service: ServiceRig) -> None:
    service.create_organization()
    paula = enroll(service, ORG, invite(service, ORG, "Paula Passkey"), Authenticator(synchronized=True))
    for _ in range(2):
        request = submitted(service)
        approve(service, request, paula.sign(paula.approval(request)))


def test_a_rejection_and_a_revocation_by_passkey(service: ServiceRig) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    frame = {"service": "privyseal.localhost", "organization": ORG, "expires": utc_text(service.clock() + timedelta(minutes=10))}
    request = submitted(service)
    rejection = Rejection(**frame, request=request.id, approver=paula.administrator.id, reason="Wrong department").to_bytes()
    about = About("reject-request", ORG, "request", request.id)
    with pytest.raises(Refused) as refusal:
        perform(service.house, SYSTEM, about, reject_request, ORG, request.id, paula.sign(rejection, Wrong(origin="https://evil.test")))
    assert refusal.value.kind == "passkey-origin"
    rejected = perform(service.house, SYSTEM, about, reject_request, ORG, request.id, paula.sign(rejection))
    assert rejected.state is RequestState.REJECTED
    request = submitted(service)
    approve(service, request, paula.sign(paula.approval(request)))
    service.prepare_and_complete(request.id)
    certificate = service.certificate_of(request)
    assert certificate is not None
    statement = Revocation(
        **frame,
        ca=service.house.issuing.slug,
        serial=certificate.serial_hex,
        reason="superseded",
        comment="",
        revoker=paula.administrator.id,
    )
    about = About("revoke-certificate", ORG, "certificate", certificate.serial_hex)
    authority = ByAdministrator(paula.sign(statement.to_bytes()))
    revoked = perform(service.house, SYSTEM, about, revoke_certificate, ORG, certificate.serial_hex, authority)
    assert revoked.state is CertificateState.REVOKED
