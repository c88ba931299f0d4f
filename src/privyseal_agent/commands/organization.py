"""``seal organization`` and ``seal domain``: who the customers are and which domains are theirs; mostly the provider's work."""

from __future__ import annotations

from typing import Literal, TypeAlias
from urllib.parse import quote

from privyseal_agent import words
from privyseal_agent.desk import Desk, Reply
from privyseal_agent.groups import AtDesk, group, open_service
from privyseal_agent.keys.csr import host_name
from privyseal_agent.rest.documents import Document
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions

APP = group("organization", "Organizations: create, list, suspend, close.")
DOMAINS = group("domain", "Domains of an organization: add, validate, list, remove.")

Method: TypeAlias = Literal["dns-txt", "dns-persistent", "http-token"]
End: TypeAlias = Literal["given-up", "not-needed", "not-ours", "other"]


@APP.command
def create(
    slug: str,
    /,
    *,
    name: str,
    country: str,
    locality: str,
    contact_email: str,
    state: str = "",
    options: ServiceOptions = NO_SERVICE_OPTIONS,
    desk: AtDesk,
) -> Reply:
    """Create an organization; it can do nothing until it is vetted. For the provider.

    Parameters
    ----------
    slug
        Short name in addresses: lower case letters, digits and hyphens.
    name
        Legal name, as certificates will carry it.
    country
        Two-letter code of the country, such as US.
    locality
        City.
    contact_email
        Address of the corporate contact.
    state
        State or province, spelled out.
    """
    body = {
        "slug": slug,
        "name": name,
        "country": country,
        "state_or_province": state,
        "locality": locality,
        "contact_email": contact_email,
    }
    with open_service(options, desk) as service:
        answer = service.post("/provider/organizations", body)
    return Reply(answer.fields, f"{answer.text('name')} ({answer.text('slug')}) is {answer.text('state')}.")


