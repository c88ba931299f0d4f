"""I25: revoked is final, and nothing is ever deleted: serial, state and history stay."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from privyseal.actions.administrator.enroll_administrator import enroll_administrator
from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.certificate.revoke_certificate import ByAdministrator, BySubscriber, BySystem, revoke_certificate
from privyseal.actions.house import SWEEP_AFTER, About, perform
from privyseal.engine.csr import read_csr
from privyseal.issuer.desk import complete_batch
from privyseal.issuer.publisher import publish_due
from privyseal.jobs.sweep import sweep
from privyseal.model.actor import SYSTEM
from privyseal.model.administrator import Role
from privyseal.model.certificate import Certificate, CertificateState, IntentState
from privyseal.model.errors import Refused
from privyseal.model.proof import PhraseProof
from privyseal.model.request import RequestState
from privyseal.model.revocation import RevocationReason
from privyseal.model.statement import utc_text
from privyseal.store import certificates, requests, revocations
from privyseal.store.schema_setup import all_metadata
from privyseal_wire.statements import Revocation
from tests.rigs.books import crl_numbers, rows
from tests.rigs.service import AdministratorRig, ServiceRig, SubjectKey, make_csr, make_key

ORG = "resource-marketing"
OTHER = "bookstore"
SOURCE = Path(__file__).parents[2] / "src"
ABOUT = About("revoke-certificate", ORG, "certificate", "x")

MAY_BE_DELETED = {
    "attempts",
    "idempotency_keys",
    "crls",
    "outbox",
    "sessions",
    "sign_in_challenges",
    "hand_over_codes",
    "passkey_challenges",
    "saved_searches",
    "kept_forms",
    "kept_answers",
    "task_failures",
}
"""Misses, answers under idempotency keys, CRL bodies that newer ones replaced, facts that were heard, sessions and sign-ins,
searches that a person kept, forms that wait for a credential, answers that wait for their signature, periodic work that failed."""


@pytest.fixture
def admin(service: ServiceRig) -> AdministratorRig:
    """An administrator of an organization with units."""
    service.create_organization()
    return service.administrator(ORG)


def revoke(service: ServiceRig, certificate: Certificate, authority: ByAdministrator | BySubscriber | BySystem) -> Certificate:
    return perform(service.house, SYSTEM, ABOUT, revoke_certificate, ORG, certificate.serial_hex, authority)


def signed(service: ServiceRig, certificate: Certificate, admin: AdministratorRig, reason: str) -> ByAdministrator:
    statement = Revocation(
        service=service.settings.service_id,
        organization=ORG,
        ca="issuing",
        serial=certificate.serial_hex,
        reason=reason,
        comment="",
        revoker=admin.administrator.id,
        expires=utc_text(service.clock() + timedelta(minutes=5)),
    )
    return ByAdministrator(service.sign(statement.to_bytes(), admin))


def history(service: ServiceRig, certificate: Certificate) -> tuple[Certificate | None, tuple[datetime, int] | None, dict[str, int]]:
    with service.house.database.read(service.clock()) as tx:
        authority_id = service.house.issuing.id
        now = certificates.get(tx, certificate.id)
        return now, revocations.of_serial(tx, authority_id, certificate.serial_hex), crl_numbers(tx, authority_id)


def test_a_second_revocation_changes_nothing(service: ServiceRig, admin: AdministratorRig) -> None:
    certificate = service.issue(ORG, admin, ["webtrust.resource-marketing.test"])
    first = revoke(service, certificate, signed(service, certificate, admin, "superseded"))
    assert (first.state, first.revocation_reason) == (CertificateState.REVOKED, RevocationReason.SUPERSEDED.code)
    publish_due(service.house, service.keys)
    before = history(service, certificate)
    service.clock.advance(timedelta(hours=1))
    assert certificate.request_id is not None
    assert certificate.organization_id is not None
    proof = PhraseProof(certificate.organization_id, certificate.request_id)
    for authority in (
        signed(service, certificate, admin, "superseded"),
        signed(service, certificate, admin, "keyCompromise"),
        BySubscriber(proof, "cessationOfOperation"),
        BySystem(RevocationReason.PRIVILEGE_WITHDRAWN),
    ):
        again = revoke(service, certificate, authority)
        assert (again.revoked_at, again.revocation_reason) == (first.revoked_at, first.revocation_reason)
    assert publish_due(service.house, service.keys) == 0
    assert history(service, certificate) == before
    # What the second one knew is not lost: the key is compromised whatever the CRL's reason says.
    with service.house.database.read(service.clock()) as tx:
        assert revocations.blocked_reason(tx, certificate.spki_sha256) is not None


def test_nothing_leads_out_of_revoked(service: ServiceRig, admin: AdministratorRig) -> None:
    certificate = service.issue(ORG, admin, ["webtrust.resource-marketing.test"])
    revoke(service, certificate, BySystem(RevocationReason.SUPERSEDED))
    publish_due(service.house, service.keys)
    before = history(service, certificate)[:2]
    request_id = certificate.request_id
    assert request_id is not None
    # Completing, abandoning and preparing once more, and every sweep until it would have expired.
    assert complete_batch(service.house, service.keys, [certificate.intent_id])[certificate.intent_id].ok
    with service.house.database.write(service.clock()) as tx:
        assert not certificates.mark_revoked(tx, certificate.id, RevocationReason.UNSPECIFIED.code)
        assert certificates.close_intents(tx, [certificate.intent_id], IntentState.ABANDONED) == []
        certificates.schedule_revocation(tx, certificate.id, tx.now)
    assert perform(service.house, SYSTEM, ABOUT, prepare_certificates, [request_id]).intents == ()
    reissue = service.reissue(ORG, certificate.serial_hex, make_csr(["webtrust.resource-marketing.test"], make_key()))
    service.approve(reissue, admin)
    service.prepare_and_complete(reissue.id)
    for _ in range(3):
        service.clock.advance(timedelta(days=100))
        service.integrate()
        sweep(service.house, lambda _: None)
    after = history(service, certificate)[:2]
    assert before[0] is not None
    assert after[0] is not None
    assert (after[0].state, after[0].revoked_at, after[1]) == (CertificateState.REVOKED, before[0].revoked_at, before[1])
    publish_due(service.house, service.keys)
    with service.house.database.read(service.clock()) as tx:
        newest = revocations.newest_crl(tx, service.house.issuing.id, revocations.FULL)
    assert newest is not None
    assert bytes.fromhex(certificate.serial_hex) in newest.tail


# ------------------------------------------------------------------------------------------------- nothing is deleted


@functools.cache
def calls() -> tuple[tuple[str, str, ast.Call], ...]:
    """(module, function or constant, call) of every method call in the service's own code."""
    found = []
    for path in sorted((SOURCE / "privyseal").rglob("*.py")):
        for part in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(part, ast.FunctionDef | ast.ClassDef):
                name, statements = part.name, part.body
            else:
                name, statements = ", ".join(map(ast.unparse, part.targets)) if isinstance(part, ast.Assign) else "", [part]
            nodes = (node for statement in statements for node in ast.walk(statement) if isinstance(node, ast.Call))
            found += [(path.stem, name, node) for node in nodes if isinstance(node.func, ast.Attribute)]
    return tuple(found)


