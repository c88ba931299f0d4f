"""How long evidence of domain control counts, by the dated rules (A37, incident I4: evidence reused too long, or after a ban)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from privyseal.model import rules
from privyseal.model.domain import Domain, ValidationMethod, require_covered
from privyseal.model.errors import Refused
from privyseal.model.identifiers import DomainId, OrganizationId
from privyseal.model.rules import DatedRule, Tier


def domain(validated_at: datetime, method: ValidationMethod = ValidationMethod.DNS_TXT) -> Domain:
    return Domain(
        DomainId("dom_1"),
        OrganizationId("org_1"),
        "acme.test",
        "token",
        method,
        "{}",
        validated_at,
        validated_at + timedelta(days=398),
        validated_at,
    )


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("age", "counts"), [(199, True), (200, False), (201, False)])
def test_the_public_tier_lets_evidence_count_for_200_days_today(age: int, counts: bool) -> None:  # noqa: FBT001 - a case
    now = day("2026-11-22")
    assert domain(now - timedelta(days=age)).is_valid(now, Tier.PUBLIC) is counts
    assert domain(now - timedelta(days=age) + timedelta(seconds=1)).is_valid(now, Tier.PUBLIC) is (age <= 200)
    assert domain(now - timedelta(days=age)).is_valid(now, Tier.PRIVATE)


@pytest.mark.parametrize(
    ("validated", "until"),
    [
        ("2026-04-01", "2026-10-18"),  # 200 days, all before the next row
        ("2026-11-22", "2027-03-15"),  # 200 days would end in June, and on 2027-03-15 100 days are long over
        ("2027-01-01", "2027-04-11"),  # 100 days, which end after the row begins
        ("2028-12-20", "2029-03-15"),  # 100 days would end on 2029-03-30, and 10 days are over when that row begins
        ("2029-03-10", "2029-03-20"),
        ("2030-01-01", "2030-01-11"),
    ],
)
def test_a_row_that_shortens_the_reuse_counts_for_old_evidence_from_its_day_on(validated: str, until: str) -> None:
    evidence = domain(day(validated))
    assert evidence.valid_until(Tier.PUBLIC) == day(until)
    assert evidence.is_valid(day(until) - timedelta(seconds=1), Tier.PUBLIC)
    assert not evidence.is_valid(day(until), Tier.PUBLIC)


def test_evidence_under_no_tier_that_counts_is_refused_by_name() -> None:
    old = domain(day("2026-11-22") - timedelta(days=300))
    with pytest.raises(Refused, match=r"validation of acme.test is missing or has expired"):
        require_covered(["www.acme.test"], [old], day("2026-11-22"), Tier.PUBLIC)
    require_covered(["www.acme.test"], [old], day("2026-11-22"), Tier.PRIVATE)


def test_methods_end_on_a_day_for_a_tier() -> None:
    assert rules.method_end(Tier.PUBLIC, "mail") == day("2028-03-15")
    assert rules.method_end(Tier.PRIVATE, "mail") is None
    assert rules.method_end(Tier.PUBLIC, "dns-txt") is None


def test_evidence_of_a_method_that_ends_counts_no_more_from_that_day_on() -> None:
    """As fresh as it may be (incident I4); other methods, and the private tier, go on."""
    end = day("2028-03-15")
    by_mail, by_dns = domain(day("2028-03-14"), ValidationMethod.MAIL), domain(day("2028-03-14"))
    before = end - timedelta(seconds=1)
    for evidence, tier, now in ((by_mail, Tier.PUBLIC, before), (by_dns, Tier.PUBLIC, end), (by_mail, Tier.PRIVATE, end)):
        require_covered(["www.acme.test"], [evidence], now, tier)
    for new in (by_mail, domain(end, ValidationMethod.MAIL)):
        with pytest.raises(Refused, match="has expired"):
            require_covered(["www.acme.test"], [new], end, Tier.PUBLIC)


def test_a_persistent_record_is_looked_up_every_ten_days_for_the_public_tier() -> None:
    evidence = domain(day("2026-11-22"), ValidationMethod.DNS_PERSISTENT)
    assert evidence.valid_until(Tier.PUBLIC) == day("2026-12-02")
    assert evidence.valid_until(Tier.PRIVATE) == day("2027-12-25")


def test_without_evidence_nothing_counts() -> None:
    never = Domain(DomainId("dom_1"), OrganizationId("org_1"), "acme.test", "token", None, "", None, None, day("2026-11-22"))
    assert never.valid_until(Tier.PRIVATE) is None
    assert not never.is_valid(day("2026-11-22"))


def test_every_table_has_a_source_for_every_row_and_begins_before_the_product() -> None:
    tables = [*rules.LIFETIME_CAP.values(), *rules.VALIDATION_REUSE.values(), *rules.PERSISTENT_REUSE.values()]
    for table in tables:
        assert min(row.effective for row in table) < day("2026-01-01").date()
        assert all(row.source and row.days > 0 for row in table)
        assert len({row.effective for row in table}) == len(table)
    assert rules.reusable_until((DatedRule(day("2020-01-01").date(), 5, "x"),), day("2026-01-01")) == day("2026-01-06")
