"""Who gets a letter that several people get. Each gets one of his own, so that one full mailbox delays nobody else.

A recipient is named by an id, never by an address: the outbox and the job engine hold no personal data, and somebody
who was removed meanwhile gets nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from privyseal.model.administrator import Administrator, AdministratorState, Permission
from privyseal.model.identifiers import AdministratorId, CertificateId, ContactChangeId, OrganizationId, RequestId
from privyseal.model.organization import Organization
from privyseal.store import administrators, certificates, contact_changes, departments, requests
from privyseal.store.database import Transaction

CONTACT: Final = "contact"
"""The contact of the request or certificate that the letter is about."""

CORPORATE_CONTACT: Final = "organization"
"""The contact address of the organization."""

ASKED_CONTACT: Final = "asked"
NEW_CONTACT: Final = "new"
"""The two addresses of a change of a contact."""

Recipients = Callable[[Transaction, Organization | None, Mapping[str, Any]], Sequence[str]]
"""Names the recipients of a letter about what the payload names; None is the provider."""


def who_may(permission: Permission) -> Recipients:
    """Return the function that names the active administrators whose right reaches what the letter is about (I19)."""

    def name_them(tx: Transaction, organization: Organization | None, payload: Mapping[str, Any]) -> list[str]:
        path = _path(tx, payload)
        return [person.id for person in _people(tx, organization) if person.may(permission, path)]

    return name_them


def contact_and_revokers(tx: Transaction, organization: Organization | None, payload: Mapping[str, Any]) -> list[str]:
    """Name the certificate's contact and the administrators who may revoke."""
    return [CONTACT, *who_may(Permission.REVOKE)(tx, organization, payload)]


def contact_administrators_and_provider(tx: Transaction, organization: Organization | None, payload: Mapping[str, Any]) -> list[str]:
    """Name the certificate's contact, the administrators who may revoke, and the provider's people."""
    return [*contact_and_revokers(tx, organization, payload), *(person.id for person in _people(tx, None))]


def corporate_contact_and_all_administrators(tx: Transaction, organization: Organization | None, _payload: Mapping[str, Any]) -> list[str]:
    """Name the corporate contact and everybody who is or will be an administrator (architecture section 4)."""
    people = [person for person in _people(tx, organization) if person.state is not AdministratorState.REMOVED]
    if organization is None or any(person.email == organization.contact_email for person in people):
        return [person.id for person in people]
    return [CORPORATE_CONTACT, *(person.id for person in people)]


def corporate_contact_and_security(tx: Transaction, organization: Organization | None, payload: Mapping[str, Any]) -> list[str]:
    """Name the corporate contact, everybody who may assign roles here, and the person whom the letter is about, if it is about one."""
    right = Permission.MANAGE_STAFF if organization is None else Permission.ASSIGN_ROLES
    people = [person for person in _people(tx, organization) if person.may(right) or person.id == payload.get("administrator")]
    return [*([CORPORATE_CONTACT] if organization else []), *(person.id for person in people)]


def corporate_contact_and_reviewers(tx: Transaction, organization: Organization | None, _payload: Mapping[str, Any]) -> list[str]:
    """Name the corporate contact and everybody who may review access here."""
    people = [person for person in _people(tx, organization) if person.may(Permission.REVIEW_ACCESS)]
    is_told = organization is None or any(person.email == organization.contact_email for person in people)
    return [*([] if is_told else [CORPORATE_CONTACT]), *(person.id for person in people)]


def warned_of_a_contact(tx: Transaction, organization: Organization | None, payload: Mapping[str, Any]) -> list[str]:
    """Name the corporate contact and who manages administrators, but for the two addresses that are asked about another contact."""
    asked = _asked(tx, organization, payload)
    people = [person for person in _people(tx, organization) if person.may(Permission.MANAGE_ADMINISTRATORS)]
    corporate = [CORPORATE_CONTACT] if organization is not None and organization.contact_email not in asked else []
    return [*corporate, *(person.id for person in people if person.email not in asked)]


def everybody_about_a_contact(tx: Transaction, organization: Organization | None, payload: Mapping[str, Any]) -> list[str]:
    """Name both addresses of a change of a contact, whoever was warned of it, and who vets at the provider."""
    asked = _asked(tx, organization, payload)
    vetters = [person.id for person in _people(tx, None) if person.may(Permission.VET) and person.email not in asked]
    return [ASKED_CONTACT, NEW_CONTACT, *warned_of_a_contact(tx, organization, payload), *vetters]


def _asked(tx: Transaction, organization: Organization | None, payload: Mapping[str, Any]) -> set[str]:
    change = contact_changes.get(tx, organization.id, ContactChangeId(payload["contact_change"])) if organization is not None else None
    return {change.asked_email, change.email} if change is not None else set()


def _path(tx: Transaction, payload: Mapping[str, Any]) -> str:
    """Return where in the tree lies what a letter is about."""
    request_id, certificate_id = payload.get("request"), payload.get("certificate")
    if request_id:
        return departments.path_of(tx, requests.get_many(tx, [RequestId(request_id)])[RequestId(request_id)].department_id)
    certificate = certificates.get(tx, CertificateId(certificate_id)) if certificate_id else None
    return departments.path_of(tx, certificate.department_id) if certificate else ""


def contact_administrators_and_operators(tx: Transaction, organization: Organization | None, payload: Mapping[str, Any]) -> list[str]:
    """Name the corporate contact, everybody who is an administrator, and the provider's people who revoke."""
    revokers = [person.id for person in _people(tx, None) if person.may(Permission.REVOKE_CREDENTIALS)]
    return [*corporate_contact_and_all_administrators(tx, organization, payload), *revokers]


def organization_and_vetters(tx: Transaction, organization: Organization | None, payload: Mapping[str, Any]) -> list[str]:
    """Name the corporate contact, the administrators, and the provider's people who vet."""
    vetters = [person.id for person in _people(tx, None) if person.may(Permission.VET)]
    return [*corporate_contact_and_all_administrators(tx, organization, payload), *vetters]


def address_of(tx: Transaction, recipient: str, organization: Organization | None) -> str:
    """Return the address of the corporate contact or of an administrator of this organization, or "" for nobody."""
    if recipient == CORPORATE_CONTACT:
        return organization.contact_email if organization else ""
    person = administrators.get(tx, AdministratorId(recipient))
    if person is None or person.state is AdministratorState.REMOVED or person.organization_id != _id(organization):
        return ""
    return person.email


def _people(tx: Transaction, organization: Organization | None) -> list[Administrator]:
    return administrators.of_organization(tx, _id(organization))


def _id(organization: Organization | None) -> OrganizationId | None:
    return organization.id if organization else None
