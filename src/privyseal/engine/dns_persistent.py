"""A TXT record that stays in the domain and names this provider and the organization: published once, looked up as often as needed.

BR 3.2.2.4.22 (ballot SC-088v3) and draft-ietf-acme-dns-persist: at ``_validation-persist.<domain>`` stands an issue-value of
RFC 8659 4.2 with the account. It holds no secret, so anybody may publish one for his own domain and nobody gains by
copying it: the account in it is the organization's address here. ``policy=wildcard`` is demanded, because a domain
registered here covers every name under it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import dns.rdatatype

from privyseal.engine.caa import Issuer
from privyseal.engine.dcv import Evidence
from privyseal.engine.dns_lookup import DnsLookup, printable
from privyseal.engine.issue_value import read_issue_value
from privyseal.model.domain import ValidationMethod
from privyseal.model.errors import Refused

LABEL: Final = "_validation-persist"

_MAXIMUM_ANSWERS: Final = 10
_MAXIMUM_ANSWER_CHARACTERS: Final = 512
_MAXIMUM_DIGITS: Final = 11  # of seconds since 1970: to the year 5138, which a datetime still holds


def record_name(domain: str) -> str:
    """Return the name whose TXT record is looked up for ``domain``."""
    return f"{LABEL}.{domain}"


def record_value(issuer: Issuer) -> str:
    """Return the value to publish, without its quotes."""
    return f"{min(issuer.domains)}; accounturi={issuer.account_uri}; policy=wildcard"


def record_to_publish(domain: str, issuer: Issuer) -> str:
    """Return the record in the words of a zone file, as every page and refusal shows it."""
    return f'{record_name(domain)}. IN TXT "{record_value(issuer)}"'


def validate_dns_persistent(domain: str, issuer: Issuer, lookup: DnsLookup, *, now: datetime) -> Evidence:
    """Look up ``_validation-persist.<domain>`` and return the evidence if a record there names us and the organization.

    ``domain`` is normalized. Raises Refused ``dcv-no-answer`` or ``dcv-mismatch`` (what is wrong with each record that names
    us, and the one to publish), and Unavailable as DnsLookup does.
    """
    name = record_name(domain)
    answer = lookup.ask(name, dns.rdatatype.TXT)
    publish = f"Publish this record in the DNS of {domain} and check again: {record_to_publish(domain, issuer)}"
    if not answer.values:
        raise Refused("dcv-no-answer", f"There is no TXT record at {name}. {publish}", field="domain")
    troubles = {value: _trouble(value, issuer, now) for value in answer.values}
    fitting = [value for value, trouble in troubles.items() if not trouble]
    if not fitting:
        told = "; ".join(sorted(set(troubles.values())))
        raise Refused("dcv-mismatch", f"The TXT record at {name} does not show control: {told}. {publish}", field="domain")
    # The fitting one first: the cap must never cut off the very answer that is the evidence.
    seen = sorted(answer.values, key=lambda value: value not in fitting)
    return Evidence(
        method=ValidationMethod.DNS_PERSISTENT,
        name=name,
        answers=tuple(printable(value)[:_MAXIMUM_ANSWER_CHARACTERS] for value in seen[:_MAXIMUM_ANSWERS]),
        resolvers=(answer.resolver,),
        connected_to="",
        authenticated=answer.authenticated,
        at=now,
    )


def _trouble(text: str, issuer: Issuer, now: datetime) -> str:
    """Return why this record shows nothing, in a few words; an empty text if it shows control."""
    value = read_issue_value(text)
    tags = [tag for tag, _ in value.parameters]
    until = value.all_of("persistuntil")
    if value.issuer not in issuer.domains:
        return "it does not name this provider"
    if len(set(tags)) != len(tags):
        return "it says the same thing twice"
    if value.all_of("accounturi") != (issuer.account_uri,):
        return "it does not name your organization as its account"
    if [policy.lower() for policy in value.all_of("policy")] != ["wildcard"]:
        return "it does not say policy=wildcard, without which it speaks for no name under the domain"
    return _over(until[0], now) if until else ""


def _over(until: str, now: datetime) -> str:
    if not (until.isascii() and until.isdecimal() and len(until) <= _MAXIMUM_DIGITS):
        return "its persistUntil is no number of seconds since 1970"
    return "its persistUntil has passed" if datetime.fromtimestamp(int(until), UTC) < now else ""
