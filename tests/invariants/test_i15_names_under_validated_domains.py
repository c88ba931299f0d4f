"""I15: every name lies under a domain validated for that account within the reuse window."""

from __future__ import annotations

from datetime import timedelta

import pytest

from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.house import About, perform
from privyseal.model import rules
from privyseal.model.actor import SYSTEM
from privyseal.model.errors import Refused
from tests.rigs.service import ServiceRig, make_csr, make_key

ORG = "resource-marketing"

OUTSIDE = [
    "www.bookstore.test",
    "resource-marketing.test.evil.test",
    "evilresource-marketing.test",
    "*.test",
    "xn--resource-marketng-exb.test",
]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_outside_is_refused_and_named(service: ServiceRig, name: str) -> None:
    service.create_organization()
    with pytest.raises(Refused) as refusal:
        service.submit(ORG, make_csr(["webtrust.resource-marketing.test", name], make_key()))
    assert name in refusal.value.sentence or refusal.value.kind != "name-not-validated"


@pytest.mark.parametrize(
    "name", ["resource-marketing.test", "WWW.Resource-Marketing.TEST", "*.resource-marketing.test", "a.b.c.resource-marketing.test"]
)
def test_a_name_inside_is_taken_in_its_normal_form(service: ServiceRig, name: str) -> None:
    service.create_organization()
    request = service.submit(ORG, make_csr([name], make_key()))
    assert [value for _, value in request.names] == [name.lower()]


@pytest.mark.parametrize("position", range(0, 20, 3))
def test_one_forbidden_name_among_twenty_is_found_wherever_it_stands(service: ServiceRig, position: int) -> None:
    """Incident I3: a rule that was checked for one name and skipped for the rest."""
    service.create_organization()
    names = [f"host{number}.resource-marketing.test" for number in range(20)]
    names[position] = "www.bookstore.test"
    with pytest.raises(Refused) as refusal:
        service.submit(ORG, make_csr(names, make_key()))
    assert refusal.value.kind == "name-not-validated"
    assert "www.bookstore.test" in refusal.value.sentence
    assert "host" not in refusal.value.sentence


def test_evidence_that_grew_old_after_approval_stops_preparation(service: ServiceRig) -> None:
    service.create_organization()
    service.administrator(ORG)
    window = rules.at(rules.VALIDATION_REUSE[rules.Tier.PRIVATE], service.clock()).days
    service.clock.advance(timedelta(days=window, hours=-1))
    service.integrate()
    request = service.submit(ORG, make_csr(["webtrust.resource-marketing.test"], make_key()))
    service.integrate()
    service.clock.advance(timedelta(hours=2))
    prepared = perform(service.house, SYSTEM, About("x", ORG, "x", "x"), prepare_certificates, [request.id])
    assert prepared.intents == ()
    with pytest.raises(Refused) as refusal:
        service.submit(ORG, make_csr(["www.resource-marketing.test"], make_key()))
    assert refusal.value.kind == "name-not-validated"
    assert "expired" in refusal.value.sentence
