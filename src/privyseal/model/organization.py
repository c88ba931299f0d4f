"""An organization: who it is, as vetted once, and whether it may decide for itself (requirements A35-A36, I17)."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import datetime

from privyseal.model.errors import Conflict, Refused
from privyseal.model.identifiers import OrganizationId
from privyseal.model.profile import SubjectField
from privyseal.model.rules import VETTING_REUSE, Tier, at, reusable_until

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")

TRIAL_MARK = "TEST "
"""Stands before the name of every trial and of no other organization: on pages, in letters, in certificates of people and servers."""

RESERVED_SLUGS = frozenset({"provider", "api", "o", "admin", "root", "status", "log"})


class OrganizationState(enum.Enum):
    """applied -> vetting -> active -> suspended -> active or closed; nothing is ever deleted.

    An application that is rejected goes from applied or vetting to closed.
    """

    APPLIED = "applied"
    VETTING = "vetting"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class OrganizationEvent(enum.Enum):
    """What happens to an organization; its history keeps each with who, when and why."""

    ENTER = "enter"
    TAKE_UP = "take-up"
    ACTIVATE = "activate"
    VET_AGAIN = "vet-again"
    SUSPEND = "suspend"
    RESUME = "resume"
    REJECT = "reject"
    CLOSE = "close"
    START_TRIAL = "start-trial"
    END_TRIAL = "end-trial"


MOVES: dict[OrganizationEvent, tuple[frozenset[OrganizationState], OrganizationState]] = {
    OrganizationEvent.TAKE_UP: (frozenset({OrganizationState.APPLIED}), OrganizationState.VETTING),
    OrganizationEvent.ACTIVATE: (frozenset({OrganizationState.VETTING}), OrganizationState.ACTIVE),
    OrganizationEvent.SUSPEND: (frozenset({OrganizationState.ACTIVE}), OrganizationState.SUSPENDED),
    OrganizationEvent.RESUME: (frozenset({OrganizationState.SUSPENDED}), OrganizationState.ACTIVE),
    OrganizationEvent.REJECT: (frozenset({OrganizationState.APPLIED, OrganizationState.VETTING}), OrganizationState.CLOSED),
    OrganizationEvent.CLOSE: (frozenset({OrganizationState.SUSPENDED}), OrganizationState.CLOSED),
    OrganizationEvent.END_TRIAL: (frozenset({OrganizationState.ACTIVE, OrganizationState.SUSPENDED}), OrganizationState.CLOSED),
}
"""From which states an event leads where. Vetting again changes no state."""


@dataclass(frozen=True, slots=True)
class Organization:
    """The vetted record. ``country`` is ISO 3166 alpha-2; ``state_or_province`` and ``locality`` are spelled out.

    ``trial_until`` is the end of a trial (model/trial.py), of which nothing is vetted; None for every other organization.
    """

    id: OrganizationId
    slug: str
    name: str
    country: str
    state_or_province: str
    locality: str
    contact_email: str
    state: OrganizationState
    created_at: datetime
    vetted_at: datetime | None
    vetted_by: str
    vetting_evidence: str
    trial_until: datetime | None = None

    @property
    def is_trial(self) -> bool:
        """Whether nobody vetted it, and its certificates are tests."""
        return self.trial_until is not None


def require_slug(slug: str) -> str:
    """Return ``slug`` when it fits the path of its pages; raises Refused ``organization-slug``."""
    if not _SLUG.fullmatch(slug) or slug in RESERVED_SLUGS:
        sentence = "The short name of an organization has 1 to 40 lower case letters, digits and hyphens, and is not a reserved word."
        raise Refused("organization-slug", sentence, field="slug")
    return slug


def require_move(organization: Organization, event: OrganizationEvent) -> OrganizationState:
    """Return the state that an event leads to; raises Conflict ``organization-state`` with what is possible now."""
    sources, target = MOVES[event]
    if organization.state not in sources:
        raise Conflict("organization-state", f"{organization.name} {_WAYS_ON[organization.state]}")
    return target


_WAYS_ON = {
    OrganizationState.APPLIED: "waits for its vetting. That can begin now, or the application be rejected.",
    OrganizationState.VETTING: "is being vetted. A second person concludes that, or the application is rejected.",
    OrganizationState.ACTIVE: "is active. It can be suspended, or vetted again.",
    OrganizationState.SUSPENDED: "is suspended. It can be resumed, or closed.",
    OrganizationState.CLOSED: "is closed for ever. Who wants to go on applies again.",
}

_NOT_ACTIVE = {
    OrganizationState.APPLIED: (
        "waits for its vetting. Nothing is given out before the provider has vetted it. Ask your provider how far that is."
    ),
    OrganizationState.VETTING: "is being vetted. Nothing is given out before that is concluded. Ask your provider how far it is.",
    OrganizationState.ACTIVE: "is active.",
    OrganizationState.SUSPENDED: (
        "is suspended. Nothing new is given out until the provider resumes it; what exists can be read and revoked. Ask your provider why."
    ),
    OrganizationState.CLOSED: "is closed for ever. Nothing is given out any more.",
}


def require_active(organization: Organization) -> None:
    """Raise Refused ``organization-not-active`` unless the organization is vetted, or a trial, and active (A35, I17).

    Refused ``trial-mark`` for one of which the record says two things.
    """
    require_mark(organization)
    if organization.state is not OrganizationState.ACTIVE:
        raise Refused("organization-not-active", f"{organization.name} {_NOT_ACTIVE[organization.state]}")


def require_mark(organization: Organization) -> None:
    """Raise Refused ``trial-mark`` unless a trial, and nobody else, has the mark of trials before its name.

    The administrators' CA certified that name: who takes the end of a trial out of the record gains nothing by it.
    """
    if organization.is_trial != organization.name.startswith(TRIAL_MARK):
        sentence = (
            f"The record of {organization.name} says two things about whether it is a trial. Nothing is done for it. Tell your provider."
        )
        raise Refused("trial-mark", sentence)


def require_no_trial(organization: Organization) -> None:
    """Raise Refused ``trial`` for a trial: it is never vetted, buys nothing, and becomes nothing else."""
    if organization.is_trial:
        sentence = f"{organization.name} is a trial. It is never vetted and buys nothing. Who wants real certificates applies anew."
        raise Refused("trial", sentence)


def require_trial_runs(organization: Organization, now: datetime) -> None:
    """Raise Refused ``trial-ended`` for a trial whose days are over; other organizations have no such end."""
    if organization.trial_until is not None and now >= organization.trial_until:
        sentence = (
            f"The trial of {organization.name} has ended. Nothing is given out any more. Who wants to go on applies for an organization."
        )
        raise Refused("trial-ended", sentence)


def vetted_until(organization: Organization, tier: Tier) -> datetime | None:
    """Return the moment from which the vetting counts no more for certificates of this tier; None before the first one."""
    return None if organization.vetted_at is None else reusable_until(VETTING_REUSE[tier], organization.vetted_at)


def require_vetted(organization: Organization, tier: Tier, now: datetime) -> None:
    """Raise Refused ``vetting-expired`` when the organization has to be vetted again first (A36, BR 4.2.1).

    A trial is not vetted, so it has nothing of the public tier (``trial-tier``) and nothing after its end (``trial-ended``).
    """
    if organization.is_trial:
        require_trial_runs(organization, now)
        if tier is not Tier.PRIVATE:
            sentence = f"{organization.name} is a trial, and has no certificates of the {tier.value} tier. Choose another policy."
            raise Refused("trial-tier", sentence)
        return
    end = vetted_until(organization, tier)
    if end is None or now >= end:
        days = at(VETTING_REUSE[tier], now).days
        sentence = (
            f"The vetting of {organization.name} is older than {days} days, so nothing of the {tier.value} tier is issued on it. "
            "Ask your provider to vet the organization again; requests can wait for that."
        )
        raise Refused("vetting-expired", sentence)


def subject_values(organization: Organization, common_name: str) -> tuple[tuple[SubjectField, str], ...]:
    """Return every subject attribute of the vetted record and the common name; a profile picks from these (A51, I16)."""
    values = (
        (SubjectField.COUNTRY, organization.country),
        (SubjectField.STATE, organization.state_or_province),
        (SubjectField.LOCALITY, organization.locality),
        (SubjectField.ORGANIZATION, organization.name),
        (SubjectField.COMMON_NAME, common_name),
    )
    return tuple((field, value) for field, value in values if value)


_COUNTRY_HINTS = {"UK": "GB", "EN": "GB", "SU": "RU", "DD": "DE", "YU": "RS"}


def require_real_name(name: str) -> str:
    """Return the name of an organization that is no trial; raises Refused ``organization-record`` for the mark of trials."""
    if name.startswith(TRIAL_MARK):
        sentence = "TEST in capitals at the beginning of a name marks a trial. Write the first word in another way, such as Test."
        raise Refused("organization-record", sentence, field="name")
    return name


def require_country(country: str) -> str:
    """Return the two-letter country; raises Refused ``country`` with the likely right code (requirements 4.3 and 7)."""
    value = country.strip().upper()
    if value in _COUNTRY_HINTS:
        sentence = f'"{value}" is not the code of a country; did you mean "{_COUNTRY_HINTS[value]}"?'
        raise Refused("country", sentence, field="country")
    if not re.fullmatch(r"[A-Z]{2}", value):
        raise Refused("country", "The country is a two-letter ISO 3166 code, such as US.", field="country")
    return value


RECORD_BOUNDS = {"name": 64, "state_or_province": 128, "locality": 128}
"""Characters that each vetted text may have (RFC 5280 appendix A.1)."""

_JUNK = frozenset(
    {"some-state", "default city", "internet widgits pty ltd", "n/a", "none", "test", "1", ".", "-", "unknown", "default company ltd"}
)


def require_record_text(field: str, value: str, *, optional: bool = False) -> str:
    """Return a vetted subject text; raises Refused ``organization-record``.

    Refused are control characters, placeholders that OpenSSL's defaults leave behind, texts without a letter, and
    anything over the upper bounds of RFC 5280 appendix A.1. A state is spelled out: "CA" is not a state name.
    """
    text = " ".join(value.split())
    if optional and not text:
        return ""
    bound = RECORD_BOUNDS[field]
    label = field.replace("_", " ")
    if any(not character.isprintable() for character in text):
        raise Refused("organization-record", f"The {label} contains control characters or invisible characters.", field=field)
    if len(text) > bound:
        raise Refused("organization-record", f"The {label} has {len(text)} characters; a certificate carries at most {bound}.", field=field)
    if not text:
        raise Refused("organization-record", f"The {label} is missing.", field=field)
    if text.casefold() in _JUNK or not any(character.isalpha() for character in text):
        raise Refused("organization-record", f'"{text}" is a placeholder, not a {label}.', field=field)
    if field == "state_or_province" and re.fullmatch(r"[A-Z]{2}", text):
        raise Refused(
            "organization-record", f'"{text}" is an abbreviation. Spell the state or province out, such as Kentucky.', field=field
        )
    return text
