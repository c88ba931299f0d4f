"""CAA against a signed zone on a real server (Knot), asked through a real validating resolver (Unbound)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from privyseal.engine.caa import CaaLookup, CaaRecord, CaaRecords, Issuer, Property, forbidding, require_mail_permitted, require_permitted
from privyseal.engine.dcv import DnsLookup
from privyseal.model.domain import ValidationMethod
from privyseal.model.errors import Refused, Unavailable
from tests.rigs.knot import KnotServer
from tests.rigs.unbound import UnboundServer

ACCOUNT = "https://certificates.privyseal.test/o/acme"
OURS = Issuer(frozenset({"privyseal.test"}), ACCOUNT)
TXT = ValidationMethod.DNS_TXT


@pytest.fixture(scope="module")
def knot() -> Iterator[KnotServer]:
    with KnotServer(["test", "acme.test", "plain.test"], signed=["acme.test"]) as server:
        yield server


@pytest.fixture(scope="module")
def resolver(knot: KnotServer) -> Iterator[UnboundServer]:
    with UnboundServer(knot) as server:
        yield server


@pytest.fixture
def lookup(resolver: UnboundServer) -> CaaLookup:
    return CaaLookup(DnsLookup((resolver.address,)))


@contextmanager
def published(knot: KnotServer, zone: str, *records: tuple[str, str]) -> Iterator[None]:
    """These CAA records, each (owner, value), as long as the block runs."""
    for owner, value in records:
        knot.add(zone, owner, "CAA", value)
    try:
        yield
    finally:
        for owner in {owner for owner, _ in records}:
            knot.remove(zone, owner, "CAA")


def kinds(call: object, *arguments: object) -> str:
    assert callable(call)
    with pytest.raises(Refused) as caught:
        call(*arguments)
    return f"{caught.value.kind}: {caught.value}"


# ------------------------------------------------------------------------------------------------------- in the DNS


def test_no_record_anywhere_permits(lookup: CaaLookup) -> None:
    found = require_permitted(["a.b.acme.test", "*.acme.test"], lookup, OURS, {})
    assert {records.found_at for records in found.values()} == {""}


def test_the_nearest_record_set_counts(knot: KnotServer, resolver: UnboundServer) -> None:
    with published(knot, "acme.test", ("acme.test", '0 issue "other.test"'), ("open.acme.test", '0 issue "PRIVYSEAL.test"')):
        lookup = CaaLookup(DnsLookup((resolver.address,)))
        assert lookup.relevant("x.y.open.acme.test") == CaaRecords("open.acme.test", (CaaRecord(0, "issue", "PRIVYSEAL.test"),), True)
        require_permitted(["open.acme.test", "x.y.open.acme.test", "*.open.acme.test"], lookup, OURS, {})
        said = kinds(require_permitted, ["open.acme.test", "www.acme.test", "*.acme.test"], lookup, OURS, {})
    assert 'www.acme.test (acme.test says 0 issue "other.test")' in said
    assert "*.acme.test" in said
    assert "open.acme.test (" not in said
    assert '0 issue "privyseal.test"' in said


def test_a_record_of_the_top_level_domain_counts(knot: KnotServer, resolver: UnboundServer) -> None:
    with published(knot, "test", ("test", '0 issue ";"')):
        lookup = CaaLookup(DnsLookup((resolver.address,)))
        assert "www.plain.test" in kinds(require_permitted, ["www.plain.test"], lookup, OURS, {})


def test_every_name_is_judged_and_every_owner_asked_once_for_itself(knot: KnotServer, resolver: UnboundServer) -> None:
    """Let's Encrypt 2020: one of N names was checked N times. The k-th turns forbidden, for every k."""
    names = [f"n{number}.acme.test" for number in range(8)]
    for forbidden in names:
        with published(knot, "acme.test", (forbidden, '0 issue ";"')):
            said = kinds(require_permitted, names, CaaLookup(DnsLookup((resolver.address,))), OURS, {})
        assert [name for name in names if f"{name} (" in said] == [forbidden]


def test_an_alias_is_followed(knot: KnotServer, resolver: UnboundServer) -> None:
    """RFC 8659 3: a resolver follows the alias of a name before the climb goes on; the parent's record does not count then."""
    knot.add("acme.test", "alias.acme.test", "CNAME", "target.plain.test.")
    with (
        published(knot, "plain.test", ("target.plain.test", '0 issue "privyseal.test"')),
        published(knot, "acme.test", ("acme.test", '0 issue ";"')),
    ):
        require_permitted(["alias.acme.test"], CaaLookup(DnsLookup((resolver.address,))), OURS, {})
    knot.remove("acme.test", "alias.acme.test", "CNAME")