def test_the_code_deletes_from_few_tables_alone() -> None:
    deleting = {
        (module, function, ast.unparse(node.func)) for module, function, node in calls() if ast.unparse(node.func).endswith(".delete")
    }
    assert deleting == {
        ("drafts", "delete_expired", "enrollment_drafts.delete"),
        ("kept_forms", "delete_expired", "kept_forms.delete"),
        ("kept_answers", "delete_expired", "kept_answers.delete"),
        ("kept_answers", "forget", "kept_answers.delete"),
        ("kept_answers", "put", "kept_answers.delete"),
        ("throttles", "clear_misses", "attempts.delete"),
        ("throttles", "count_lately", "attempts.delete"),
        ("throttles", "forget_misses", "attempts.delete"),
        ("throttles", "release_key", "idempotency_keys.delete"),
        ("throttles", "forget_answers", "idempotency_keys.delete"),
        ("revocations", "_PRUNE_CRLS", "crls.delete"),
        ("outbox", "delete_done", "outbox.delete"),
        ("task_failures", "forget", "task_failures.delete"),
        ("passkeys", "insert_challenge", "passkey_challenges.delete"),
        ("passkeys", "take_challenge", "passkey_challenges.delete"),
        ("searches", "forget", "saved_searches.delete"),
        ("sessions", "forget", "sessions.delete"),
        ("sessions", "forget_sign_ins", "sign_in_challenges.delete"),
        ("sessions", "forget_sign_ins", "hand_over_codes.delete"),
        ("sessions", "take_challenge", "sign_in_challenges.delete"),
        ("sessions", "take_code", "hand_over_codes.delete"),
        ("sign_ons", "forget_attempts", "sign_on_attempts.delete"),
        ("sign_ons", "take_attempt", "sign_on_attempts.delete"),
    }
    words = re.compile(r"\b(DELETE\s+FROM|TRUNCATE|DROP\s+TABLE)\b", re.IGNORECASE)
    assert [path for path in (SOURCE / "privyseal").rglob("*.py") if words.search(path.read_text(encoding="utf-8"))] == []


