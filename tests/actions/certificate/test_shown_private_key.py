"""A private key that somebody shows is proof: its certificates are revoked, and their owners are told. Both databases."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from privyseal.actions.certificate.revoke_certificate import BySystem, revoke_certificate
from privyseal.actions.house import About, attempt, perform
from privyseal.engine.private_keys import PrivateKeyFound, refuse_private_keys
from privyseal.jobs.sweep import sweep
from privyseal.model.actor import SYSTEM, Actor, ActorKind
from privyseal.model.certificate import Certificate, CertificateState
from privyseal.model.fact import FactKind
from privyseal.model.revocation import RevocationReason
from privyseal.store import audit, certificates, outbox, revocations
from tests.rigs.beginnings import named
from tests.rigs.service import AdministratorRig, ServiceRig, SubjectKey, make_key

ORG = "resource-marketing"
NAME = "www.resource-marketing.test"
STRANGER = Actor(ActorKind.REQUESTER, "anonymous", source="s" * 32)


@pytest.fixture
def admin(service: ServiceRig) -> AdministratorRig:
    service.listeners[FactKind.KEY_DISCLOSED] = ("letters",)
    return named(service, "admin")


def show(service: ServiceRig, key: SubjectKey, slug: str = ORG) -> PrivateKeyFound:
    """Paste a private key into a form, as any stranger can."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(PrivateKeyFound) as refused:
        attempt(service.house, STRANGER, About("read-csr", slug, "csr", "csr"), lambda: refuse_private_keys(pem))
    return refused.value


def run_sweep(service: ServiceRig) -> int:
    return sweep(service.house, lambda _: None).revoked


def now_of(service: ServiceRig, certificate: Certificate) -> Certificate:
    with service.house.database.read(service.clock()) as tx:
        found = certificates.get(tx, certificate.id)
    assert found is not None
    return found


def told(service: ServiceRig) -> list[dict[str, str]]:
    with service.house.database.read(service.clock()) as tx:
        rows = tx.execute(sa.select(outbox.outbox.c.payload).where(outbox.outbox.c.fact == "key-disclosed"))
        return [row.payload for row in rows]


def logged(service: ServiceRig, action: str) -> list[tuple[str, str, str]]:
    with service.house.database.read(service.clock()) as tx:
        entries = [json.loads(row.entry) for row in tx.execute(sa.select(audit.entries.c.entry))]
    return [(entry["log"], entry["object"]["id"], entry["reason"]) for entry in entries if entry["action"] == action]


def test_its_certificate_is_revoked_and_everybody_told_once(service: ServiceRig, admin: AdministratorRig) -> None:
    key = make_key()
    certificate, other = service.issue(ORG, admin, [NAME], key), service.issue(ORG, admin, [NAME])
    assert show(service, key).certificates == ((NAME, certificate.serial_hex),)
    assert now_of(service, certificate).state is CertificateState.VALID, "blocking is first; whatever dies here, the sweep goes on"
    assert show(service, key).certificates == ((NAME, certificate.serial_hex),)
    assert told(service) == [{"organization": ORG, "certificate": certificate.id}]

    assert run_sweep(service) == 1
    assert run_sweep(service) == 0
    revoked = now_of(service, certificate)
    assert (revoked.state, revoked.revocation_reason) == (CertificateState.REVOKED, RevocationReason.KEY_COMPROMISE.code)
    assert now_of(service, other).state is CertificateState.VALID
    assert show(service, key).certificates == (), "there is nothing left to do for anybody"
    assert len(told(service)) == 1
    assert [serial for _, serial, _ in logged(service, "receive-private-key")] == [certificate.serial_hex]
    assert [found[1:] for found in logged(service, "revoke-certificate")] == [(certificate.serial_hex, "keyCompromise")]


def test_another_organization_learns_of_no_certificate_but_its_own(service: ServiceRig, admin: AdministratorRig) -> None:
    key = make_key()
    certificate = service.issue(ORG, admin, [NAME], key)
    service.create_organization("hoffman-brandt", name="Hoffman Brandt LLC", domains=("hoffman-brandt.test",))
    assert show(service, key, "hoffman-brandt").certificates == ()
    assert told(service) == [{"organization": ORG, "certificate": certificate.id}]
    assert run_sweep(service) == 1


def test_what_was_only_said_of_a_key_is_outweighed(service: ServiceRig, admin: AdministratorRig) -> None:
    """Two certificates of one key: one was revoked because somebody said so, the other follows when the key is shown."""
    key = make_key()
    first, second = service.issue(ORG, admin, [NAME], key), service.issue(ORG, admin, [NAME], key)
    about = About("revoke-certificate", ORG, "certificate", first.serial_hex)
    perform(service.house, SYSTEM, about, revoke_certificate, ORG, first.serial_hex, BySystem(RevocationReason.KEY_COMPROMISE))
    assert run_sweep(service) == 0
    show(service, key)
    assert run_sweep(service) == 1
    assert now_of(service, second).state is CertificateState.REVOKED
    with service.house.database.read(service.clock()) as tx:
        assert revocations.blocked_reason(tx, second.spki_sha256) == revocations.KEY_DISCLOSED


def test_a_flood_of_refusals_does_not_hide_a_key(service: ServiceRig, admin: AdministratorRig) -> None:
    key = make_key()
    certificate = service.issue(ORG, admin, [NAME], key)
    for _ in range(35):
        show(service, make_key())
    show(service, key)
    assert run_sweep(service) == 1
    assert now_of(service, certificate).state is CertificateState.REVOKED
