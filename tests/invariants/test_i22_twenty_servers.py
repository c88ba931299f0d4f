"""I22: more than 20 endpoints on a certificate is impossible."""

from __future__ import annotations

import pytest

from privyseal.model.errors import Refused
from privyseal.model.policy_draft import PolicyDraft
from tests.rigs.service import ServiceRig, make_csr, make_key

ORG = "resource-marketing"


def servers(count: int) -> tuple[str, ...]:
    return tuple(f"load-balancer:10.0.0.{number}" for number in range(count))


def test_twenty_are_taken_and_the_next_is_refused_with_its_number(service: ServiceRig) -> None:
    service.create_organization()
    csr = make_csr(["webtrust.resource-marketing.test"], make_key())
    assert len(service.submit(ORG, csr, endpoints=servers(20)).endpoints) == 20
    with pytest.raises(Refused) as refusal:
        service.submit(ORG, make_csr(["www.resource-marketing.test"], make_key()), endpoints=servers(21))
    assert refusal.value.kind == "too-many-endpoints"
    assert "21" in refusal.value.sentence


def test_no_policy_allows_more(service: ServiceRig) -> None:
    with pytest.raises(Refused) as refusal:
        service.create_organization(policy=PolicyDraft(max_endpoints=21))
    assert refusal.value.kind == "policy"


def test_a_policy_may_allow_fewer(service: ServiceRig) -> None:
    service.create_organization(policy=PolicyDraft(max_endpoints=2))
    with pytest.raises(Refused) as refusal:
        service.submit(ORG, make_csr(["www.resource-marketing.test"], make_key()), endpoints=servers(3))
    assert refusal.value.kind == "too-many-endpoints"