def test_one_statement_alone_changes_the_state_of_a_certificate() -> None:
    """``mark_revoked``, only away from valid; ``_CLOSE_INTENTS`` beside it is about intents."""
    written = [(module, function, ast.unparse(node)) for module, function, node in calls() if ast.unparse(node.func).endswith(".values")]
    changing = {function: text for module, function, text in written if module == "certificates" and "state=" in text}
    assert set(changing) == {"mark_revoked", "_CLOSE_INTENTS"}
    assert "state == CertificateState.VALID.value" in changing["mark_revoked"]
    assert "state=CertificateState.REVOKED.value" in changing["mark_revoked"]


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
def test_no_row_disappears_in_a_long_life(service: ServiceRig, admin: AdministratorRig) -> None:
    """Everything that happens to certificates in a year, counted table by table after each step."""
    tables = [table for table in all_metadata().sorted_tables if table.name not in MAY_BE_DELETED]

    def counts() -> dict[str, int]:
        with service.house.database.read(service.clock()) as tx:
            return {table.name: tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in tables}

    certificate = service.issue(ORG, admin, ["webtrust.resource-marketing.test"])
    orphan = service.submit(ORG, make_csr(["www.resource-marketing.test"], make_key()))
    service.approve(orphan, admin)
    perform(service.house, SYSTEM, ABOUT, prepare_certificates, [orphan.id])
    pending = service.submit(ORG, make_csr(["old.resource-marketing.test"], make_key()))
    before = counts()

    def complete(intent_ids: object) -> None:
        assert isinstance(intent_ids, list)
        complete_batch(service.house, service.keys, intent_ids)

    for step in (SWEEP_AFTER + timedelta(seconds=1), *[timedelta(days=80)] * 4):
        service.clock.advance(step)
        service.integrate(anchor=True)
        sweep(service.house, complete)
        if step.days:
            revoke(service, certificate, BySystem(RevocationReason.SUPERSEDED))
        publish_due(service.house, service.keys)
        after = counts()
        assert {name for name, count in after.items() if count < before[name]} == set()
        before = after
    assert service.request(pending).state is RequestState.LAPSED
    assert service.certificate_of(orphan) is not None
    with service.house.database.read(service.clock()) as tx:
        kept = certificates.get(tx, certificate.id)
    assert kept is not None
    assert kept.state is CertificateState.REVOKED


# --------------------------------------------------------------------------------------- the key is blocked everywhere


