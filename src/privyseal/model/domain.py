"""A registered domain of an organization and which names lie under it (requirements A37, A52, I15)."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from privyseal.model.errors import Refused
from privyseal.model.identifiers import DomainId, OrganizationId


class ValidationMethod(enum.Enum):
    """How control over a domain is shown; each is really looked up."""

    DNS_TXT = "dns-txt"
    HTTP_TOKEN = "http-token"  # noqa: S105 - the name of a method, not a secret


@dataclass(frozen=True, slots=True)
class Domain:
    """``name`` is a normalized A-label form; ``validated_at`` and ``expires_at`` are None until a look-up succeeded."""

    id: DomainId
    organization_id: OrganizationId
    name: str
    token: str
    method: ValidationMethod | None
    evidence: str
    validated_at: datetime | None
    expires_at: datetime | None
    created_at: datetime

    def is_valid(self, now: datetime) -> bool:
        """Tell whether the evidence may still be reused."""
        return self.validated_at is not None and self.expires_at is not None and now < self.expires_at


def covers(domain_name: str, name: str) -> bool:
    """Tell whether ``name`` is ``domain_name`` or lies under it at a dot boundary (both normalized; BR 1.3.2).

    A wildcard lies under a domain as the name without its ``*.`` does.
    """
    bare = name.removeprefix("*.")
    return bare == domain_name or bare.endswith("." + domain_name)


def require_covered(names: Iterable[str], domains: Collection[Domain], now: datetime) -> None:
    """Raise Refused ``name-not-validated`` naming every name that lies under no validated domain (I15)."""
    valid = [domain.name for domain in domains if domain.is_valid(now)]
    outside = [name for name in names if not any(covers(domain, name) for domain in valid)]
    if not outside:
        return
    asked = ", ".join(outside)
    lapsed = [domain.name for domain in domains if not domain.is_valid(now) and any(covers(domain.name, name) for name in outside)]
    if lapsed:
        sentence = (
            f"The CSR asks for {asked}. The validation of {', '.join(lapsed)} is missing or has expired. "
            "Ask your administrator to have the domain validated again."
        )
    elif valid:
        verb = "is the only domain" if len(valid) == 1 else "are the domains"
        sentence = (
            f"The CSR asks for {asked}. {', '.join(sorted(valid))} {verb} registered for your organization. "
            "Ask your administrator to add the missing domain, or make a new CSR."
        )
    else:
        sentence = f"The CSR asks for {asked}. Your organization has no validated domain yet. Ask your administrator to add one."
    raise Refused("name-not-validated", sentence, field="csr")
