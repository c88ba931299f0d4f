"""Settings so far, for reading: policies with their versions, domains with their evidence, the vetted record."""

from __future__ import annotations

import json
from dataclasses import dataclass

from starlette.responses import Response

from privyseal.engine.dcv import challenge_name, challenge_url
from privyseal.engine.dns_persistent import record_name, record_value
from privyseal.look.certificate_words import key_kinds
from privyseal.model.domain import Domain, ValidationMethod
from privyseal.model.organization import Organization
from privyseal.model.policy import Policy
from privyseal.pages.control_center.entry import home, look_up
from privyseal.reception.site import Visit
from privyseal.store import organizations, policies
from privyseal.store.database import Transaction

METHODS = {
    ValidationMethod.DNS_TXT: "DNS TXT",
    ValidationMethod.DNS_PERSISTENT: "DNS TXT",
    ValidationMethod.HTTP_TOKEN: "HTTP",
}


@dataclass(frozen=True, slots=True)
class ShownDomain:
    """A domain, what to publish for it, and what was seen when it was validated."""

    domain: Domain
    state: str
    method: str
    record_name: str
    persistent_name: str
    persistent_value: str
    token_url: str
    seen: dict[str, str]


def show_settings(visit: Visit) -> Response:
    """Show them."""

    def work(tx: Transaction, organization: Organization) -> tuple[Organization, list[Policy], list[Domain]]:
        return organization, policies.versions_of(tx, organization.id), organizations.domains_of(tx, organization.id)

    organization, versions, domains = look_up(visit, work)
    by_name: dict[str, list[Policy]] = {}
    for policy in versions:
        by_name.setdefault(policy.name, []).append(policy)
    port = visit.context.entrance.world.fetch_policy.ports[0]
    values = {
        "home": home(visit),
        "organization": organization,
        "policies": list(by_name.values()),
        "kinds": dict(key_kinds()),
        "domains": [_shown(visit, domain, port) for domain in domains],
        "portal": f"{visit.house.service.base_url}/o/{visit.slug}/",
    }
    return visit.show("control_center/settings.html", values)


def _shown(visit: Visit, domain: Domain, port: int) -> ShownDomain:
    tried = "good" if domain.is_valid(visit.now) else "bad"
    return ShownDomain(
        domain=domain,
        state=tried if domain.validated_at is not None else "waiting",
        method=METHODS[domain.method] if domain.method else "",
        record_name=challenge_name(domain.name),
        persistent_name=record_name(domain.name),
        persistent_value=record_value(visit.house.service.caa_issuer(visit.slug)),
        token_url=challenge_url(domain.name, domain.token, port),
        seen=_seen(domain.evidence),
    )


def _seen(evidence: str) -> dict[str, str]:
    """Return what was recorded of the look-up, as texts."""
    fields = json.loads(evidence) if evidence else {}
    return {
        "asked": str(fields.get("name", "")),
        "answers": ", ".join(map(str, fields.get("answers", ()))),
        "resolvers": ", ".join(map(str, fields.get("resolvers", ()))),
        "connected_to": str(fields.get("connected_to", "")),
    }
