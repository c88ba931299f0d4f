"""What every letter is composed from: the fact and its recipient, and the words that several letters share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from privyseal.actions.house import House
from privyseal.features.notices.render import Letter
from privyseal.model.identifiers import AdministratorId
from privyseal.model.organization import Organization
from privyseal.model.revocation import RevocationReason
from privyseal.store import administrators
from privyseal.store.database import Transaction
from privyseal.store.outbox import OutboxRow

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Desk:
    """What every letter is composed from. ``row`` is the fact; ``recipient`` names a person (see ``recipients``).

    ``auditor`` is the address of whoever keeps the provider's checkpoints, or "".
    """

    house: House
    tx: Transaction
    row: OutboxRow
    recipient: str
    auditor: str = ""

    @property
    def payload(self) -> Payload:
        """The ids that the fact carries."""
        return self.row.payload


Compose = Callable[[Desk], Letter | None]


REASON_WORDS: Final = {
    RevocationReason.UNSPECIFIED: "no reason given",
    RevocationReason.KEY_COMPROMISE: "its private key may be known to others",
    RevocationReason.AFFILIATION_CHANGED: "what it says about its organization is no longer true",
    RevocationReason.SUPERSEDED: "another certificate has replaced it",
    RevocationReason.CESSATION_OF_OPERATION: "its service has ended",
    RevocationReason.PRIVILEGE_WITHDRAWN: "the right to it was withdrawn",
}


def decider(desk: Desk, organization: Organization | None, actor_id: str) -> str:
    """Who did it, as the readers of this letter know him: a colleague by name, everybody else as the provider."""
    person = administrators.get(desk.tx, AdministratorId(actor_id))
    mine = organization.id if organization else None
    return person.name if person is not None and person.organization_id == mine else "the provider"


def common_values(desk: Desk, organization: Organization | None) -> dict[str, object]:
    """Return what the frame of every letter shows: the service, and whose letter it is and whom to ask there, or "" for both."""
    return {
        "service": desk.house.service.service_id,
        "organization": organization.name if organization else "",
        "help_contact": organization.contact_email if organization else "",
    }


def place_options(desk: Desk, organization: Organization) -> str:
    """The options that a command needs on a computer where ``seal`` is not set up."""
    return f"--organization {organization.slug} --service {desk.house.service.base_url}"


def page_of(desk: Desk, organization: Organization, place: str) -> str:
    """The address of one of the organization's pages."""
    return f"{desk.house.service.base_url}/o/{organization.slug}/{place}"


def last_word(code: str) -> str:
    """A code as the last argument of a command: one that begins with a hyphen must not look like an option."""
    return f"-- {code}" if code.startswith("-") else code


def grouped(digest: str) -> str:
    """Hex digits in pairs, as openssl and browsers show a fingerprint."""
    return ":".join(digest[start : start + 2] for start in range(0, len(digest), 2)).upper()
