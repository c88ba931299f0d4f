"""An application: what somebody who wants to become an organization of this provider wrote, before anybody looked into it (A35).

unconfirmed -> applied -> taken-up or rejected; what nobody confirms lapses. Nothing that is written here is believed: the
vetting looks everything up.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from privyseal.model.errors import Refused
from privyseal.model.identifiers import ApplicationId, OrganizationId
from privyseal.model.request import require_text

CONFIRM_WITHIN = timedelta(days=7)
"""How long the code that was mailed to the applicant works."""

MAXIMUM_DOMAINS = 20


class ApplicationState(enum.Enum):
    """unconfirmed -> applied -> taken-up or rejected."""

    UNCONFIRMED = "unconfirmed"
    APPLIED = "applied"
    TAKEN_UP = "taken-up"
    REJECTED = "rejected"


class ContactKind(enum.Enum):
    """The corporate contact binds the company, the technical one receives, the billing one pays (requirements 4.1).

    The alert contact hears of unusual recoveries and is nobody who recovers (B68, I9); an application names none.
    """

    CORPORATE = "corporate"
    TECHNICAL = "technical"
    BILLING = "billing"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Form:
    """What was written, checked for its form alone. ``slug`` is a wish; ``domains`` are normalized."""

    name: str
    registration_number: str
    country: str
    state_or_province: str
    locality: str
    address: str
    telephone: str
    website: str
    slug: str
    domains: tuple[str, ...]
    corporate_name: str
    corporate_email: str
    technical_name: str
    technical_email: str
    billing_name: str
    billing_email: str
    administrator_name: str
    administrator_email: str

    def contact(self, kind: ContactKind) -> tuple[str, str]:
        """Return name and mail address of a contact, "" for one that was not named."""
        return {
            ContactKind.CORPORATE: (self.corporate_name, self.corporate_email),
            ContactKind.TECHNICAL: (self.technical_name, self.technical_email),
            ContactKind.BILLING: (self.billing_name, self.billing_email),
            ContactKind.ALERT: ("", ""),
        }[kind]


@dataclass(frozen=True, slots=True)
class Application:
    """``organization_id`` is set once it was taken up; ``reason`` is why it was rejected, or ""."""

    id: ApplicationId
    state: ApplicationState
    form: Form
    code_hash: str
    created_at: datetime
    confirmed_at: datetime | None
    decided_at: datetime | None
    decided_by: str
    reason: str
    organization_id: OrganizationId | None


def require_telephone(text: str) -> str:
    """Return a telephone number as it was written; raises Refused ``telephone`` for what nobody could call."""
    number = require_text("telephone", text, 40)
    if sum(character.isdigit() for character in number) < 5 or set(number) - set("+0123456789 ()-/."):
        sentence = "Write the telephone number with its country code, such as +1 859 555 0100."
        raise Refused("telephone", sentence, field="telephone")
    return number


def require_website(text: str) -> str:
    """Return the address of a website, or "" where there is none; raises Refused ``website``."""
    address = require_text("website", text, 200, optional=True)
    if address and (not address.startswith(("https://", "http://")) or not address.isascii() or " " in address):
        sentence = "Write the address of the website with https:// in front of it, or leave it out."
        raise Refused("website", sentence, field="website")
    return address
