"""Looks whether an organization controls a domain, by the method that was chosen: the one way of every entrance."""

from __future__ import annotations

from datetime import datetime

from privyseal.engine.caa import Issuer
from privyseal.engine.dcv import DnsLookup, Evidence, validate_dns_txt, validate_http_token
from privyseal.engine.dns_persistent import validate_dns_persistent
from privyseal.engine.token_fetch import FetchPolicy
from privyseal.model.domain import Domain, ValidationMethod


def look_up_control(
    domain: Domain, method: ValidationMethod, issuer: Issuer, lookup: DnsLookup, policy: FetchPolicy, *, now: datetime
) -> Evidence:
    """Return the evidence; raises Refused and Unavailable as the method's own function does, each saying what to publish."""
    if method is ValidationMethod.HTTP_TOKEN:
        return validate_http_token(domain.name, domain.token, lookup, policy, now=now)
    if method is ValidationMethod.DNS_PERSISTENT:
        return validate_dns_persistent(domain.name, issuer, lookup, now=now)
    return validate_dns_txt(domain.name, domain.token, lookup, now=now)
