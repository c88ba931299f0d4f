"""Domains of an organization: registered, looked up, asked about by mail, removed; and what was issued on a validation."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from privyseal.actions.domain.remove_domain import remove_domain
from privyseal.actions.domain.send_domain_letter import send_domain_letter
from privyseal.actions.house import About, attempt
from privyseal.actions.organization.add_domain import add_domain
from privyseal.actions.organization.record_validation import record_validation
from privyseal.engine.dcv import Evidence
from privyseal.engine.domain_control import look_up_control
from privyseal.look.domain_words import domain_ends, method_words, read_seen
from privyseal.look.words import gettext
from privyseal.model.certificate import CertificateState
from privyseal.model.domain import Domain, ValidationMethod, read_domain_end
from privyseal.model.errors import BadRequest, Conflict, NotFound, Refused, TooManyRequests, Unavailable
from privyseal.model.identifiers import ValidationId
from privyseal.model.organization import Organization
from privyseal.pages.provider_console.organization import object_page, place, require_organization
from privyseal.reception.site import Visit
from privyseal.store import organizations, validations
from privyseal.store.validations import Issued

PAGE_SIZE: Final = 50
REMOVAL: Final = "provider_console/remove_domain.html"
VALIDATION: Final = "provider_console/validation.html"
_VALIDATION_ID: Final = re.compile(r"val-[0-9a-f]{32}")
_CERTIFICATE_ID: Final = re.compile(r"crt-[0-9a-f]{32}")


def register_domain(visit: Visit) -> Response:
    """Register a domain; its page then shows what to publish."""
    organization = require_organization(visit)
    try:
        visit.perform(About("add-domain", organization.slug, "domain", "new"), add_domain, organization.slug, visit.form.value("domain"))
    except (Refused, BadRequest, Conflict) as error:
        visit.form.refuse("domain", error.sentence)
        return object_page(visit, status=422)
    return visit.go_to(f"{place(visit)}#domains")


def validate_domain(visit: Visit) -> Response:
    """Look up whether the organization controls the domain, now."""
    organization, name = require_organization(visit), visit.path("name")
    about = About("validate-domain", organization.slug, "domain", name)
    try:
        domain = attempt(visit.house, visit.actor, about, lambda: _registered(visit, organization, name))
        evidence = attempt(visit.house, visit.actor, about, lambda: _look_up(visit, domain))
        visit.perform(about, record_validation, organization.slug, name, domain.token, evidence)
    except (Refused, BadRequest, Conflict, Unavailable) as error:
        visit.form.refuse("domains", error.sentence)
        return object_page(visit, status=503 if isinstance(error, Unavailable) else 422)
    return visit.go_to(f"{place(visit)}#domains")


def _registered(visit: Visit, organization: Organization, name: str) -> Domain:
    with visit.house.database.read(visit.now) as tx:
        domain = organizations.domain_named(tx, organization.id, name)
    if domain is None:
        raise NotFound("not-found", gettext("There is no such domain registered for this organization."))
    return domain


def _look_up(visit: Visit, domain: Domain) -> Evidence:
    entrance, issuer = visit.context.entrance, visit.house.service.caa_issuer(visit.path("slug"))
    try:
        method = ValidationMethod(visit.form.value("method"))
    except ValueError:
        raise Refused("validation-method", gettext("Choose how the domain is looked up."), field="domains") from None
    return look_up_control(domain, method, issuer, entrance.world, now=visit.house.clock())


def ask_by_mail(visit: Visit) -> Response:
    """Send the letter that asks whether the organization controls the domain."""
    organization, name = require_organization(visit), visit.path("name")
    about = About("send-domain-letter", organization.slug, "domain", name)
    try:
        visit.perform(about, send_domain_letter, organization.slug, name, visit.form.value("address"))
    except (Refused, BadRequest, Conflict, TooManyRequests) as error:
        visit.form.refuse("domains", error.sentence)
        return object_page(visit, status=429 if isinstance(error, TooManyRequests) else 422)
    return visit.go_to(f"{place(visit)}?done=letter#domains")


def ask_removal(visit: Visit) -> Response:
    """Ask why, and say what follows; one that is removed already is in the list."""
    organization = require_organization(visit)
    domain = _registered(visit, organization, visit.path("name"))
    return _show_removal(visit, domain) if domain.removed_at is None else visit.go_to(f"{place(visit)}#domains")


def _show_removal(visit: Visit, domain: Domain, status: int = 200) -> Response:
    values = {"domain": domain, "place": place(visit), "reasons": [(name, words, "") for name, words in domain_ends()]}
    return visit.show(REMOVAL, values, status=status)


def remove(visit: Visit) -> Response:
    """Remove the domain, at once."""
    organization, name = require_organization(visit), visit.path("name")
    about = About("remove-domain", organization.slug, "domain", name)
    try:
        why = attempt(visit.house, visit.actor, about, lambda: read_domain_end(visit.form.value("reason")))
        visit.perform(about, remove_domain, organization.slug, name, why)
    except Refused as error:
        visit.form.refuse(error.field, error.sentence)
        return _show_removal(visit, _registered(visit, organization, name), status=422)
    return visit.go_to(f"{place(visit)}?done=removal#domains")


def show_validation(visit: Visit) -> Response:
    """Show one validation with its evidence and every certificate that was issued on it."""
    wanted, after = visit.path("validation"), visit.query("after", 64)
    with visit.house.database.read(visit.now) as tx:
        validation = validations.get(tx, ValidationId(wanted)) if _VALIDATION_ID.fullmatch(wanted) else None
        if validation is None:
            raise NotFound("not-found", gettext("There is nothing at this address. Check it, or go to the first page."))
        start = after if _CERTIFICATE_ID.fullmatch(after) else ""
        found = validations.issued_on(tx, validation.id, after=start, limit=PAGE_SIZE + 1)
        organization = organizations.get(tx, validation.organization_id)
    here = f"/provider/validations/{validation.id}"
    values = {
        "validation": validation,
        "organization": organization,
        "method": method_words(validation.method),
        "seen": read_seen(validation.evidence),
        "rows": [(item, _standing(item, visit)) for item in found[:PAGE_SIZE]],
        "filters": (),
        "first_address": here if start else "",
        "next_address": f"{here}?after={found[PAGE_SIZE - 1].id}" if len(found) > PAGE_SIZE else "",
    }
    return visit.show(VALIDATION, values)


def _standing(item: Issued, visit: Visit) -> tuple[str, str]:
    if item.state is CertificateState.REVOKED:
        return "bad", gettext("Revoked")
    return ("good", gettext("Valid")) if item.not_after > visit.now else ("ended", gettext("Expired"))
