"""Who gets a letter that several people get. Each gets one of his own, so that one full mailbox delays nobody else.

A recipient is named by an id, never by an address: the outbox and the job engine hold no personal data, and somebody
who was removed meanwhile gets nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from privyseal.model.administrator import Administrator, AdministratorState, Permission
from privyseal.model.identifiers import AdministratorId, OrganizationId
from privyseal.model.organization import Organization
from privyseal.store import administrators
from privyseal.store.database import Transaction

CONTACT: Final = "contact"
"""The contact of the request or certificate that the letter is about."""

CORPORATE_CONTACT: Final = "organization"
"""The contact address of the organization."""

Recipients = Callable[[Transaction, Organization | None], Sequence[str]]
"""Names the recipients of a letter; None is the provider."""


def who_may(permission: Permission) -> Recipients:
    """Return the function that names the active administrators with this right."""

    def name_them(tx: Transaction, organization: Organization | None) -> list[str]:
        return [person.id for person in _people(tx, organization) if person.may(permission)]

    return name_them


def contact_and_revokers(tx: Transaction, organization: Organization | None) -> list[str]:
    """Name the certificate's contact and the administrators who may revoke."""
    return [CONTACT, *who_may(Permission.REVOKE)(tx, organization)]


def contact_administrators_and_provider(tx: Transaction, organization: Organization | None) -> list[str]:
    """Name the certificate's contact, the administrators who may revoke, and the provider's people."""
    return [*contact_and_revokers(tx, organization), *(person.id for person in _people(tx, None))]


def corporate_contact_and_all_administrators(tx: Transaction, organization: Organization | None) -> list[str]:
    """Name the corporate contact and everybody who is or will be an administrator (architecture section 4)."""
    people = [person for person in _people(tx, organization) if person.state is not AdministratorState.REMOVED]
    if organization is None or any(person.email == organization.contact_email for person in people):
        return [person.id for person in people]
    return [CORPORATE_CONTACT, *(person.id for person in people)]


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
