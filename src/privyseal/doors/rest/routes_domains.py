"""Domains: registered, validated, asked about by mail, removed; and which certificates were issued on a validation."""

from __future__ import annotations

from fastapi import APIRouter

from privyseal.actions.domain.confirm_domain_letter import confirm_domain_letter
from privyseal.actions.domain.remove_domain import remove_domain
from privyseal.actions.domain.send_domain_letter import send_domain_letter
from privyseal.actions.house import About, perform
from privyseal.actions.organization.add_domain import add_domain
from privyseal.actions.organization.record_validation import record_validation
from privyseal.doors import DoorContext
from privyseal.doors.rest.access import ANYBODY, described, holder, provider
from privyseal.doors.rest.addresses import After, DomainLetterPath, DomainPath, Limit, Slug, ValidationPath
from privyseal.doors.rest.authentication import CallerOf, Context
from privyseal.doors.rest.bodies import CodeBody, DomainBody, DomainLetterBody, RemovalBody, ValidationBody
from privyseal.doors.rest.documents import (
    ConfirmedDomain,
    DomainDocument,
    DomainLetterDocument,
    DomainPage,
    IssuedOnPage,
    ValidationDocument,
    ValidationPage,
)
from privyseal.doors.rest.reading import attempt_within, read, read_of_provider, require_for_provider
from privyseal.doors.rest.representations import domain_document, issued_on, validation_document
from privyseal.engine.domain_control import look_up_control
from privyseal.model.administrator import Permission
from privyseal.model.domain import Domain
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import DomainLetterId, ValidationId
from privyseal.model.organization import Organization
from privyseal.model.statement import utc_text
from privyseal.store import organizations, validations
from privyseal.store.database import Transaction
from privyseal.store.validations import Validation

router = APIRouter(tags=["Domains"])


@router.get("/organizations/{org}/domains", **described(holder(Permission.READ), 403))
def list_domains(org: Slug, context: Context, caller: CallerOf, after: After = "", limit: Limit = 50) -> DomainPage:
    """List the registered domains by name, removed ones too, with what to publish for their validation."""
    port, issuer = context.world.fetch_policy.ports[0], context.house.service.caa_issuer(org)

    def page(tx: Transaction, organization: Organization) -> DomainPage:
        found = organizations.domain_page(tx, organization.id, after=after, limit=limit + 1)
        items = [domain_document(domain, port, issuer) for domain in found[:limit]]
        return DomainPage(items=items, next=found[limit - 1].id if len(found) > limit else "")

    return read(context, caller, About("list-domains", org, "organization", org), Permission.READ, page, scoped=True)


@router.get("/organizations/{org}/domains/{name}/validations", **described(holder(Permission.READ), 403))
def list_validations(org: Slug, name: DomainPath, context: Context, caller: CallerOf) -> ValidationPage:
    """List every time control over the domain was shown, with the evidence, the newest first."""

    def page(tx: Transaction, organization: Organization) -> ValidationPage:
        domain = _registered(tx, organization, name)
        return ValidationPage(items=[validation_document(item) for item in validations.of_domain(tx, domain.id)], next="")

    return read(context, caller, About("list-validations", org, "domain", name), Permission.READ, page, scoped=True)


@router.post("/organizations/{org}/domains/{name}/removal", **described(holder(Permission.MANAGE_DOMAINS), 403, post=True))
def remove(org: Slug, name: DomainPath, body: RemovalBody, context: Context, caller: CallerOf) -> DomainDocument:
    """Remove a domain: nothing new is issued under it. Its certificates and its evidence stay. A second time is harmless."""
    about = About("remove-domain", org, "domain", name)
    read(context, caller, about, Permission.MANAGE_DOMAINS, lambda tx, organization: _registered(tx, organization, name))
    return _shown(context, org, perform(context.house, caller.actor, about, remove_domain, org, name, body.reason))


@router.post("/domain-letters/{letter}/confirmation", **described(ANYBODY, 409, post=True))
def confirm(letter: DomainLetterPath, body: CodeBody, context: Context, caller: CallerOf) -> ConfirmedDomain:
    """Confirm, with the value of the letter, that the organization may have certificates for the domain; it counts once."""
    about = About("confirm-domain-letter", "", "domain-letter", letter)
    domain = perform(context.house, caller.actor, about, confirm_domain_letter, DomainLetterId(letter), body.code)
    return ConfirmedDomain(name=domain.name, validated_at=utc_text(domain.validated_at or context.house.clock()))


