"""The letters about domains: whether an organization controls one, that a validation ends soon, that one was removed."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from privyseal.engine.dcv import challenge_name
from privyseal.engine.dns_persistent import record_name, record_value
from privyseal.features.notices.desk import Desk, common_values
from privyseal.features.notices.recipients import address_of
from privyseal.features.notices.render import Letter, date_text
from privyseal.model.domain import DomainEnd
from privyseal.model.identifiers import AdministratorId, DomainId, DomainLetterId
from privyseal.model.rules import Tier
from privyseal.store import administrators, domain_letters, organizations

END_WORDS: Final = {
    DomainEnd.GIVEN_UP: "it was given up or sold",
    DomainEnd.NOT_OURS: "it never belonged to the organization",
    DomainEnd.NOT_NEEDED: "nobody needs certificates under it any more",
    DomainEnd.OTHER: "another reason",
}


def domain_control(desk: Desk) -> Letter | None:
    """To a constructed address of a domain: who says that it is his, and where to confirm it (BR 3.2.2.4.4)."""
    letter = domain_letters.get(desk.tx, DomainLetterId(desk.payload["letter"]))
    if letter is None or letter.confirmed_at is not None or letter.expires_at <= desk.house.clock():
        return None
    domain = organizations.domain_of_id(desk.tx, letter.domain_id)
    if domain is None or domain.removed_at is not None:
        return None
    organization = organizations.get(desk.tx, letter.organization_id)
    code = str(desk.payload["code"])
    page = f"{desk.house.service.base_url}/domain-control/{letter.id}"
    values = common_values(desk, organization) | {
        "domain": domain.name,
        "page": page,
        "confirm_url": f"{page}?code={quote(code)}",
        "code": code,
        "expires_at": letter.expires_at,
    }
    # Whoever gets it asked for nothing: the provider answers, not the organization that says that the domain is its own.
    values["help_contact"] = ""
    subject = f"{domain.name}: may {organization.name} get certificates for it? Answer by {date_text(letter.expires_at)}"
    return Letter("domain_control", letter.address, subject, values)


def domain_expiring(desk: Desk) -> Letter | None:
    """To the corporate contact and every administrator: from when on nothing is issued under a domain, and what to do."""
    domain = organizations.domain_of_id(desk.tx, DomainId(desk.payload["domain"]))
    if domain is None or domain.validation_id != desk.payload["validation"]:
        return None
    organization = organizations.get(desk.tx, domain.organization_id)
    until = domain.valid_until(Tier(desk.payload["tier"]))
    address = address_of(desk.tx, desk.recipient, organization)
    if until is None or not address:
        return None
    issuer = desk.house.service.caa_issuer(organization.slug)
    values = common_values(desk, organization) | {
        "domain": domain.name,
        "until": until,
        "is_over": until <= desk.house.clock(),
        "record_name": challenge_name(domain.name),
        "record_value": domain.token,
        "lasting_name": record_name(domain.name),
        "lasting_value": record_value(issuer),
        "page": f"{desk.house.service.base_url}/o/{organization.slug}/console/settings",
    }
    subject = f"{domain.name}: its validation ends on {date_text(until)} - show again that the domain is yours"
    return Letter("domain_expiring", address, subject, values)


def domain_removed(desk: Desk) -> Letter | None:
    """To the corporate contact and every administrator: nothing new is issued under the domain, and who ended that."""
    domain = organizations.domain_of_id(desk.tx, DomainId(desk.payload["domain"]))
    if domain is None:
        return None
    organization = organizations.get(desk.tx, domain.organization_id)
    address = address_of(desk.tx, desk.recipient, organization)
    if not address:
        return None
    person = administrators.get(desk.tx, AdministratorId(str(desk.payload["by"])))
    is_colleague = person is not None and person.organization_id == organization.id
    values = common_values(desk, organization) | {
        "domain": domain.name,
        "by": person.name if person is not None and is_colleague else "the provider",
        "reason_words": END_WORDS[DomainEnd(desk.payload["reason"])],
        "removed_at": desk.row.created_at,
        "page": f"{desk.house.service.base_url}/o/{organization.slug}/console/certificates",
    }
    subject = f"{domain.name}: removed from {organization.name} on {date_text(desk.row.created_at)}"
    return Letter("domain_removed", address, subject, values)
