"""CAA against a signed zone on a real server (Knot), asked through a real validating resolver (Unbound)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import dns.rdatatype
import pytest

from privyseal.engine.caa import CaaLookup, CaaRecord, CaaRecords, Issuer, Property, forbidding
from privyseal.engine.caa_check import CaaCheck, look_up_caa, require_permitted
from privyseal.engine.dns_lookup import DnsAnswer, DnsLookup
from privyseal.engine.perspectives import Perspective, Perspectives
from privyseal.model.domain import ValidationMethod
from privyseal.model.errors import Refused, Unavailable
from privyseal.model.profile import NameKind
from tests.rigs.knot import KnotServer
from tests.rigs.ports import LOOPBACK, free_port
from tests.rigs.unbound import UnboundServer

ACCOUNT = "https://certificates.privyseal.test/o/acme"
OURS = Issuer(frozenset({"privyseal.test"}), ACCOUNT)
TXT = ValidationMethod.DNS_TXT
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def knot() -> Iterator[KnotServer]:
    with KnotServer(["test", "acme.test", "plain.test"], signed=["acme.test"]) as server:
        yield server


@pytest.fixture(scope="module")
def resolver(knot: KnotServer) -> Iterator[UnboundServer]:
    with UnboundServer(knot) as server:
        yield server


@pytest.fixture
def lookup(resolver: UnboundServer) -> DnsLookup:
    return DnsLookup((resolver.address,))


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


def look(names: Sequence[str], world: Perspectives, kind: NameKind = NameKind.DNS) -> CaaCheck:
    """Look up, and read back what was written of it: whoever judges has only that."""
    return CaaCheck.from_json(look_up_caa([(kind, name) for name in names], world, now=NOW).to_json())


def judge(names: Sequence[str], lookup: DnsLookup, kind: NameKind = NameKind.DNS) -> None:
    require_permitted(look(names, Perspectives(lookup), kind), [(kind, name) for name in names], OURS, {}, 0)


def refusal(names: Sequence[str], lookup: DnsLookup, kind: NameKind = NameKind.DNS) -> str:
    with pytest.raises(Refused) as caught:
        judge(names, lookup, kind)
    assert caught.value.kind == "caa-forbids"
    return str(caught.value)


# ------------------------------------------------------------------------------------------------------- in the DNS


def test_no_record_anywhere_permits(lookup: DnsLookup) -> None:
    judge(["a.b.acme.test", "*.acme.test"], lookup)
    [view] = look(["a.b.acme.test"], Perspectives(lookup)).views["a.b.acme.test"]
    assert view.seen is not None
    assert (view.seen.found_at, view.seen.records, view.perspective) == ("", (), "primary")


def test_the_nearest_record_set_counts(knot: KnotServer, lookup: DnsLookup) -> None:
    with published(knot, "acme.test", ("acme.test", '0 issue "other.test"'), ("open.acme.test", '0 issue "PRIVYSEAL.test"')):
        found = CaaLookup(lookup).relevant("x.y.open.acme.test")
        assert (found.found_at, found.records, found.authenticated) == (
            "open.acme.test",
            (CaaRecord(0, "issue", "PRIVYSEAL.test"),),
            True,
        )
        judge(["open.acme.test", "x.y.open.acme.test", "*.open.acme.test"], lookup)
        said = refusal(["open.acme.test", "www.acme.test", "*.acme.test"], lookup)
    assert 'www.acme.test (acme.test says 0 issue "other.test"); *.acme.test (acme.test says 0 issue "other.test")' in said
    assert "open.acme.test" not in said
    # Who has to add which record.
    assert 'Whoever runs the DNS of acme.test permits it by adding there the record 0 issue "privyseal.test".' in said
    assert 'adding there the record 0 issuewild "privyseal.test".' in said


def test_a_record_of_the_top_level_domain_counts(knot: KnotServer, lookup: DnsLookup) -> None:
    with published(knot, "test", ("test", '0 issue ";"')):
        assert "www.plain.test" in refusal(["www.plain.test"], lookup)


def test_every_name_is_judged(knot: KnotServer, lookup: DnsLookup) -> None:
    """Let's Encrypt 2020: one of N names was checked N times (incident I3). The k-th turns forbidden, for every k."""
    names = [f"n{number}.acme.test" for number in range(20)]
    for forbidden in names:
        with published(knot, "acme.test", (forbidden, '0 issue ";"')):
            said = refusal(names, lookup)
        assert [name for name in names if f"{name} (" in said] == [forbidden]


@dataclass(frozen=True, slots=True)
class CountingLookup(DnsLookup):
    """A look-up that keeps what it was asked."""

    asked: list[str] = field(default_factory=list)

    def ask(self, name: str, record_type: dns.rdatatype.RdataType) -> DnsAnswer:
        self.asked.append(name)
        return DnsLookup(self.resolvers, self.timeout_seconds).ask(name, record_type)