def compressed_csr(name: str, key: SubjectKey, directory: Path) -> str:
    """The same key again, its point in compressed form (X9.62 4.3.6), as openssl makes it."""
    (directory / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    named = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}")
    commands = (
        ("ec", "-in", "key.pem", "-conv_form", "compressed", "-out", "compressed.pem"),
        ("req", "-new", "-key", "compressed.pem", *named, "-out", "csr.pem"),
    )
    for command in commands:
        subprocess.run(["openssl", *command], check=True, capture_output=True, cwd=directory, timeout=20)
    return (directory / "csr.pem").read_text(encoding="ascii")


def refusal_of(service: ServiceRig, slug: str, csr: str) -> str:
    with pytest.raises(Refused) as refusal:
        service.submit(slug, csr)
    return refusal.value.kind


def test_a_compromised_key_is_refused_to_everybody(service: ServiceRig, admin: AdministratorRig, tmp_path: Path) -> None:
    service.create_organization(OTHER, name="The Bookstore", domains=("bookstore.test",))
    key = make_key()
    csr = compressed_csr("www.bookstore.test", key, tmp_path)
    assert make_csr(["www.bookstore.test"], key) not in csr
    certificate = service.issue(ORG, admin, ["webtrust.resource-marketing.test"], key)
    revoke(service, certificate, signed(service, certificate, admin, "keyCompromise"))
    assert refusal_of(service, ORG, make_csr(["webtrust.resource-marketing.test"], key)) == "key-blocked"
    assert refusal_of(service, OTHER, make_csr(["www.bookstore.test"], key)) == "key-blocked"
    assert refusal_of(service, OTHER, csr) == "key-blocked"
    with pytest.raises(Refused) as refusal:
        service.reissue(ORG, certificate.serial_hex, make_csr(["webtrust.resource-marketing.test"], key))
    assert refusal.value.kind == "key-blocked"
    about = About("enroll-administrator", ORG, "administrator", "x")
    invited = service.invite(ORG, "Eve", Role.READ_ONLY, by=admin)
    with pytest.raises(Refused) as refusal:
        perform(service.house, SYSTEM, about, enroll_administrator, invited.code, read_csr(make_csr(["eve.test"], key).encode()))
    assert refusal.value.kind == "key-blocked"


def test_what_was_on_its_way_with_the_key_is_stopped(service: ServiceRig, admin: AdministratorRig, tmp_path: Path) -> None:
    """Another organization's request of the same key, in each state that it may have when the compromise becomes known."""
    service.create_organization(OTHER, name="The Bookstore", domains=("bookstore.test",))
    librarian = service.administrator(OTHER)
    key = make_key()
    certificate = service.issue(ORG, admin, ["webtrust.resource-marketing.test"], key)
    names = [f"{word}.bookstore.test" for word in ("approved", "prepared")]
    approved, issuing = (service.submit(OTHER, compressed_csr(name, key, tmp_path)) for name in names)
    for request in (approved, issuing):
        service.approve(request, librarian)
    [intent] = perform(service.house, SYSTEM, ABOUT, prepare_certificates, [issuing.id]).intents
    about = About("enroll-administrator", ORG, "administrator", "x")
    invited = service.invite(ORG, "Eve", Role.READ_ONLY, by=admin)
    enrolled = perform(service.house, SYSTEM, about, enroll_administrator, invited.code, read_csr(make_csr(["eve.test"], key).encode()))
    revoke(service, certificate, BySystem(RevocationReason.KEY_COMPROMISE))
    [(_, refusal)] = perform(service.house, SYSTEM, ABOUT, prepare_certificates, [approved.id]).failures
    assert refusal.kind == "key-blocked"
    results = complete_batch(service.house, service.keys, [intent.id, enrolled])
    assert {intent_id: result.kind for intent_id, result in results.items()} == {intent.id: "key-blocked", enrolled: "key-blocked"}
    with service.house.database.read(service.clock()) as tx:
        assert certificates.of_request(tx, issuing.id) is None
        assert {row["state"] for row in rows(tx, requests.requests, requests.requests.c.id == approved.id)} == {"failed"}