@router.post("/provider/organizations/{org}/domains", status_code=201, **described(provider(Permission.VET), 403, post=True))
def register_domain(org: Slug, body: DomainBody, context: Context, caller: CallerOf) -> DomainDocument:
    """Register a domain and tell what to publish; the same domain a second time is the first one again."""
    about = About("add-domain", org, "domain", "new")
    require_for_provider(context, caller, about, Permission.VET)
    return _shown(context, org, perform(context.house, caller.actor, about, add_domain, org, body.name))


@router.post("/provider/organizations/{org}/domains/{name}/validation", **described(provider(Permission.VET), 403, 409, post=True))
def validate_domain(org: Slug, name: DomainPath, body: ValidationBody, context: Context, caller: CallerOf) -> DomainDocument:
    """Look up whether the organization controls the domain."""
    about = About("validate-domain", org, "domain", name)
    require_for_provider(context, caller, about, Permission.VET)

    domain = read(context, caller, about, None, lambda tx, organization: _registered(tx, organization, name))
    issuer, now = context.house.service.caa_issuer(org), context.house.clock()
    evidence = attempt_within(
        context,
        caller,
        about,
        lambda: look_up_control(domain, body.method, issuer, context.world, now=now),
    )
    return _shown(context, org, perform(context.house, caller.actor, about, record_validation, org, name, domain.token, evidence))


def _shown(context: DoorContext, slug: str, domain: Domain) -> DomainDocument:
    return domain_document(domain, context.world.fetch_policy.ports[0], context.house.service.caa_issuer(slug))


@router.post("/provider/organizations/{org}/domains/{name}/letters", status_code=201, **described(provider(Permission.VET), 403, post=True))
def ask_by_mail(org: Slug, name: DomainPath, body: DomainLetterBody, context: Context, caller: CallerOf) -> DomainLetterDocument:
    """Ask by mail, at an address that answers for the domain, whether the organization controls it."""
    about = About("send-domain-letter", org, "domain", name)
    require_for_provider(context, caller, about, Permission.VET)
    letter = perform(context.house, caller.actor, about, send_domain_letter, org, name, body.address)
    return DomainLetterDocument(
        id=letter.id, address=letter.address, sent_at=utc_text(letter.sent_at), expires_at=utc_text(letter.expires_at)
    )


@router.post("/provider/organizations/{org}/domains/{name}/removal", **described(provider(Permission.VET), 403, post=True))
def remove_for_provider(org: Slug, name: DomainPath, body: RemovalBody, context: Context, caller: CallerOf) -> DomainDocument:
    """Remove a domain of any organization: nothing new is issued under it. A second time is harmless."""
    about = About("remove-domain", org, "domain", name)
    require_for_provider(context, caller, about, Permission.VET)
    return _shown(context, org, perform(context.house, caller.actor, about, remove_domain, org, name, body.reason))


@router.get("/provider/validations/{validation}", **described(provider(Permission.READ), 403))
def show_validation(validation: ValidationPath, context: Context, caller: CallerOf) -> ValidationDocument:
    """Show the evidence of one validation."""
    about = About("show-validation", "", "validation", validation)
    return read_of_provider(context, caller, about, Permission.READ, lambda tx: validation_document(_validation(tx, validation)))


@router.get("/provider/validations/{validation}/certificates", **described(provider(Permission.READ), 403))
def list_issued_on(validation: ValidationPath, context: Context, caller: CallerOf, after: After = "", limit: Limit = 50) -> IssuedOnPage:
    """List every certificate that was issued on this evidence, the oldest first."""

    def page(tx: Transaction) -> IssuedOnPage:
        found = validations.issued_on(tx, _validation(tx, validation).id, after=after, limit=limit + 1)
        return IssuedOnPage(items=[issued_on(item) for item in found[:limit]], next=found[limit - 1].id if len(found) > limit else "")

    about = About("list-issued-on", "", "validation", validation)
    return read_of_provider(context, caller, about, Permission.READ, page)


def _validation(tx: Transaction, validation_id: str) -> Validation:
    found = validations.get(tx, ValidationId(validation_id))
    if found is None:
        raise NotFound("not-found", "There is no such validation.")
    return found


def _registered(tx: Transaction, organization: Organization, name: str) -> Domain:
    domain = organizations.domain_named(tx, organization.id, name)
    if domain is None:
        raise NotFound("not-found", "There is no such domain registered for this organization.")
    return domain
