"""A certificate policy of one organization: what may be requested, for how long, and how it is approved; versioned.

A version never changes; a new one is added. Its canonical content has a checksum that approvals name and that is
verified again at every signing.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from privyseal.model import rules
from privyseal.model.errors import Refused
from privyseal.model.identifiers import OrganizationId, PolicyId
from privyseal.model.profile import PROFILES, KeyAlgorithm, Profile
from privyseal.model.unit import UnitTier


class Lint(enum.Enum):
    """How the to-be-signed bytes are linted; there is no third way (architecture section 3 step 7)."""

    EACH = "each"
    TEMPLATE = "template"


@dataclass(frozen=True, slots=True)
class Policy:
    """One version. ``sha256`` is the hex digest of the canonical form of :func:`policy_content`."""

    id: PolicyId
    organization_id: OrganizationId
    name: str
    version: int
    profile_id: str
    profile_version: int
    tier: rules.Tier
    unit_tier: UnitTier
    key_algorithms: tuple[KeyAlgorithm, ...]
    lifetimes_days: tuple[int, ...]
    approvals: int
    lint: Lint
    max_endpoints: int
    open_enrollment: bool
    sha256: str
    created_at: datetime

    @property
    def profile(self) -> Profile:
        """The profile version this policy issues by."""
        return PROFILES[self.profile_id, self.profile_version]


def policy_content(policy: Policy) -> dict[str, object]:
    """Return what the checksum covers, as a mapping of canonical JSON values."""
    return {
        "type": "privyseal.policy.v1",
        "id": policy.id,
        "version": policy.version,
        "name": policy.name,
        "profile": {"id": policy.profile_id, "version": policy.profile_version},
        "tier": policy.tier.value,
        "unit_tier": policy.unit_tier.value,
        "key_algorithms": [algorithm.value for algorithm in policy.key_algorithms],
        "lifetimes_days": list(policy.lifetimes_days),
        "approvals": policy.approvals,
        "lint": policy.lint.value,
        "max_endpoints": policy.max_endpoints,
        "open_enrollment": policy.open_enrollment,
    }


def read_policy(content: Mapping[str, object], organization_id: OrganizationId, sha256: str, created_at: datetime) -> Policy:
    """Return the policy that :func:`policy_content` described; raises KeyError or ValueError on another form."""
    profile = content["profile"]
    if not isinstance(profile, Mapping):
        message = "profile"
        raise ValueError(message)  # noqa: TRY004 - one error type for every wrong form
    return Policy(
        id=PolicyId(str(content["id"])),
        organization_id=organization_id,
        name=str(content["name"]),
        version=_integer(content["version"]),
        profile_id=str(profile["id"]),
        profile_version=_integer(profile["version"]),
        tier=rules.Tier(content["tier"]),
        unit_tier=UnitTier(content["unit_tier"]),
        key_algorithms=tuple(KeyAlgorithm(value) for value in _sequence(content["key_algorithms"])),
        lifetimes_days=tuple(_integer(value) for value in _sequence(content["lifetimes_days"])),
        approvals=_integer(content["approvals"]),
        lint=Lint(content["lint"]),
        max_endpoints=_integer(content["max_endpoints"]),
        open_enrollment=bool(content["open_enrollment"]),
        sha256=sha256,
        created_at=created_at,
    )


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        message = "not an integer"
        raise ValueError(message)  # noqa: TRY004 - one error type for every wrong form
    return value


def _sequence(value: object) -> list[object]:
    if not isinstance(value, list):
        message = "not a list"
        raise ValueError(message)  # noqa: TRY004 - one error type for every wrong form
    return value


def loosest_tier(policies: Iterable[Policy]) -> rules.Tier:
    """Return the private tier if one of the policies is of it: what may be asked for before one of them is chosen."""
    tiers = {policy.tier for policy in policies}
    return rules.Tier.PUBLIC if tiers == {rules.Tier.PUBLIC} else rules.Tier.PRIVATE


def require_lifetime(policy: Policy, lifetime_days: int, now: datetime) -> int:
    """Return the life in days; raises Refused ``lifetime`` outside the policy or the legal cap of its tier (I23)."""
    cap = rules.at(rules.LIFETIME_CAP[policy.tier], now)
    allowed = [days for days in policy.lifetimes_days if days <= cap.days]
    if lifetime_days not in allowed:
        listed = ", ".join(str(days) for days in allowed) or "0"
        limit = f" {cap.source} allows at most {cap.days} days since {cap.effective}." if lifetime_days in policy.lifetimes_days else ""
        sentence = f"A certificate of the policy {policy.name} lives {listed} days; {lifetime_days} days were asked for.{limit}"
        raise Refused("lifetime", sentence, field="lifetime_days")
    return lifetime_days


def require_policy_content(policy: Policy) -> Policy:
    """Return a policy that makes sense; raises Refused ``policy``."""
    problems = []
    if (policy.profile_id, policy.profile_version) not in PROFILES:
        problems.append("its profile does not exist")
    elif not set(policy.key_algorithms) <= set(policy.profile.key_algorithms):
        problems.append("it allows keys that its profile does not")
    if not policy.key_algorithms or not policy.lifetimes_days:
        problems.append("it allows no key or no life")
    if any(not 1 <= days <= 825 for days in policy.lifetimes_days):
        problems.append("a life is outside 1 to 825 days")
    if not 1 <= policy.approvals <= 5:
        problems.append("it needs 1 to 5 approvals")
    if not 1 <= policy.max_endpoints <= MAXIMUM_ENDPOINTS:
        problems.append(f"it allows 1 to {MAXIMUM_ENDPOINTS} servers")
    if policy.tier is rules.Tier.PUBLIC and KeyAlgorithm.ED25519 in policy.key_algorithms:
        problems.append("Ed25519 keys belong to private tiers only")
    if problems:
        raise Refused("policy", f"The policy {policy.name} cannot be used: {'; '.join(problems)}.")
    return policy


MAXIMUM_ENDPOINTS = 20  # A12: up to twenty servers per certificate.
