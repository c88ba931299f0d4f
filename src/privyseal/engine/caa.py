"""Certification Authority Authorization (RFC 8659): what the owner of a domain says about who may certify its names.

What is looked up when, and what is kept of it, stands in engine/caa_check.py. Read here: the tree climb, ``issue``, ``issuewild``,
``issuemail`` (RFC 9495), critical properties of unknown meaning, ``accounturi`` and ``validationmethods`` (RFC 8657; the
labels ``ca-tbr-N`` for methods that are not ACME's are those of ballot SC-098). What gets lost: ``iodef`` and other
properties that say nothing about who may issue. A look-up that fails forbids: nobody knows what it would have said.
"""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass
from typing import Final

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.CAA

from privyseal.engine.dns_lookup import DnsAnswer, DnsLookup
from privyseal.engine.issue_value import IssueValue, read_issue_value
from privyseal.model.domain import ValidationMethod
from privyseal.model.errors import PrivysealError, Refused, Unavailable
from privyseal.model.profile import NameKind

_CRITICAL: Final = 128
_MAXIMUM_RECORDS: Final = 100
_MAXIMUM_SHOWN: Final = 120
_LONGEST_TTL: Final = 2**31 - 1  # RFC 2181 8
MAXIMUM_SECONDS: Final = 30.0
"""How long one perspective may take for all names of a batch; whoever approved waits for it."""

METHOD_LABELS: Final = {
    ValidationMethod.DNS_TXT: frozenset({"dns-01", "ca-tbr-7"}),
    ValidationMethod.DNS_PERSISTENT: frozenset({"dns-persist-01", "ca-tbr-22"}),
    ValidationMethod.HTTP_TOKEN: frozenset({"ca-tbr-18"}),
    ValidationMethod.MAIL: frozenset({"ca-tbr-4"}),
    ValidationMethod.RESERVED: frozenset(),
}
"""What ``validationmethods`` calls our methods: the section of BR 3.2.2.4, and ACME's label where it is the same method."""


class Property(enum.Enum):
    """Which certificates a property speaks about."""

    ISSUE = "issue"
    ISSUEWILD = "issuewild"
    ISSUEMAIL = "issuemail"

    @classmethod
    def about(cls, kind: NameKind, name: str) -> Property:
        """Return the property that speaks about a certificate with this name (RFC 8659 4.3, RFC 9495 4)."""
        if kind is NameKind.EMAIL:
            return cls.ISSUEMAIL
        return cls.ISSUEWILD if name.startswith("*.") else cls.ISSUE


_KNOWN_TAGS: Final = frozenset({*(kind.value for kind in Property), "iodef", "contactemail", "contactphone", "issuevmc"})


@dataclass(frozen=True, slots=True)
class CaaRecord:
    """One property. ``tag`` is in lower case; ``value`` as published, non-ASCII octets escaped."""

    flags: int
    tag: str
    value: str

    def __str__(self) -> str:
        return f'{self.flags} {self.tag} "{self.value}"'[:_MAXIMUM_SHOWN]


@dataclass(frozen=True, slots=True)
class CaaRecords:
    """The relevant record set of a name (RFC 8659 3): where the climb ended and what stands there; both may be empty."""

    found_at: str
    records: tuple[CaaRecord, ...]
    authenticated: bool
    resolver: str
    ttl_seconds: int


@dataclass(frozen=True, slots=True)
class Issuer:
    """Ourselves, as domain owners name us: ``domains`` in lower case, ``account_uri`` of the organization asking."""

    domains: frozenset[str]
    account_uri: str


def caa_record(issuer: Issuer) -> str:
    """Return what a CAA record says that lets this provider alone issue, and to this organization alone (RFC 8657 3)."""
    return f'0 issue "{min(issuer.domains)}; accounturi={issuer.account_uri}"'