@APP.command
def trial(slug: str, /, *, name: str, person: str, email: str, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Start a trial: an organization for thirty days, without vetting, whose certificates nobody trusts. For the provider.

    Parameters
    ----------
    slug
        Short name; test- is written in front of it.
    name
        Name of the organization; TEST is written in front of it.
    person
        Full name of its administrator.
    email
        Mail address of the administrator; the one-time link goes there.
    """
    body = {"slug": slug, "name": name, "person_name": person, "person_email": email}
    with open_service(options, desk) as service:
        answer = service.post("/provider/trials", body)
    until = words.moment(answer.text("trial_until"))
    return Reply(answer.fields, f"{answer.text('name')} ({answer.text('slug')}) goes on until {until}. The one-time link is on its way.")


@APP.command
def reject(slug: str, /, *, reason: str, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Reject an application before it is active; the reason is mailed. For the provider.

    Parameters
    ----------
    slug
        Short name of the organization.
    reason
        Why; whoever it concerns reads it.
    """
    return _move(slug, "rejection", {"reason": reason}, options, desk)


@APP.command
def suspend(slug: str, /, *, reason: str, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Suspend an organization: nothing new is issued; its people may read and revoke. For the provider.

    Parameters
    ----------
    slug
        Short name of the organization.
    reason
        Why; whoever it concerns reads it.
    """
    return _move(slug, "suspension", {"reason": reason}, options, desk)


@APP.command
def resume(slug: str, /, *, reason: str, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Resume a suspended organization. For the provider.

    Parameters
    ----------
    slug
        Short name of the organization.
    reason
        Why; whoever it concerns reads it.
    """
    return _move(slug, "resumption", {"reason": reason}, options, desk)


@APP.command
def close(slug: str, /, *, reason: str, valid_certificates: int, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Close a suspended organization for ever: its credentials die at once, its certificates are revoked. For the provider.

    Parameters
    ----------
    slug
        Short name of the organization.
    reason
        Why; whoever it concerns reads it.
    valid_certificates
        How many of its certificates are valid and are revoked with this: seal organization history tells.
    """
    return _move(slug, "closure", {"reason": reason, "valid_certificates": valid_certificates}, options, desk)


def _move(slug: str, step: str, body: dict[str, object], options: ServiceOptions, desk: Desk) -> Reply:
    with open_service(options, desk) as service:
        answer = service.post(f"/provider/organizations/{quote(slug, safe='')}/{step}", body)
    return Reply(answer.fields, f"{answer.text('name')} ({answer.text('slug')}) is {answer.text('state')}.")


@APP.command
def history(slug: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Show what happened to an organization, until when its vetting counts, and what closing it would revoke. For the provider.

    Parameters
    ----------
    slug
        Short name of the organization.
    """
    with open_service(options, desk) as service:
        answer = service.get(f"/provider/organizations/{quote(slug, safe='')}/history")
    head = words.facts(
        [
            ("Organization", f"{answer.text('organization')} ({answer.text('state')})"),
            ("Vetted for the public tier until", words.moment(answer.maybe("vetted_until_public"))),
            ("Vetted for the private tier until", words.moment(answer.maybe("vetted_until_private"))),
            ("Valid certificates", str(answer.integer("valid_certificates"))),
        ]
    )
    rows = [(words.moment(item.text("at")), item.text("event"), item.text("by"), item.text("reason")) for item in answer.parts("items")]
    return Reply(answer.fields, f"{head}\n\n{words.table(('WHEN', 'EVENT', 'BY', 'REASON'), rows, empty='Nothing happened yet.')}")


@APP.command(name="list")
def list_organizations(*, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """List all organizations. For the provider."""
    with open_service(options, desk) as service:
        organizations = list(service.items("/provider/organizations"))
    rows = [(item.text("slug"), item.text("state"), item.text("name")) for item in organizations]
    table = words.table(("ORGANIZATION", "STATE", "NAME"), rows, empty="There are no organizations.")
    return Reply({"items": [item.fields for item in organizations]}, table)


@APP.command
def show(*, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Show what everybody may know of the organization: its validated domains and its policies."""
    with open_service(options, desk) as service:
        answer = service.get(service.path())
    rows = [
        ("Organization", f"{answer.text('name')} ({answer.text('slug')})"),
        ("Domains", "\n".join(answer.texts("domains"))),
        ("Policies", "\n".join(policy.text("name") for policy in answer.parts("policies"))),
        ("Contact", answer.maybe("contact")),
        ("Log key", answer.maybe("log_key")),
    ]
    return Reply(answer.fields, words.facts(rows))


@DOMAINS.command
def add(name: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Register a domain for the organization and tell how control over it is shown. For the provider.

    Parameters
    ----------
    name
        The domain, such as example.test; every name under it is covered.
    """
    with open_service(options, desk) as service:
        answer = service.post(f"/provider{service.path('domains')}", {"name": host_name(name)})
    return Reply(answer.fields, _instructions(answer))


@DOMAINS.command
def validate(name: str, /, *, method: Method = "dns-txt", options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Have the service look the proof of control up. For the provider.

    Parameters
    ----------
    name
        The domain.
    method
        dns-txt (the default), dns-persistent or http-token.
    """
    with open_service(options, desk) as service:
        path = service.path("domains", host_name(name), "validation")
        answer = service.post(f"/provider{path}", {"method": method})
    until = words.moment(answer.maybe("expires_at"))
    return Reply(answer.fields, f"{answer.text('name')} is validated" + (f" until {until}." if until else "."))


@DOMAINS.command(name="list")
def list_domains(*, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """List the domains of the organization."""
    with open_service(options, desk) as service:
        domains = list(service.items(service.path("domains")))
    rows = [
        (
            item.text("name"),
            words.moment(item.maybe("validated_at")) or "-",
            "removed" if item.maybe("removed_at") else words.moment(item.maybe("expires_at")) or "-",
        )
        for item in domains
    ]
    table = words.table(("DOMAIN", "VALIDATED", "UNTIL"), rows, empty="There are no domains.")
    return Reply({"items": [item.fields for item in domains]}, table)


@DOMAINS.command
def mail(name: str, address: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Ask by mail whether the organization controls a domain. For the provider.

    Parameters
    ----------
    name
        The domain.
    address
        Who answers for it: admin, administrator, webmaster, hostmaster or postmaster at the domain or above it.
    """
    with open_service(options, desk) as service:
        path = service.path("domains", host_name(name), "letters")
        answer = service.post(f"/provider{path}", {"address": address})
    return Reply(answer.fields, f"{answer.text('address')} is asked, and may answer until {words.moment(answer.text('expires_at'))}.")


@DOMAINS.command
def confirm(letter: str, code: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Confirm that an organization may have certificates for a domain, with the value of the letter that asked you.

    Parameters
    ----------
    letter
        The id of the letter, the last part of its link before the question mark.
    code
        The value in the letter.
    """
    with open_service(options, desk) as service:
        answer = service.post(f"/domain-letters/{quote(letter, safe='')}/confirmation", {"code": code})
    return Reply(answer.fields, f"{answer.text('name')} is validated.")


@DOMAINS.command
def remove(name: str, /, *, reason: End, provider: bool = False, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Remove a domain: nothing new is issued under it. Its certificates go on, and its evidence stays.

    Parameters
    ----------
    name
        The domain.
    reason
        given-up, not-needed, not-ours or other.
    provider
        Whether the provider removes it, and not the organization itself.
    """
    with open_service(options, desk) as service:
        path = service.path("domains", host_name(name), "removal")
        answer = service.post(f"/provider{path}" if provider else path, {"reason": reason})
    return Reply(answer.fields, f"{answer.text('name')} is removed. Nothing new is issued under it.")


@DOMAINS.command
def evidence(name: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """List every time control over a domain of the organization was shown.

    Parameters
    ----------
    name
        The domain.
    """
    with open_service(options, desk) as service:
        found = list(service.items(service.path("domains", host_name(name), "validations")))
    rows = [(item.text("id"), item.text("method"), words.moment(item.text("validated_at"))) for item in found]
    return Reply(
        {"items": [item.fields for item in found]}, words.table(("VALIDATION", "METHOD", "SHOWN"), rows, empty="There is none yet.")
    )


@DOMAINS.command
def issued(validation: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """List every certificate that was issued on one showing of control. For the provider.

    Parameters
    ----------
    validation
        The id of the validation, as `seal domain evidence` tells it.
    """
    with open_service(options, desk) as service:
        found = list(service.items(f"/provider/validations/{quote(validation, safe='')}/certificates"))
    rows = [
        (item.text("organization"), item.text("serial"), item.text("state"), words.moment(item.text("not_after")), item.text("common_name"))
        for item in found
    ]
    header = ("ORGANIZATION", "SERIAL", "STATE", "UNTIL", "NAME")
    return Reply({"items": [item.fields for item in found]}, words.table(header, rows, empty="No certificate was issued on it."))


def _instructions(domain: Document) -> str:
    record, file, lasting = domain.part("dns_record"), domain.part("http"), domain.part("dns_persistent")
    command = f"seal domain validate {domain.text('name')}"
    rows = [
        ("Domain", domain.text("name")),
        ("DNS record", _record(record)),
        ("then run", command),
        ("or file at", f"{file.text('url')}\nwith the text {file.text('body')}"),
        ("then run", f"{command} --method http-token"),
        ("or for good", _record(lasting)),
        ("then run", f"{command} --method dns-persistent"),
        ("or by mail", f"seal domain mail {domain.text('name')} {domain.texts('mail')[0]}"),
        ("Only we may issue", f"{domain.text('name')} CAA {domain.text('caa_record')}"),
    ]
    return words.facts(rows)


def _record(record: Document) -> str:
    return f'{record.text("name")} {record.text("type")} "{record.text("value")}"'
