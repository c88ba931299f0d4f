"""The record that stays, on a real server (Knot)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from privyseal.engine.caa import Issuer
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.dns_persistent import record_name, record_to_publish, record_value, validate_dns_persistent
from privyseal.model.domain import ValidationMethod
from privyseal.model.errors import Refused
from tests.rigs.knot import KnotServer

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ZONE = "acme.test"
ACCOUNT = "https://certificates.privyseal.test/o/acme"
OURS = Issuer(frozenset({"certificates.privyseal.test"}), ACCOUNT)
GOOD = f"certificates.privyseal.test; accounturi={ACCOUNT}; policy=wildcard"
SECONDS = int(NOW.timestamp())


@pytest.fixture(scope="module")
def knot() -> Iterator[KnotServer]:
    with KnotServer([ZONE]) as server:
        yield server


@pytest.fixture
def lookup(knot: KnotServer) -> Iterator[DnsLookup]:
    yield DnsLookup((knot.address,))
    knot.remove(ZONE, record_name(ZONE), "TXT")


def publish(knot: KnotServer, *values: str) -> None:
    for value in values:
        knot.add(ZONE, record_name(ZONE), "TXT", f'"{value}"')


def test_the_record_that_is_shown_is_the_one_that_counts(knot: KnotServer, lookup: DnsLookup) -> None:
    assert record_value(OURS) == GOOD
    assert record_to_publish(ZONE, OURS) == f'_validation-persist.{ZONE}. IN TXT "{GOOD}"'
    publish(knot, GOOD)
    evidence = validate_dns_persistent(ZONE, OURS, lookup, now=NOW)
    assert (evidence.method, evidence.name, evidence.answers) == (ValidationMethod.DNS_PERSISTENT, record_name(ZONE), (GOOD,))
    # It is looked up as often as wanted, by anybody, and says the same.
    assert validate_dns_persistent(ZONE, OURS, lookup, now=NOW + timedelta(days=900)).answers == (GOOD,)


def test_one_of_several_is_enough_and_comes_first(knot: KnotServer, lookup: DnsLookup) -> None:
    publish(knot, "other.test; accounturi=x; policy=wildcard", f"{GOOD}; persistUntil={SECONDS + 60}")
    assert validate_dns_persistent(ZONE, OURS, lookup, now=NOW).answers[0] == f"{GOOD}; persistUntil={SECONDS + 60}"


def test_without_a_record_it_is_told_what_to_publish(lookup: DnsLookup) -> None:
    with pytest.raises(Refused, match="There is no TXT record") as caught:
        validate_dns_persistent(ZONE, OURS, lookup, now=NOW)
    assert caught.value.kind == "dcv-no-answer"
    assert record_to_publish(ZONE, OURS) in caught.value.sentence


@pytest.mark.parametrize(
    ("value", "trouble"),
    [
        (f"other.test; accounturi={ACCOUNT}; policy=wildcard", "does not name this provider"),
        (f"privyseal.test; accounturi={ACCOUNT}; policy=wildcard", "does not name this provider"),
        ("certificates.privyseal.test; accounturi=https://certificates.privyseal.test/o/other; policy=wildcard", "your organization"),
        (f"certificates.privyseal.test; accounturi={ACCOUNT}x; policy=wildcard", "your organization"),
        ("certificates.privyseal.test; policy=wildcard", "your organization"),
        (f"certificates.privyseal.test; accounturi={ACCOUNT}", "policy=wildcard"),
        (f"certificates.privyseal.test; accounturi={ACCOUNT}; policy=exact", "policy=wildcard"),
        (f"{GOOD}; policy=wildcard", "the same thing twice"),
        (f"{GOOD}; persistUntil={SECONDS - 1}", "has passed"),
        (f"{GOOD}; persistUntil=tomorrow", "no number of seconds"),
        (f"{GOOD}; persistUntil=-1", "no number of seconds"),
        (f"{GOOD}; persistUntil=999999999999", "no number of seconds"),
        ("q8nN0bYb0y3oWm2zT7r5kQv1xJ4uH6sLcDfGaEiPoRw", "does not name this provider"),
    ],
)
def test_what_does_not_show_control(knot: KnotServer, lookup: DnsLookup, value: str, trouble: str) -> None:
    publish(knot, value)
    with pytest.raises(Refused, match=trouble) as caught:
        validate_dns_persistent(ZONE, OURS, lookup, now=NOW)
    assert caught.value.kind == "dcv-mismatch"
