"""Signing in through an organization's own OpenID Connect provider: what is set for it, and which of its people are linked.

Such a sign-in is for reading only and decides nothing (requirements 4.1, decision 0023). A person of the provider is an
administrator here only where that administrator linked the two, signed in with a credential; a mail address links nobody.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from privyseal.model.errors import Refused
from privyseal.model.identifiers import AdministratorId, OrganizationId, SessionId, SignOnId, SignOnLinkId

ATTEMPT_LIFE: Final = timedelta(minutes=10)
"""How long somebody may take at the provider; then the try counts for nothing."""

MAXIMUM_ISSUER: Final = 500
MAXIMUM_CLIENT_ID: Final = 255
MAXIMUM_SECRET: Final = 512
MAXIMUM_CLAIM: Final = 64
MAXIMUM_SUBJECT: Final = 255
"""OpenID Connect Core 1.0, 2: a sub has at most 255 characters."""

USUAL_CLAIM: Final = "sub"
_CLAIM: Final = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")
_PRINTABLE: Final = re.compile(r"[!-~]+")

CHANGEABLE_CLAIMS: Final = frozenset(
    {
        *("name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "email", "email_verified", "phone_number"),
        *("phone_number_verified", "profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "address", "updated_at"),
        *("upn", "unique_name", "groups", "roles", "iss", "aud", "exp", "iat", "nbf", "nonce", "azp", "acr", "amr", "auth_time", "at_hash"),
    }
)
"""Claims that people change, share or hand on, or that say nothing of a person (OpenID Connect Core 1.0, 5.7)."""


class LinkEnd(enum.Enum):
    """Why a link counts no more."""

    BY_ITSELF = "by-itself"
    BY_ADMINISTRATOR = "by-administrator"
    REPLACED = "replaced"
    OTHER_PROVIDER = "other-provider"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class SignOnSettings:
    """``issuer`` exactly as the provider writes it; ``client_secret`` is empty for a public client; ``claim`` says who somebody is."""

    issuer: str
    client_id: str
    client_secret: str = ""
    claim: str = USUAL_CLAIM

    def is_same_provider(self, other: SignOnSettings) -> bool:
        """Whether links made under the other settings mean the same people under these."""
        return (self.issuer, self.client_id, self.claim) == (other.issuer, other.client_id, other.claim)


@dataclass(frozen=True, slots=True)
class SignOn:
    """The settings of an organization as they stand: who set them, when."""

    id: SignOnId
    organization_id: OrganizationId
    settings: SignOnSettings
    set_at: datetime
    set_by: str


@dataclass(frozen=True, slots=True)
class SignOnAttempt:
    """Somebody on the way to the provider and back, in one browser; with ``administrator_id`` to link himself, in that session."""

    state_sha256: str
    sign_on_id: SignOnId
    audience: str
    browser_sha256: str
    expires_at: datetime
    administrator_id: AdministratorId | None = None
    session_id: SessionId | None = None


@dataclass(frozen=True, slots=True)
class Vouched:
    """Somebody who came back: what he began, under which settings, and who the provider says he is (``subject``)."""

    attempt: SignOnAttempt
    sign_on: SignOn
    subject: str


@dataclass(frozen=True, slots=True)
class SignOnLink:
    """A person of the provider, of whom only a salted hash is kept, and the administrator that he is here."""

    id: SignOnLinkId
    organization_id: OrganizationId
    administrator_id: AdministratorId
    subject_hash: str
    linked_at: datetime
    linked_with: str
    ended_at: datetime | None = None
    end_reason: LinkEnd | None = None


def read_settings(issuer: str, client_id: str, client_secret: str, claim: str) -> SignOnSettings:
    """Return what was typed when it has its form; raises Refused at ``issuer``, ``client_id``, ``client_secret`` or ``claim``."""
    issuer, client_id, client_secret, claim = issuer.strip(), client_id.strip(), client_secret.strip(), claim.strip() or USUAL_CLAIM
    if not issuer or len(issuer) > MAXIMUM_ISSUER or not _PRINTABLE.fullmatch(issuer) or "?" in issuer:
        sentence = "Give the issuer exactly as it stands in the provider's configuration: an https address without a question mark."
        raise Refused("issuer", sentence, field="issuer")
    if not client_id or len(client_id) > MAXIMUM_CLIENT_ID or not _PRINTABLE.fullmatch(client_id):
        raise Refused("client-id", "Give the client id that the provider made for this service, without spaces.", field="client_id")
    if client_secret and (len(client_secret) > MAXIMUM_SECRET or not _PRINTABLE.fullmatch(client_secret)):
        raise Refused("client-secret", "A client secret has no spaces and at most 512 characters.", field="client_secret")
    if not _CLAIM.fullmatch(claim):
        raise Refused("claim", "Give the name of one claim, such as sub.", field="claim")
    if claim in CHANGEABLE_CLAIMS:
        sentence = (
            f"{claim} says nothing certain of a person: it can change, be shared or be given to somebody else. "
            "Use sub, or another claim that your provider never gives twice."
        )
        raise Refused("claim", sentence, field="claim")
    return SignOnSettings(issuer, client_id, client_secret, claim)
