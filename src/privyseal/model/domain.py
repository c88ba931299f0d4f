"""A registered domain of an organization and which names lie under it (requirements A37, A52, I15)."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from privyseal.model import rules
from privyseal.model.errors import Refused
from privyseal.model.identifiers import DomainId, OrganizationId, ValidationId
from privyseal.model.rules import Tier


class ValidationMethod(enum.Enum):
    """How control over a domain is shown; each is really looked up, but ``RESERVED``: the name of a trial, which nobody can own."""

    DNS_TXT = "dns-txt"
    DNS_PERSISTENT = "dns-persistent"
    HTTP_TOKEN = "http-token"  # noqa: S105 - the name of a method, not a secret
    MAIL = "mail"
    RESERVED = "reserved"


class DomainEnd(enum.Enum):
    """Why a domain is an organization's no more."""

    GIVEN_UP = "given-up"
    NOT_OURS = "not-ours"
    NOT_NEEDED = "not-needed"
    OTHER = "other"


def read_domain_end(text: str) -> DomainEnd:
    """Return the reason of this name; raises Refused ``reason``."""
    try:
        return DomainEnd(text)
    except ValueError as error:
        raise Refused("reason", "Choose why the domain is removed.", field="reason") from error


MAILBOXES = ("admin", "administrator", "webmaster", "hostmaster", "postmaster")
"""To whom control over a domain may be shown by mail (CA/Browser Forum TLS BR 3.2.2.4.4; RFC 2142 names the last three)."""


def validation_addresses(name: str, registered: str) -> tuple[str, ...]:
    """Return the addresses that may vouch for the domain ``name``: at the name itself, then at each one above it.

    ``registered`` is its registered domain, the highest one (BR 1.6.1, Authorization Domain Name).
    """
    at = name
    hosts = [at]
    while at != registered and at.endswith(f".{registered}"):
        at = at.partition(".")[2]
        hosts.append(at)
    return tuple(f"{mailbox}@{host}" for host in hosts for mailbox in MAILBOXES)


@dataclass(frozen=True, slots=True)
class Domain:
    """``name`` is a normalized A-label form; ``validated_at`` and ``expires_at`` are None until control was shown.

    ``expires_at`` is what the private tier allowed when it was looked up; what a tier allows now is ``valid_until``. A domain
    that was removed stays, with all its evidence; nothing new is issued under it.
    """

    id: DomainId
    organization_id: OrganizationId
    name: str
    token: str
    method: ValidationMethod | None
    evidence: str
    validated_at: datetime | None
    expires_at: datetime | None
    created_at: datetime
    validation_id: ValidationId | None = None
    removed_at: datetime | None = None
    removal_reason: str = ""

    def valid_until(self, tier: Tier = Tier.PRIVATE) -> datetime | None:
        """Return the moment from which the evidence counts no more for this tier; None without evidence or after its removal.

        The dated rules are asked anew each time, so that a rule which shortens the reuse or ends a method takes effect on its
        day, for evidence of any age (requirements A37, incident I4).
        """
        if self.validated_at is None or self.expires_at is None or self.method is None or self.removed_at is not None:
            return None
        if self.method is ValidationMethod.RESERVED and not (tier is Tier.PRIVATE and covers("test", self.name)):
            return None  # RFC 6761 6.2: names below .test are for tests, and nobody's.
        reuse = rules.PERSISTENT_REUSE if self.method is ValidationMethod.DNS_PERSISTENT else rules.VALIDATION_REUSE
        ends = [self.expires_at, rules.reusable_until(reuse[tier], self.validated_at)]
        banned = rules.method_end(tier, self.method.value)
        return min([*ends, banned] if banned is not None else ends)

    def is_valid(self, now: datetime, tier: Tier = Tier.PRIVATE) -> bool:
        """Tell whether the evidence may still be reused for certificates of this tier."""
        until = self.valid_until(tier)
        return until is not None and now < until


def covers(domain_name: str, name: str) -> bool:
    """Tell whether ``name`` is ``domain_name`` or lies under it at a dot boundary (both normalized; BR 1.3.2).

    A wildcard lies under a domain as the name without its ``*.`` does.
    """
    bare = name.removeprefix("*.")
    return bare == domain_name or bare.endswith("." + domain_name)


def covering(name: str, domains: Iterable[Domain], now: datetime, tier: Tier) -> Domain | None:
    """Return the domain whose evidence a certificate with this name is issued on: the nearest one above it that counts."""
    fitting = [domain for domain in domains if covers(domain.name, name) and domain.is_valid(now, tier)]
    return max(fitting, key=lambda domain: len(domain.name), default=None)


def require_covered(names: Iterable[str], domains: Collection[Domain], now: datetime, tier: Tier, *, entered: bool = False) -> None:
    """Raise Refused ``name-not-validated`` naming every name under no domain whose evidence counts for this tier now (I15).

    ``entered`` is for names that somebody typed before there is a CSR; the sentence then speaks of no CSR.
    """
    valid = [domain.name for domain in domains if domain.is_valid(now, tier)]
    outside = [name for name in names if not any(covers(domain, name) for domain in valid)]
    if not outside:
        return
    asked = f"You entered {', '.join(outside)}." if entered else f"The CSR asks for {', '.join(outside)}."
    registered = [domain for domain in domains if domain.removed_at is None]
    lapsed = [domain.name for domain in registered if not domain.is_valid(now, tier) and any(covers(domain.name, name) for name in outside)]
    if lapsed:
        sentence = (
            f"{asked} The validation of {', '.join(lapsed)} is missing or has expired. "
            "Ask your administrator to have the domain validated again."
        )
    elif valid:
        verb = "is the only domain" if len(valid) == 1 else "are the domains"
        known = f"{', '.join(sorted(valid))} {verb} registered for your organization. Ask your administrator to add the missing domain"
        if entered:
            sentence = f"You entered {', '.join(outside)}. {known}, or enter another name."
        else:
            sentence = f"The CSR asks for {', '.join(outside)}. {known}, or make a new CSR."
    else:
        sentence = f"{asked} Your organization has no validated domain yet. Ask your administrator to add one."
    raise Refused("name-not-validated", sentence, field="csr")
