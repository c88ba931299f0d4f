"""I23: no certificate outlives its policy, its issuer, or the legal cap of its tier on the issue date."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509

from privyseal.model.errors import Refused
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.rules import Tier
from tests.rigs.service import ServiceRig, make_csr, make_key

ORG = "resource-marketing"
NAMES = ["webtrust.resource-marketing.test"]


@pytest.mark.parametrize("days", [90, 365, 397])
def test_the_last_second_counts(service: ServiceRig, days: int) -> None:
    """Incident I17: notAfter is inclusive."""
    service.create_organization()
    admin = service.administrator(ORG)
    request = service.submit(ORG, make_csr(NAMES, make_key()), lifetime_days=days)
    service.approve(request, admin)
    service.prepare_and_complete(request.id)
    certificate = service.certificate_of(request)
    assert certificate is not None
    parsed = x509.load_der_x509_certificate(certificate.der)
    assert parsed.not_valid_after_utc - parsed.not_valid_before_utc + timedelta(seconds=1) == timedelta(days=days)


@pytest.mark.parametrize("days", [0, -1, 366, 826, 10**9])
def test_a_life_outside_the_policy_is_refused(service: ServiceRig, days: int) -> None:
    service.create_organization()
    with pytest.raises(Refused) as refusal:
        service.submit(ORG, make_csr(NAMES, make_key()), lifetime_days=days)
    assert refusal.value.kind == "lifetime"


def test_the_legal_cap_of_the_day_wins_over_the_policy(service: ServiceRig) -> None:
    service.create_organization(policy=PolicyDraft(tier=Tier.PUBLIC, lifetimes_days=(90, 200, 397)))
    with pytest.raises(Refused) as refusal:
        service.submit(ORG, make_csr(NAMES, make_key()), lifetime_days=397)
    assert refusal.value.kind == "lifetime"
    assert "at most 200 days" in refusal.value.sentence
    assert service.submit(ORG, make_csr(NAMES, make_key()), lifetime_days=200).lifetime_days == 200


def test_a_reissue_ends_with_the_certificate_it_replaces(service: ServiceRig) -> None:
    service.create_organization()
    admin = service.administrator(ORG)
    old = service.issue(ORG, admin, NAMES)
    service.integrate()
    service.clock.advance(timedelta(days=100))
    service.integrate()
    request = service.reissue(ORG, old.serial_hex, make_csr(NAMES, make_key()))
    service.approve(request, admin)
    service.prepare_and_complete(request.id)
    new = service.certificate_of(request)
    assert new is not None
    assert (new.not_after, new.names, new.serial_hex != old.serial_hex) == (old.not_after, old.names, True)
    assert x509.load_der_x509_certificate(new.der).subject == x509.load_der_x509_certificate(old.der).subject