def test_a_resolver_that_fails_forbids(knot: KnotServer) -> None:
    wrong = f"acme.test. DS 4711 13 2 {'ab' * 32}"
    with UnboundServer(knot, anchors=[wrong]) as distrusting:
        lookup = CaaLookup(DnsLookup((distrusting.address,)))
        with pytest.raises(Unavailable, match="SERVFAIL") as caught:
            require_permitted(["www.acme.test"], lookup, OURS, {})
    assert caught.value.kind == "dcv-resolver-failed"


def test_mail_domains_have_their_own_property(knot: KnotServer, resolver: UnboundServer) -> None:
    with published(knot, "acme.test", ("acme.test", '0 issue ";"')):
        # RFC 9495 4: issue says nothing about mail certificates.
        require_mail_permitted("acme.test", CaaLookup(DnsLookup((resolver.address,))), OURS)
    with published(knot, "acme.test", ("acme.test", '0 issuemail "other.test"')):
        lookup = CaaLookup(DnsLookup((resolver.address,)))
        assert "mail addresses at acme.test" in kinds(require_mail_permitted, "acme.test", lookup, OURS)
        require_permitted(["www.acme.test"], lookup, OURS, {})


def test_odd_octets_are_shown_harmlessly(knot: KnotServer, resolver: UnboundServer) -> None:
    with published(knot, "acme.test", ("acme.test", '0 issue "a\\027[31m\\200<script>"')):
        said = kinds(require_permitted, ["www.acme.test"], CaaLookup(DnsLookup((resolver.address,))), OURS, {})
    assert "\\027[31m\\200<script>" in said


# ---------------------------------------------------------------------------------------------------- what they say


def found(*texts: str) -> CaaRecords:
    records = []
    for text in texts:
        flags, tag, value = text.split(" ", 2)
        records.append(CaaRecord(int(flags), tag, value))
    return CaaRecords("acme.test", tuple(records), True)


@pytest.mark.parametrize(
    "texts",
    [
        ("0 issue privyseal.test",),
        ("0 issue other.test", "0 issue privyseal.test"),
        ("0 issuewild ;",),
        ("0 iodef mailto:a@acme.test",),
        ("128 iodef mailto:a@acme.test",),
        ("128 issue privyseal.test",),
        ("0 nonsense ;",),
        (f"0 issue privyseal.test; accounturi={ACCOUNT}",),
        ("0 issue privyseal.test; validationmethods=http-01,dns-01",),
        ("0 issue privyseal.test; validationmethods=CA-TBR-7",),
        (f"0 issue privyseal.test; accounturi={ACCOUNT}; validationmethods=dns-01",),
        ("0 issue privyseal.test; unknown=x",),
    ],
)
def test_permitted(texts: tuple[str, ...]) -> None:
    assert forbidding(found(*texts), OURS, Property.ISSUE, TXT) == ""


@pytest.mark.parametrize(
    "texts",
    [
        ("0 issue ;",),
        ("0 issue other.test",),
        ("0 issue sub.privyseal.test",),
        ("0 issue privyseal.test.evil.test",),
        ("0 issue privyseal.test x",),
        ("128 nonsense ;",),
        ("0 issue privyseal.test", "128 nonsense ;"),
        ("0 issue privyseal.test; accounturi=https://certificates.privyseal.test/o/other",),
        (f"0 issue privyseal.test; accounturi={ACCOUNT}/",),
        (f"0 issue privyseal.test; accounturi={ACCOUNT}; accounturi={ACCOUNT}",),
        ("0 issue privyseal.test; accounturi=",),
        ("0 issue privyseal.test; validationmethods=http-01",),
        ("0 issue privyseal.test; validationmethods=",),
        ("0 issue privyseal.test; validationmethods=dns-01; validationmethods=dns-01",),
    ],
)
def test_forbidden(texts: tuple[str, ...]) -> None:
    assert "acme.test" in forbidding(found(*texts), OURS, Property.ISSUE, TXT)


def test_a_wildcard_has_its_own_property_and_falls_back() -> None:
    assert forbidding(found("0 issue ;", "0 issuewild privyseal.test"), OURS, Property.ISSUEWILD, TXT) == ""
    assert forbidding(found("0 issue privyseal.test", "0 issuewild ;"), OURS, Property.ISSUEWILD, TXT)
    assert forbidding(found("0 issue privyseal.test"), OURS, Property.ISSUEWILD, TXT) == ""
    assert forbidding(found("0 issue ;"), OURS, Property.ISSUEWILD, TXT)


def test_a_method_that_is_not_known_satisfies_no_list() -> None:
    assert forbidding(found("0 issue privyseal.test; validationmethods=dns-01"), OURS, Property.ISSUE, None)
