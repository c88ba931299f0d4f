"""Looks whether an organization controls a domain, by the method that was chosen: the one way of every entrance.

From every perspective at once (BR 3.2.2.9): each resolves for itself, and for the http method fetches from what it
resolved, through this machine. Mail is no look-up: its evidence comes with the answer (actions/domain).
"""

from __future__ import annotations

import dataclasses
from datetime import datetime

from privyseal.engine.caa import Issuer
from privyseal.engine.dcv import Evidence, validate_dns_txt, validate_http_token
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.dns_persistent import validate_dns_persistent
from privyseal.engine.world import World
from privyseal.model.domain import Domain, ValidationMethod
from privyseal.model.errors import Refused


def look_up_control(domain: Domain, method: ValidationMethod, issuer: Issuer, world: World, *, now: datetime) -> Evidence:
    """Return the evidence with the views of all perspectives.

    Raises Refused and Unavailable as the method's own function does, each saying what to publish; Refused
    ``dcv-perspectives``; Refused ``dcv-method`` for a method that looks nothing up, ``domain-removed``.
    """
    if domain.removed_at is not None:
        raise Refused("domain-removed", f"{domain.name} was removed. Register it again before its control is shown.", field="domain")

    def look(lookup: DnsLookup) -> Evidence:
        if method is ValidationMethod.HTTP_TOKEN:
            return validate_http_token(domain.name, domain.token, lookup, world.fetch_policy, now=now)
        if method is ValidationMethod.DNS_PERSISTENT:
            return validate_dns_persistent(domain.name, issuer, lookup, now=now)
        if method is ValidationMethod.DNS_TXT:
            return validate_dns_txt(domain.name, domain.token, lookup, now=now)
        sentence = "By mail a domain is validated with the button behind the link of the letter, not by a look-up."
        raise Refused("dcv-method", sentence, field="method")

    corroborated = world.perspectives.corroborate(f"What shows control over {domain.name}", look)
    return dataclasses.replace(corroborated.seen, views=corroborated.views)