def test_many_names_of_one_tree_ask_each_part_of_it_once(lookup: DnsLookup) -> None:
    counting = CountingLookup(lookup.resolvers)
    judge([f"n{number}.b.acme.test" for number in range(20)] + ["*.b.acme.test", "b.acme.test"], counting)
    assert len(counting.asked) == len(set(counting.asked)) == 20 + 3


def test_a_tree_whose_top_fails_is_asked_once_too() -> None:
    counting = CountingLookup(((LOOPBACK, free_port()),), 1.0)
    with pytest.raises(Unavailable):
        judge(["acme.test", "*.acme.test"], counting)
    assert counting.asked == ["acme.test"]


def test_an_alias_is_followed(knot: KnotServer, lookup: DnsLookup) -> None:
    """RFC 8659 3: a resolver follows the alias of a name before the climb goes on; the parent's record does not count then."""
    knot.add("acme.test", "alias.acme.test", "CNAME", "target.plain.test.")
    with (
        published(knot, "plain.test", ("target.plain.test", '0 issue "privyseal.test"')),
        published(knot, "acme.test", ("acme.test", '0 issue ";"')),
    ):
        judge(["alias.acme.test"], lookup)
    knot.remove("acme.test", "alias.acme.test", "CNAME")


def test_a_resolver_that_fails_forbids_until_it_answers(knot: KnotServer) -> None:
    """Bogus DNSSEC: the trust anchor is not the zone's, as if somebody had forged all of it."""
    wrong = f"acme.test. DS 4711 13 2 {'ab' * 32}"
    with UnboundServer(knot, anchors=[wrong]) as distrusting, pytest.raises(Unavailable, match="SERVFAIL") as caught:
        judge(["www.acme.test"], DnsLookup((distrusting.address,)))
    assert caught.value.kind == "caa-unknown"
    assert "its DNSSEC signatures are valid" in str(caught.value)


def test_mail_domains_have_their_own_property(knot: KnotServer, lookup: DnsLookup) -> None:
    with published(knot, "acme.test", ("acme.test", '0 issue ";"')):
        # RFC 9495 4: issue says nothing about mail certificates.
        judge(["dana@acme.test"], lookup, NameKind.EMAIL)
    with published(knot, "acme.test", ("acme.test", '0 issuemail "other.test"')):
        assert 'adding there the record 0 issuemail "privyseal.test"' in refusal(["dana@acme.test"], lookup, NameKind.EMAIL)
        judge(["www.acme.test"], lookup)


def test_a_critical_property_is_removed_not_outweighed(knot: KnotServer, lookup: DnsLookup) -> None:
    with published(knot, "acme.test", ("acme.test", '0 issue "privyseal.test"'), ("acme.test", '128 tbs "x"')):
        assert "permits it by removing that critical property" in refusal(["www.acme.test"], lookup)


def test_other_places_have_to_see_that_it_is_permitted(knot: KnotServer, lookup: DnsLookup) -> None:
    """A route is hijacked near one resolver, which is shown another zone than the rest of the world sees (BR 3.2.2.9)."""
    name = (NameKind.DNS, "www.acme.test")
    with KnotServer(["test", "acme.test"]) as elsewhere:
        elsewhere.add("acme.test", "acme.test", "CAA", '0 issue "other.test"')
        places = (Perspective("near", lookup), Perspective("far", DnsLookup((elsewhere.address,))))
        check = look([name[1]], Perspectives(lookup, places, 1))
        require_permitted(check, [name], OURS, {}, 1)
        with pytest.raises(Unavailable, match=r"only 1 of 2 other places .*far: acme.test says") as caught:
            require_permitted(check, [name], OURS, {}, 2)
        assert caught.value.kind == "caa-unknown"
        with pytest.raises(Refused, match=r"other\.test"):
            require_permitted(look([name[1]], Perspectives(DnsLookup((elsewhere.address,)))), [name], OURS, {}, 0)


def test_what_was_not_looked_up_is_not_permitted(lookup: DnsLookup) -> None:
    check = look(["www.acme.test"], Perspectives(lookup))
    with pytest.raises(Unavailable, match=r"shop.acme.test: it was not looked up"):
        require_permitted(check, [(NameKind.DNS, "www.acme.test"), (NameKind.DNS, "shop.acme.test")], OURS, {}, 0)
    with pytest.raises(Unavailable, match=r"only 0 of 2 other places"):
        require_permitted(check, [(NameKind.DNS, "www.acme.test")], OURS, {}, 2)


def test_odd_octets_are_shown_harmlessly(knot: KnotServer, lookup: DnsLookup) -> None:
    with published(knot, "acme.test", ("acme.test", '0 issue "a\\027[31m\\200<script>"')):
        said = refusal(["www.acme.test"], lookup)
    assert "\\027[31m\\200<script>" in said


# ---------------------------------------------------------------------------------------------------- what they say


def found(*texts: str) -> CaaRecords:
    records = []
    for text in texts:
        flags, tag, value = text.split(" ", 2)
        records.append(CaaRecord(int(flags), tag, value))
    return CaaRecords("acme.test", tuple(records), True, "127.0.0.1:53", 60)


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
