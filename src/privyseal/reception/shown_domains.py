"""What the page of an organization shows of its domains: how each is validated, and what was seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from privyseal.engine.caa import caa_record
from privyseal.engine.dcv import challenge_name, challenge_url
from privyseal.engine.dns_persistent import record_name, record_value
from privyseal.engine.names import registered_domain
from privyseal.look.domain_words import Seen, domain_ends, method_words, read_seen
from privyseal.model.domain import Domain, validation_addresses
from privyseal.model.organization import Organization
from privyseal.model.rules import Tier
from privyseal.reception.site import Visit


@dataclass(frozen=True, slots=True)
class ShownDomain:
    """A domain with everything that may be published for it, and what was seen when it was validated."""

    domain: Domain
    is_valid: bool
    until: datetime | None
    until_public: datetime | None
    method: str
    seen: Seen | None
    record_name: str
    url: str
    lasting: tuple[str, str]
    addresses: tuple[str, ...]
    caa: str
    removal: str


def shown_domains(visit: Visit, organization: Organization, found: Iterable[Domain]) -> list[ShownDomain]:
    """Return the domains of an organization as both consoles show them."""
    port, issuer = visit.context.entrance.world.fetch_policy.ports[0], visit.house.service.caa_issuer(organization.slug)
    ends = dict(domain_ends())
    return [
        ShownDomain(
            domain=domain,
            is_valid=domain.is_valid(visit.now),
            until=domain.valid_until(),
            until_public=domain.valid_until(Tier.PUBLIC),
            method=method_words(domain.method),
            seen=read_seen(domain.evidence),
            record_name=challenge_name(domain.name),
            url=challenge_url(domain.name, domain.token, port),
            lasting=(record_name(domain.name), record_value(issuer)),
            addresses=validation_addresses(domain.name, registered_domain(domain.name)),
            caa=caa_record(issuer),
            removal=ends.get(domain.removal_reason, ""),
        )
        for domain in found
    ]