class CaaLookup:
    """Looks up record sets, each name of the tree once: make a new one for every decision, so that nothing is stale.

    After ``seconds`` nothing more is asked: what is left then counts as not answered in time.
    """

    def __init__(self, lookup: DnsLookup, seconds: float = MAXIMUM_SECONDS) -> None:
        self._lookup = lookup
        self._end = time.monotonic() + seconds
        self._seen: dict[str, DnsAnswer | PrivysealError] = {}

    def relevant(self, name: str) -> CaaRecords:
        """Climb from ``name`` (A-labels; a wildcard counts as the name under its ``*.``) to the top level domain.

        Raises Unavailable as DnsLookup does, Refused ``dcv-name``, Refused ``caa-too-many`` for more than 100 properties.
        """
        authenticated, resolver, ttl_seconds = True, "", _LONGEST_TTL
        labels = name.removeprefix("*.").rstrip(".").split(".")
        for start in range(len(labels)):
            owner = ".".join(labels[start:])
            answer = self._ask(owner)
            authenticated = authenticated and answer.authenticated
            resolver, ttl_seconds = answer.resolver, min(ttl_seconds, answer.ttl_seconds)
            if len(answer.values) > _MAXIMUM_RECORDS:
                raise Refused("caa-too-many", f"{owner} has more than {_MAXIMUM_RECORDS} CAA records; nobody can mean all of them.")
            if answer.values:
                return CaaRecords(owner, tuple(_record(value) for value in answer.values), authenticated, resolver, ttl_seconds)
        return CaaRecords("", (), authenticated, resolver, ttl_seconds)

    def _ask(self, owner: str) -> DnsAnswer:
        """Return the answer, asked for once, whatever came of it: many names share what stands above them."""
        if owner not in self._seen:
            try:
                if time.monotonic() > self._end:
                    sentence = f"Looking up the CAA record of {owner} failed: the DNS answered too slowly to so many questions."
                    raise Unavailable("dcv-timeout", sentence, retry_after_seconds=30)
                self._seen[owner] = self._lookup.ask(owner, dns.rdatatype.CAA)
            except PrivysealError as error:
                self._seen[owner] = error
        answer = self._seen[owner]
        if isinstance(answer, PrivysealError):
            raise answer
        return answer


def has_unknown_critical(found: CaaRecords) -> bool:
    """Tell whether a critical property of unknown meaning stands there, which no other record outweighs (RFC 8659 4.1)."""
    return any(record.flags & _CRITICAL and record.tag not in _KNOWN_TAGS for record in found.records)


def forbidding(found: CaaRecords, issuer: Issuer, kind: Property, method: ValidationMethod | None) -> str:
    """Return the record that forbids, in words; an empty text if nothing does."""
    unknown = [record for record in found.records if record.flags & _CRITICAL and record.tag not in _KNOWN_TAGS]
    if unknown:
        return f"{found.found_at} has the critical property {unknown[0]}, which this provider does not know"
    about = [record for record in found.records if record.tag == kind.value]
    if kind is Property.ISSUEWILD and not about:
        about = [record for record in found.records if record.tag == Property.ISSUE.value]
    if not about or any(_permits(read_issue_value(record.value), issuer, method) for record in about):
        return ""
    return f"{found.found_at} says {about[0]}"


def _permits(value: IssueValue, issuer: Issuer, method: ValidationMethod | None) -> bool:
    if value.issuer not in issuer.domains:
        return False
    accounts = value.all_of("accounturi")
    # RFC 8657 3: more than one cannot be satisfied. The URI is compared as the exact text.
    if accounts and accounts != (issuer.account_uri,):
        return False
    listed = value.all_of("validationmethods")
    if not listed:
        return True
    if len(listed) > 1 or method is None:
        return False
    allowed = {label.strip().lower() for label in listed[0].split(",")}
    return not allowed.isdisjoint(METHOD_LABELS[method])


def _record(text: str) -> CaaRecord:
    """Return the property of one CAA record in its presentation format, as dnspython writes it."""
    rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.CAA, text)
    assert isinstance(rdata, dns.rdtypes.ANY.CAA.CAA)  # noqa: S101 - tells the type checker what from_text made
    return CaaRecord(
        rdata.flags,
        rdata.tag.decode("ascii", "backslashreplace").lower(),
        "".join(chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03d}" for octet in rdata.value),
    )
