"""What a replaced certificate waits for, and what happens when its replacement ends first. Both databases."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from privyseal.actions.certificate.revoke_certificate import BySystem, revoke_certificate
from privyseal.actions.house import About, perform
from privyseal.jobs.sweep import Swept, sweep
from privyseal.model.actor import SYSTEM
from privyseal.model.certificate import REISSUE_GRACE, Certificate, CertificateState
from privyseal.model.identifiers import IntentId
from privyseal.model.revocation import RevocationReason
from privyseal.store import audit, certificates
from tests.rigs.service import AdministratorRig, ServiceRig, make_csr, make_key

ORG = "resource-marketing"
NAME = "www.resource-marketing.test"


def replace(service: ServiceRig, admin: AdministratorRig, certificate: Certificate) -> Certificate:
    request = service.reissue(ORG, certificate.serial_hex, make_csr([NAME], make_key()))
    service.approve(request, admin)
    service.prepare_and_complete(request.id)
    replacement = service.certificate_of(request)
    assert replacement is not None
    return replacement


def revoke(service: ServiceRig, certificate: Certificate, reason: RevocationReason = RevocationReason.UNSPECIFIED) -> None:
    about = About("revoke-certificate", ORG, "certificate", certificate.serial_hex)
    perform(service.house, SYSTEM, about, revoke_certificate, ORG, certificate.serial_hex, BySystem(reason))


def now_of(service: ServiceRig, certificate: Certificate) -> Certificate:
    with service.house.database.read(service.clock()) as tx:
        found = certificates.get(tx, certificate.id)
    assert found is not None
    return found


def run_sweep(service: ServiceRig) -> Swept:
    def nobody(intent_ids: Sequence[IntentId]) -> None:
        assert not intent_ids

    return sweep(service.house, nobody)


def kept(service: ServiceRig) -> list[str]:
    """The serial numbers of the audit entries that say that a certificate is not revoked after all."""
    with service.house.database.read(service.clock()) as tx:
        entries = [json.loads(row.entry) for row in tx.execute(sa.select(audit.entries.c.entry))]
    return [entry["object"]["id"] for entry in entries if entry["action"] == "keep-certificate"]


def test_the_replaced_one_is_revoked_after_the_grace(service: ServiceRig, admin: AdministratorRig) -> None:
    old = service.issue(ORG, admin, [NAME])
    replace(service, admin, old)
    service.clock.advance(REISSUE_GRACE + timedelta(minutes=1))
    assert run_sweep(service).revoked == 1
    assert now_of(service, old).state is CertificateState.REVOKED


def test_a_revoked_replacement_lets_the_replaced_one_live(service: ServiceRig, admin: AdministratorRig) -> None:
    old = service.issue(ORG, admin, [NAME])
    new = replace(service, admin, old)
    assert now_of(service, old).revoke_after is not None
    revoke(service, new)
    revoke(service, new)
    assert now_of(service, old).revoke_after is None
    assert kept(service) == [old.serial_hex]
    service.clock.advance(REISSUE_GRACE + timedelta(minutes=1))
    assert run_sweep(service).revoked == 0
    assert now_of(service, old).state is CertificateState.VALID
    # The next replacement begins a grace of its own.
    service.integrate()
    replace(service, admin, old)
    end = now_of(service, old).revoke_after
    assert end is not None
    assert end > service.clock() + REISSUE_GRACE - timedelta(minutes=1)


def test_with_another_replacement_the_grace_goes_on(service: ServiceRig, admin: AdministratorRig) -> None:
    old = service.issue(ORG, admin, [NAME])
    first, second = replace(service, admin, old), replace(service, admin, old)
    revoke(service, first)
    assert now_of(service, old).revoke_after is not None
    revoke(service, second)
    assert now_of(service, old).revoke_after is None


def test_a_replacement_of_the_replacement_counts_as_well(service: ServiceRig, admin: AdministratorRig) -> None:
    old = service.issue(ORG, admin, [NAME])
    second = replace(service, admin, old)
    third = replace(service, admin, second)
    revoke(service, second)
    assert now_of(service, old).revoke_after is not None, "the third one serves in place of both"
    revoke(service, third)
    assert now_of(service, old).revoke_after is None
    assert kept(service) == [old.serial_hex]


def test_a_key_in_danger_is_not_spared(service: ServiceRig, admin: AdministratorRig) -> None:
    key = make_key()
    old = service.issue(ORG, admin, [NAME], key)
    new = replace(service, admin, old)
    with service.house.database.write(service.clock()) as tx:
        tx.execute(sa.text("INSERT INTO blocked_keys (spki_sha256, reason, at) VALUES (:key, 'said', 0)"), {"key": old.spki_sha256})
    revoke(service, new)
    assert now_of(service, old).revoke_after is not None
    service.clock.advance(REISSUE_GRACE + timedelta(minutes=1))
    assert run_sweep(service).revoked == 1
    assert now_of(service, old).state is CertificateState.REVOKED


def test_the_sweep_spares_what_was_left_scheduled(service: ServiceRig, admin: AdministratorRig) -> None:
    """A schedule from before this rule, whose replacement is revoked already."""
    old = service.issue(ORG, admin, [NAME])
    new = replace(service, admin, old)
    revoke(service, new)
    with service.house.database.write(service.clock()) as tx:
        certificates.schedule_revocation(tx, old.id, tx.now)
    service.clock.advance(timedelta(minutes=1))
    run_sweep(service)
    left = now_of(service, old)
    assert (left.state, left.revoke_after) == (CertificateState.VALID, None)
