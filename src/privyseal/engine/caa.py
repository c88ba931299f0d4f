"""Certification Authority Authorization (RFC 8659): what the owner of a domain says about who may certify its names.

Looked up again at issue for every name of a certificate of a public tier, however often the name was judged before
(BR 3.2.2.8; Let's Encrypt 2020 checked one name N times). Read here: the tree climb, ``issue``, ``issuewild``,
``issuemail`` (RFC 9495), critical properties of unknown meaning, ``accounturi`` and ``validationmethods`` (RFC 8657; the
labels ``ca-tbr-N`` for methods that are not ACME's are those of ballot SC-098). What gets lost: ``iodef`` and other
properties that say nothing about who may issue. A look-up that fails forbids: nobody knows what it would have said.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.CAA

from privyseal.engine.dcv import DnsAnswer, DnsLookup
from privyseal.engine.issue_value import IssueValue, read_issue_value
from privyseal.model.domain import ValidationMethod
from privyseal.model.errors import Refused

_CRITICAL: Final = 128
_MAXIMUM_RECORDS: Final = 100
_MAXIMUM_SHOWN: Final = 120

METHOD_LABELS: Final = {
    ValidationMethod.DNS_TXT: frozenset({"dns-01", "ca-tbr-7"}),
    ValidationMethod.DNS_PERSISTENT: frozenset({"dns-persist-01", "ca-tbr-22"}),
    ValidationMethod.HTTP_TOKEN: frozenset({"ca-tbr-18"}),
}
"""What ``validationmethods`` calls our methods: the section of BR 3.2.2.4, and ACME's label where it is the same method."""


class Property(enum.Enum):
    """Which certificates a property speaks about."""

    ISSUE = "issue"
    ISSUEWILD = "issuewild"
    ISSUEMAIL = "issuemail"


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

    def to_evidence(self) -> dict[str, object]:
        """Return what is kept beside an issued certificate, as a mapping of JSON values."""
        return {"found_at": self.found_at, "records": [str(record) for record in self.records], "authenticated": self.authenticated}


@dataclass(frozen=True, slots=True)
class Issuer:
    """Ourselves, as domain owners name us: ``domains`` in lower case, ``account_uri`` of the organization asking."""

    domains: frozenset[str]
    account_uri: str


class CaaLookup:
    """Looks up record sets, each name of the tree once: make a new one for every decision, so that nothing is stale."""

    def __init__(self, lookup: DnsLookup) -> None:
        self._lookup = lookup
        self._seen: dict[str, DnsAnswer] = {}

    def relevant(self, name: str) -> CaaRecords:
        """Climb from ``name`` (A-labels; a wildcard counts as the name under its ``*.``) to the top level domain.

        Raises Unavailable as DnsLookup does, Refused ``dcv-name``, Refused ``caa-too-many`` for more than 100 properties.
        """
        authenticated = True
        labels = name.removeprefix("*.").rstrip(".").split(".")
        for start in range(len(labels)):
            owner = ".".join(labels[start:])
            answer = self._ask(owner)
            authenticated = authenticated and answer.authenticated
            if len(answer.values) > _MAXIMUM_RECORDS:
                raise Refused("caa-too-many", f"{owner} has more than {_MAXIMUM_RECORDS} CAA records; nobody can mean all of them.")
            if answer.values:
                return CaaRecords(owner, tuple(_record(value) for value in answer.values), authenticated)
        return CaaRecords("", (), authenticated)

    def _ask(self, owner: str) -> DnsAnswer:
        if owner not in self._seen:
            self._seen[owner] = self._lookup.ask(owner, dns.rdatatype.CAA)
        return self._seen[owner]


def require_permitted(
    names: Iterable[str], lookup: CaaLookup, issuer: Issuer, method_of: dict[str, ValidationMethod]
) -> dict[str, CaaRecords]:
    """Return the record set of every DNS name; raise Refused ``caa-forbids`` naming each name that its owner keeps from us.

    ``method_of`` maps each name to the method by which its domain was validated. Raises as CaaLookup.relevant does.
    """
    found = {name: lookup.relevant(name) for name in names}
    forbidden = [
        f"{name} ({reason})"
        for name, records in found.items()
        if (reason := forbidding(records, issuer, Property.ISSUEWILD if name.startswith("*.") else Property.ISSUE, method_of.get(name)))
    ]
    if forbidden:
        sentence = (
            f"The CAA records in the DNS forbid this provider to certify {'; '.join(forbidden)}. "
            f'The owner of the domain permits it by a record such as: 0 issue "{min(issuer.domains, default="")}".'
        )
        raise Refused("caa-forbids", sentence, field="csr")
    return found


def require_mail_permitted(domain: str, lookup: CaaLookup, issuer: Issuer) -> CaaRecords:
    """Return the record set of a mail domain; raise Refused ``caa-forbids`` if ``issuemail`` keeps us out (RFC 9495 4)."""
    records = lookup.relevant(domain)
    reason = forbidding(records, issuer, Property.ISSUEMAIL, None)
    if reason:
        sentence = f"The CAA records in the DNS forbid this provider to certify mail addresses at {domain} ({reason})."
        raise Refused("caa-forbids", sentence, field="email")
    return records


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
